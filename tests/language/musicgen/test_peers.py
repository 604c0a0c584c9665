"""MusicGen gives what transformers gives: logits, and pieces drawn greedily."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.language.musicgen.toys import (
    CODES,
    TEXT,
    codes,
    engine,
    ours,
    states,
    theirs,
    whole_of_theirs,
)
from vocable.language.musicgen import compose
from vocable.language.sampling import GREEDY, Sampling

CLOSE = {"atol": 1e-4, "rtol": 1e-4}
GUIDED = Sampling(temperature=0, guidance=3.0)


@torch.no_grad()
def test_logits():
    model, lengths = whole_of_theirs(), [6, 3]
    ids, text = torch.randint(0, CODES + 1, (2, 4, 30)), torch.randn(2, 6, TEXT)
    mask = (torch.arange(6) < torch.tensor(lengths)[:, None]).long()
    wanted = model(
        encoder_outputs=(text,), attention_mask=mask, decoder_input_ids=ids.flatten(0, 1)
    ).logits.unflatten(0, (2, 4))
    found = ours(model)(ids.transpose(1, 2), text=text, text_lengths=lengths)
    torch.testing.assert_close(torch.stack(found, 1), wanted, **CLOSE)


def greedy(model, text, frames, begin=None, scale=3.0):
    """Codes `[rows, frames]` of transformers, from its own loop.

    Without its cache: that of a decoder alone mixes the text's keys with those of the music.
    """
    rows = model.config.num_codebooks
    prompt = torch.full((rows, 1), CODES)
    if begin is not None:
        prompt = torch.cat((prompt, torch.from_numpy(begin)), 1)
    seen = text[None] if scale == 1 else torch.stack((text, torch.zeros_like(text)))
    return model.generate(
        prompt, encoder_hidden_states=seen, guidance_scale=scale, do_sample=False,
        attention_mask=torch.ones_like(prompt), num_return_sequences=1, use_cache=False,
        decoder_start_token_id=CODES, pad_token_id=CODES,
        max_length=frames + rows // model.config.audio_channels,
    )[0].numpy()  # fmt: skip


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sampling", [GREEDY, GUIDED], ids=["plain", "guided"])
def test_pieces_drawn_greedily(channels, sampling):
    model, text = theirs(channels), states(5, 32)
    wanted = greedy(model, text, 20, scale=sampling.guidance)
    piece = compose(engine(ours(model)), 20, text, sampling=sampling)
    found = np.stack(list(piece))  # [frames, streams, levels]
    np.testing.assert_array_equal(found.transpose(2, 1, 0).reshape(4 * channels, 20), wanted)
    assert len(np.unique(wanted)) > 6, "the toy repeats itself"


def test_a_piece_that_goes_on():
    model, text, begin = theirs(), states(5, 32), codes(7)
    wanted = greedy(model, text, 18, begin[0])
    piece = compose(engine(ours(model)), 18, text, begin=begin, sampling=GUIDED)
    found = [frame[0] for frame in piece]
    np.testing.assert_array_equal(np.stack(found, 1), wanted[:, 7:])
    np.testing.assert_array_equal(piece.codes()[0], wanted)


def test_a_guided_piece_of_the_whole_model(monkeypatch):
    """With its cache, its text encoder, and the map behind that."""
    model, heard = whole_of_theirs(), []
    words = torch.tensor([[3, 7, 2, 9, 1]])

    def decode(codes, **_):
        heard.append(codes[0, 0].numpy())
        return SimpleNamespace(audio_values=torch.zeros(1, 1, 1))

    monkeypatch.setattr(model.audio_encoder, "decode", decode)
    model.generate(
        words, attention_mask=torch.ones_like(words), guidance_scale=3.0, do_sample=False,
        decoder_start_token_id=CODES, pad_token_id=CODES, num_return_sequences=1, max_length=24,
    )  # fmt: skip
    with torch.no_grad():
        text = model.text_encoder(words).last_hidden_state[0]
    piece = compose(engine(ours(model)), 20, text, sampling=GUIDED)
    np.testing.assert_array_equal(np.stack(list(piece))[:, 0].T, heard[0])
    assert len(np.unique(heard[0])) > 4, "the toy repeats itself"
