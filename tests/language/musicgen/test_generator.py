"""A folder of transformers becomes a model that plays, by its own codec."""

import copy
from itertools import islice

import numpy as np
import pytest
import torch

import vocable
from tests.cli.calls import call, results
from tests.language.musicgen.toys import CODES, SPEC, made, states, tokens, whole_of_theirs
from vocable.errors import ModelError, TokenError
from vocable.language.musicgen import MusicGenGenerator
from vocable.language.sampling import Sampling
from vocable.testing.codec_examples import small_codec

SECONDS = 20 * 8 / 24_000  # 20 frames of the toy's codec


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("musicgen")
    whole_of_theirs().save_pretrained(folder)
    return folder


def test_a_piece_is_played_block_by_block(folder):
    model = vocable.load(folder)
    assert isinstance(model, MusicGenGenerator) and model.name == "musicgen-2x32"
    piece = model.generate(states(), seconds=SECONDS, seed=3)
    found = model.tokens(piece)
    assert (found.frames, found.levels, found.spec) == (20, 4, model.codec.spec)
    wanted = model.codec.decode(found).samples
    blocks = list(model.play(states(), seconds=SECONDS, seed=3))
    assert len(blocks) > 5
    peak = np.abs(wanted).max()
    np.testing.assert_allclose(np.concatenate(blocks, 1), wanted, atol=1e-5 * max(1, peak))
    again = model.generate(states(), seconds=SECONDS, seed=4)
    assert not np.array_equal(np.stack(model.tokens(again).stacks), np.stack(found.stacks))


def test_a_piece_goes_on_with_tokens(folder):
    model = vocable.load(folder)
    begin = model.tokens(islice(model.generate(seconds=SECONDS), 8))
    piece = model.generate(states(), seconds=SECONDS, begin=begin)
    assert len(list(piece)) == 12
    np.testing.assert_array_equal(piece.codes()[0, :, :8], np.concatenate(begin.stacks))


def test_weights_keep_their_precision_and_the_text_encoder_stays_out(folder, tmp_path):
    copy.deepcopy(whole_of_theirs()).bfloat16().save_pretrained(tmp_path)
    narrow = vocable.load(tmp_path)
    assert narrow.dtype == torch.bfloat16
    assert len(list(narrow.generate(states(), seconds=SECONDS))) == 20
    keys = narrow.network.state_dict()
    assert not any("encoder" in key for key in keys) and "text.weight" in keys


def test_stereo_has_a_stream_for_each_channel():
    model = MusicGenGenerator(made(2))
    model.attach(FakeCodec())
    frames = list(model.generate(states(), seconds=9 * 640 / 32_000))
    assert frames[0].shape == (2, 4) and len(frames) == 9
    found = model.tokens(frames)
    assert (found.streams, found.frames) == (2, 9)
    blocks = list(model.play(states(), seconds=9 * 640 / 32_000))
    assert [block.shape for block in blocks] == [(2, 640)] * 9
    np.testing.assert_array_equal(np.stack(blocks)[:, :, 0].T, found.stacks[0])


class FakeCodec:
    """Samples are the codes of level 0."""

    spec = SPEC

    def start_decoding(self, batch=1):
        return batch

    def decode_step(self, codes, state):
        assert codes.shape == (state, 4, 1)
        return codes[:, :1].float().expand(-1, 1, 640), state

    def finish_decoding(self, state):
        return torch.zeros(state, 1, 0)


def test_what_it_can_do_is_said_without_its_weights(folder):
    printed = call("info", str(folder)).stdout
    for words in ("musicgen-2x32  (", "of language, musicgen, transformers layout", "continue"):
        assert words in printed
    assert "a description" in printed
    (facts,) = results("info", str(folder))
    able = facts["abilities"]
    assert (able["clones"], able["context"], able["levels"]) == (False, 64, 4)
    assert able["seconds"] == round(61 * 8 / 24_000, 2)


def test_bad_input_is_refused():
    model = MusicGenGenerator(made())
    with pytest.raises(ModelError, match="has no codec, so it gives tokens and no sound"):
        model.play(states())
    with pytest.raises(TokenError, match="begin with 2 streams; musicgen-2x16 has 1, one"):
        model.generate(seconds=1.0, begin=tokens(4, 2))
    model.attach(FakeCodec())
    other = small_codec("soundstream")
    with pytest.raises(ModelError, match=f"models 4 levels of {CODES}, 50 frames/s of 32000"):
        model.attach(other)
    with pytest.raises(ModelError, match="the piece takes 103 positions, more than the context"):
        model.generate(seconds=2.0)
    for seconds in (float("nan"), float("inf"), "8"):
        with pytest.raises(TokenError, match=f"^a piece lasts some seconds, not {seconds!r}$"):
            model.generate(seconds=seconds)
    with pytest.raises(
        TokenError, match=r"a tensor \[states, channels\], not str; docs/musicgen.md"
    ):
        model.play("slow piano")
    with pytest.raises(TokenError, match="^a piece begins with AudioTokens of the codec, not nd"):
        model.generate(seconds=1.0, begin=np.zeros((1, 4, 3), np.int64))
    with pytest.raises(ModelError, match="^the piece takes 50000000003 positions, more than"):
        model.generate(seconds=1e9)
    with pytest.raises(ModelError, match="^the engine runs another model than this musicgen-2x16"):
        model.generate(engine=MusicGenGenerator(made(2)).start_engine(2))
    with pytest.raises(TokenError, match="a piece of 0 frames"):
        model.generate(seconds=0.0)
    with pytest.raises(ModelError, match="2 streams want to join but 1 of 1 places"):
        model.generate(states(), seconds=0.2, engine=model.start_engine(1, cross_states=9))
    alone = model.start_engine(1, cross_states=9)
    plain = model.generate(states(), seconds=0.2, sampling=Sampling(0.9), engine=alone)
    assert len(next(plain)) == 1
