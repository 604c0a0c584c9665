"""Frames and sound come as they are generated; streams end with a reason; bad input is refused."""

import re
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

import vocable
from tests.language.csm import references
from vocable.errors import ModelError, TokenError
from vocable.language.csm import Csm, CsmGenerator, Utterance, csm_loss, some_frames
from vocable.language.sampling import GREEDY
from vocable.language.utterances import Limits
from vocable.tokens import AudioTokens

TEXT = [Utterance(0, [3, 4, 5])]


def always(generator, code):
    """Make a model draw hardly anything but a code, or any of a slice of codes."""
    network = generator.network

    def predict(hidden, draw, scratch):
        rows = [
            torch.full((len(hidden), network.config.codes), -99.0) for _ in range(network.drawn)
        ]
        for logits in rows:
            logits[:, code] = 0.0
        return torch.stack([draw(row, logits) for row, logits in enumerate(rows)], 1)

    network.predict = predict
    return generator


@pytest.fixture
def toy(speaker):
    """A model with weights of its own, that tests may change."""
    generator = CsmGenerator(Csm(speaker.config).eval())
    generator.attach(speaker.codec)
    return generator


def test_frames_are_of_a_seed(speaker):
    once, again, other = (
        np.stack(list(speaker.generate(TEXT, seed=seed, most=6))) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(once, again)
    assert once.shape == (6, 5) and not np.array_equal(once, other)


def test_sound_comes_block_by_block_and_is_that_of_the_tokens(speaker):
    frames = list(speaker.generate(TEXT, seed=3, most=9))
    tokens = speaker.tokens(frames)
    assert isinstance(tokens, AudioTokens) and (tokens.frames, tokens.levels) == (9, 5)
    blocks = list(speaker.speak(TEXT, seed=3, most=9))
    assert len(blocks) > 3 and all(block.shape[1] for block in blocks)
    whole = speaker.codec.decode(tokens)
    found = np.concatenate(blocks, 1)
    np.testing.assert_allclose(found, whole.samples, atol=1e-5)


def test_the_first_block_comes_after_the_first_frame(speaker):
    engine = speaker.start_engine(1)
    first = next(speaker.speak(TEXT, most=9, engine=engine))
    assert first.shape == (1, speaker.codec.frame)


def test_who_stops_listening_frees_the_place(speaker):
    engine = speaker.start_engine(1)
    blocks = speaker.speak(TEXT, most=40, engine=engine)
    assert len(list(islice(blocks, 2))) == 2 and engine.running == 1
    blocks.leave()
    assert engine.running == 0


def test_speech_goes_on_from_frames_that_it_begins_with(speaker):
    """Nothing lies between what was given and what comes: the same frames as in one go."""
    whole = np.stack(list(speaker.generate(TEXT, sampling=GREEDY, most=8)))
    begun = [Utterance(0, [3, 4, 5], whole[:3])]
    rest = np.stack(list(speaker.generate(begun, sampling=GREEDY, most=5)))
    np.testing.assert_array_equal(rest, whole[3:])


def test_a_frame_of_zeros_ends_and_is_not_given(toy):
    session = always(toy, 0).generate(TEXT)
    assert (list(session), session.reason) == ([], "end")


def test_one_frame_over_and_over_ends_with_a_reason(toy):
    session = always(toy, 7).generate(TEXT)
    assert (len(list(session)), session.reason) == (11, "repeats")


def test_a_stop_that_never_comes(toy):
    """What the text may take, what was asked for, what the context has: each has its word."""
    always(toy, slice(1, None))
    config = toy.config
    session = toy.generate(TEXT, most=9)
    assert (len(list(session)), session.reason) == (9, "length")
    assert config.backbone.context == 64 and toy.limits.of(5) == 25 + 5 * 10 > 64
    session = toy.generate(TEXT)
    assert (len(list(session)), session.reason) == (64 - 5 + 1, "context")


def test_more_than_the_text_may_take(toy, monkeypatch):
    monkeypatch.setattr(CsmGenerator, "limits", Limits(most=100, spare=4, per_id=2))
    session = always(toy, slice(1, None)).generate(TEXT)
    assert (len(list(session)), session.reason) == (4 + 2 * 5, "overlong")


def test_reserved_ids_are_never_drawn(tmp_path):
    """Tables have 35 ids a level, the codec 32: the others would be sound of nothing."""
    depth = references.TOY["depth_decoder_config"] | {"vocab_size": 35}
    reference = references.make_reference(vocab_size=35, depth_decoder_config=depth)
    model = vocable.load(references.write_transformers(reference, tmp_path))
    assert (model.config.size, model.config.codes) == (35, 32)
    with torch.no_grad():
        model.network.head.weight[32:] *= 9
        model.network.depth.heads.weight[:, 32:] *= 9
    frames = np.stack(list(model.generate(TEXT, most=20)))
    assert frames.max() < 32
    ids = torch.full((1, 4, 6), 34)
    ids[..., -1] = -1
    assert model.network(ids).logits.argmax(-1).max() >= 32, "the heads do not favour them here"
    with pytest.raises(TokenError, match="code 34 of level 0 in frame 0 is out of range"):
        model.generate([Utterance(0, [3], np.full((2, 5), 34)), *TEXT])


def test_half_precision_speaks_too(speaker, pair):
    model = vocable.load(pair.folder, dtype=torch.bfloat16)
    assert model.dtype == torch.bfloat16
    frames = np.stack(list(model.generate(TEXT, sampling=GREEDY, most=4)))
    assert frames.shape == (4, 5)
    near = model.network(torch.full((1, 3, 6), 1)).logits.float()
    wanted = speaker.network(torch.full((1, 3, 6), 1)).logits
    torch.testing.assert_close(near, wanted, atol=0.3, rtol=0.1)


@pytest.mark.parametrize("weights", [torch.float16, torch.int8], ids=str)
def test_packed_weights_speak_too(speaker, pair, weights):
    try:
        model = vocable.load(pair.folder, dtype=torch.bfloat16, weights=weights)
    except ModelError as error:
        pytest.skip(str(error))
    assert (model.dtype, model.weights) == (torch.float32, weights)
    frames = np.stack(list(model.generate(TEXT, sampling=GREEDY, most=4)))
    assert frames.shape == (4, 5)
    near = model.network(torch.full((1, 3, 6), 1)).logits
    wanted = speaker.network(torch.full((1, 3, 6), 1)).logits
    torch.testing.assert_close(near, wanted, atol=0.3, rtol=0.1)
    assert "M parameters, float32 on cpu" in model._repr_html_()


def test_packed_weights_are_for_language_models():
    with pytest.raises(ModelError, match="speech-16k is not a language model; weights= is for"):
        vocable.load("speech-16k", weights=torch.int8)


def test_weights_that_give_no_numbers(toy):
    with torch.no_grad():
        toy.network.head.weight[0, 0] = torch.nan
    session = toy.generate(TEXT)
    with pytest.raises(ModelError, match=r"^logits of step 0 are not numbers; look at weights"):
        next(session)


def test_sound_before_an_error_is_given(toy):
    network, count = toy.network, 0
    predict = network.predict

    def spoilt(hidden, draw, scratch):
        nonlocal count
        count += 1
        return predict(hidden * (torch.nan if count > 3 else 1), draw, scratch)

    network.predict = spoilt
    blocks, got = toy.speak(TEXT), 0
    with pytest.raises(ModelError, match="logits of step 3 are not numbers"):
        for block in blocks:
            got += block.shape[1]
    assert got == 3 * toy.codec.frame


def test_without_a_codec_there_is_no_sound(speaker):
    model = CsmGenerator(speaker.network)
    assert len(list(model.generate(TEXT, most=2))) == 2
    with pytest.raises(ModelError, match="csm-3x32 has no codec, so it gives tokens and no sound"):
        model.speak(TEXT)


def test_tokens_and_codecs_of_another_kind_are_refused(speaker):
    other = vocable.load("speech-16k")
    with pytest.raises(ModelError, match=r"^speech-16k has .* but csm-3x32 models 5 levels of 32"):
        speaker.attach(other)
    with pytest.raises(ModelError, match="^a codec that decodes in steps is attached, not None"):
        speaker.attach(None)
    heard = other.encode(np.zeros(16_000, np.float32), rate=16_000)
    with pytest.raises(TokenError, match=r"^speech-16k has .*; take mimi"):
        speaker.generate([Utterance(0, [3], heard), *TEXT])
    mine = speaker.tokens(speaker.generate(TEXT, most=2))
    spec = speaker.codec.spec
    alien = AudioTokens(replace(spec, space="mimi@1:feed"), mine.stacks)
    message = f"tokens are of mimi@1:feed but the model's codec is {re.escape(spec.space)}"
    with pytest.raises(TokenError, match=message):
        speaker.generate([Utterance(0, [3], alien), *TEXT])


def test_more_than_the_context_has_is_refused(speaker):
    with pytest.raises(ModelError, match=r"utterance takes 5 positions, .* context has 2; sho"):
        speaker.generate(TEXT, most=63)
    with pytest.raises(ModelError, match=r"utterance takes 72 positions, .* context has 64; "):
        speaker.generate([Utterance(0, [1] * 70)])
    for most in (0, 2.5, True):
        with pytest.raises(ModelError, match=f"most is a whole number of .*; it is {most}$"):
            speaker.generate(TEXT, most=most)


def test_old_utterances_leave_room_for_what_is_to_come(speaker):
    turn = Utterance(0, [3], np.ones((10, 5), np.int64))  # 14 positions
    assert speaker.prompt([turn] * 4 + TEXT, most=4).left_out == 0
    assert speaker.prompt([turn] * 4 + TEXT, most=5).left_out == 1
    assert speaker.prompt([turn] * 4 + TEXT).left_out == 4  # the text may take all that is left


def test_an_engine_may_have_less_context(speaker):
    """What joins it keeps what fits there."""
    turn, engine = (
        Utterance(0, [3], np.ones((10, 5), np.int64)),
        speaker.start_engine(1, context=20),
    )
    short = speaker.generate([turn, *TEXT], engine=engine, most=9, sampling=GREEDY)
    alone = speaker.generate(TEXT, most=9, sampling=GREEDY)
    np.testing.assert_array_equal(np.stack(list(short)), np.stack(list(alone)))
    with pytest.raises(ModelError, match="utterance takes 5 positions, .* context has 1; shorten"):
        speaker.generate(TEXT, engine=engine, most=20)


def test_the_loss_counts_what_masks_say(speaker):
    ids = torch.full((1, 6, 6), 1)
    ids[..., -1] = -1
    every = torch.ones(1, 6, dtype=torch.bool)
    later = every.clone()
    later[0, 0] = False
    refused = {
        "deep has no frame, and the mean over none": (later, ~every),
        "counted has a frame at position 0, which nothing": (every, later),
        "counted has a position that is not a frame of ids 0 to 31": (later, later),
    }
    for message, masks in refused.items():
        rows = torch.where(torch.tensor("position that" in message), -1, ids)
        with pytest.raises(TokenError, match=message):
            csm_loss(speaker.network, rows, *masks)


def test_a_sixteenth_of_the_frames_and_never_none():
    counted = torch.rand(4, 40, generator=torch.Generator().manual_seed(0)) < 0.8
    many = int(counted.sum())
    chosen = some_frames(counted, torch.Generator().manual_seed(1))
    assert int(chosen.sum()) == round(many / 16) and not (chosen & ~counted).any()
    assert not torch.equal(chosen, some_frames(counted, torch.Generator().manual_seed(2)))
    few = torch.tensor([[False, True, True]])
    assert int(some_frames(few, torch.Generator()).sum()) == 1
    assert int(some_frames(few, torch.Generator(), share=1.0).sum()) == 2


def test_training_lowers_the_loss_of_both_models(speaker):
    network, generator = Csm(speaker.config), torch.Generator().manual_seed(0)
    ids = torch.randint(0, 32, (2, 20, 6), generator=generator)
    ids[..., -1] = -1
    counted = (torch.arange(20) > 0).expand(2, 20)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(12):
        loss = csm_loss(network, ids, counted, some_frames(counted, generator, 0.5))
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        losses.append((loss.first.item(), loss.rest.item()))
    assert losses[-1][0] < 0.8 * losses[0][0] and losses[-1][1] < 0.95 * losses[0][1]
    assert all(weight.grad is not None for weight in network.parameters() if weight.ndim > 1)


def test_speech_says_why_it_ended_and_frees_its_place(speaker):
    engine = speaker.start_engine(2)
    whole = speaker.speak(TEXT, most=3, engine=engine)
    never_heard = speaker.speak(TEXT, most=3, engine=engine)
    assert (engine.free, whole.reason) == (0, None)
    del never_heard
    assert engine.free == 1
    list(whole)
    assert (engine.free, whole.reason) == (2, "length")
    left = speaker.speak(TEXT, most=3, engine=engine)
    left.leave()
    assert (engine.free, left.reason, list(left)) == (2, "left", [])


def test_text_that_says_nothing_is_refused(toy, monkeypatch):
    monkeypatch.setattr(toy, "text", lambda text: [1, 2, 3])
    with pytest.raises(TokenError, match="^an utterance's text is empty; say what is spoken$"):
        toy.generate([Utterance(0, "")])
    monkeypatch.setattr(toy, "text", lambda text: [1.5])
    with pytest.raises(TokenError, match=r"or its ids as whole numbers; it is \[1.5\]$"):
        toy.generate([Utterance(0, "a")])


def test_an_engine_of_another_model_is_refused(toy, speaker):
    with pytest.raises(ModelError, match="^the engine runs another model than this csm-"):
        toy.generate(TEXT, engine=speaker.start_engine(1))
