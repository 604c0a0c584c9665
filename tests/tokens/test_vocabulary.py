"""Ids give back the same tokens; an id that does not belong is named with its position."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.strategies import made, specs
from tests.tokens.test_spec import SNAC, SPEECH
from vocable.errors import TokenError
from vocable.tokens import LAYOUTS, AudioTokens, Vocabulary, delay, flatten, orpheus, parallel


@given(specs(sided=False), st.sampled_from(sorted(LAYOUTS)), st.integers(0, 40), st.data())
def test_ids_give_back_the_same(spec, layout, frames, data):
    kept = data.draw(st.sampled_from(spec.prefixes))
    some = made(spec, kept, 2, frames)
    words = Vocabulary.of(spec, LAYOUTS[layout], levels=kept, text=data.draw(st.integers(0, 9)))
    ids = words.to_ids(some)
    assert words.from_ids(ids) == some
    assert ids.size == 0 or words.text <= ids.min() <= ids.max() < words.size


def test_blocks_follow_each_other():
    words = Vocabulary.of(SPEECH, text=100, specials=("pad", "end"))
    assert words.specials == {"pad": 100, "end": 101}
    assert words.offsets == (102, 1126) and words.size == 2150
    some = AudioTokens(SPEECH, ([[0, 1]], [[2, 1023]]))
    assert words.to_ids(some).tolist() == [[102, 1128, 103, 2149]]
    assert Vocabulary.of(SPEECH, text=32_000, specials=()).size == 32_000 + 2 * 1024


def test_pad_stands_where_no_token_does():
    words = Vocabulary.of(SPEECH, delay())
    ids = words.to_ids(AudioTokens(SPEECH, ([[0]], [[0]])))
    assert ids.tolist() == [[[3, 0], [0, 1027]]]
    ids[0, 0, 1] = 2
    with pytest.raises(TokenError, match="id 2 at row 0, step 1 .* wanted the pad id 0"):
        words.from_ids(ids)
    with pytest.raises(TokenError, match='needs a special named "pad"'):
        Vocabulary.of(SPEECH, delay(), specials=()).to_ids(made(SPEECH, 2, 1, 3))


def test_rows_may_share_ids():
    """MusicGen: every row counts from 0, and the first id above the codes is the pad."""
    words = Vocabulary(SPEECH, 2, delay(), (0, 0), specials={"pad": 1024})
    some = AudioTokens(SPEECH, ([[5]], [[6]]))
    assert words.to_ids(some).tolist() == [[[5, 1024], [1024, 6]]]
    assert words.from_ids(words.to_ids(some)) == some


def test_orpheus():
    words = orpheus(SNAC)
    assert words.size == 128_256 + 10 + 7 * 4096 == 156_938
    assert words.slots == (0, 1, 2, 2, 1, 2, 2)
    some = AudioTokens(SNAC, ([[0]], [[1, 2]], [[3, 4, 5, 4095]]))
    wanted = [128_266 + 4096 * slot + code for slot, code in enumerate([0, 1, 3, 4, 2, 5, 4095])]
    assert words.to_ids(some)[0].tolist() == wanted
    assert words.from_ids(wanted) == some
    for frames in range(1, 20):
        more = made(SNAC, 3, 1, frames)
        assert words.from_ids(words.to_ids(more)) == more
    with pytest.raises(TokenError, match="three levels of 4096 with strides 4, 2, 1"):
        orpheus(SPEECH)


def test_orpheus_takes_nothing_modulo():
    """Its own decoder drops code 0 and takes code 4096; both shift every token that follows."""
    words = orpheus(SNAC)
    ids = words.to_ids(made(SNAC, 3, 1, 8))[0]
    shifted = np.delete(ids, 3)
    with pytest.raises(TokenError, match="13 steps are not a whole number|does not belong there"):
        words.from_ids(shifted)
    ids[7] = 128_266 + 4096
    with pytest.raises(
        TokenError, match="id 132362 at position 7 does not belong there; wanted 128266 to 132361"
    ):
        words.from_ids(ids)


@pytest.mark.parametrize(
    "ids, message",
    [
        ([3, 3], "id 3 at position 1 does not belong there; wanted 1027 to 2050"),
        ([2, 1027], "id 2 at position 0 does not belong there; wanted 3 to 1026"),
        ([3, 1027, -1, 1027], "id -1 at position 2"),
        ([3], "1 steps are not a whole number of frames in flatten; 0 frames take 0"),
        ([3.0, 1027.0], "ids must be integers, got float64"),
        ([[[3]], [[1027]]], r"ids of flatten must have 1 rows"),
    ],
)
def test_ids_refused(ids, message):
    with pytest.raises(TokenError, match=message):
        Vocabulary.of(SPEECH).from_ids(ids)


def test_the_stream_is_named_where_there_are_several():
    ids = Vocabulary.of(SPEECH).to_ids(made(SPEECH, 2, 2, 3))
    ids[1, 4] = 0
    with pytest.raises(TokenError, match="id 0 at stream 1, position 4"):
        Vocabulary.of(SPEECH).from_ids(ids)


def test_tensors_are_ids_too():
    words = Vocabulary.of(SPEECH)
    some = made(SPEECH, 2, 1, 3)
    assert words.from_ids(torch.from_numpy(words.to_ids(some))) == some


def test_tokens_of_another_decoder_of_the_space_have_the_same_ids():
    some = made(replace(SPEECH, out_rate=48_000), 2, 1, 3)
    words = Vocabulary.of(SPEECH)
    assert words.to_ids(some).tolist() == words.to_ids(made(SPEECH, 2, 1, 3)).tolist()


def test_other_tokens_are_refused():
    with pytest.raises(TokenError, match="is for 2 levels of speech-16k@1:0a1b, got 1"):
        Vocabulary.of(SPEECH).to_ids(made(SPEECH, 2, 1, 3).first(1))


@pytest.mark.parametrize(
    "kind, message",
    [
        ({"offsets": (0, 100)}, "offsets overlap: a block begins at 100, inside one that ends"),
        ({"offsets": (0,)}, "offsets must be 2, one per level, got 1"),
        ({"offsets": (0, 1024), "text": 5}, "offsets begin at 0, inside the 5 text ids"),
        ({"offsets": (0, 1024), "specials": {"pad": 7}}, "special pad has id 7, which is a code's"),
        ({"offsets": (2, 1026), "specials": {"a": 1, "b": 1}}, "two specials have the same id"),
        ({"offsets": (-1, 1024)}, "an offset must be an integer from 0"),
        ({"offsets": (0, 1024), "by": "row"}, "by must be one of level, slot"),
    ],
)
def test_refused(kind, message):
    with pytest.raises(TokenError, match=message):
        Vocabulary(SPEECH, 2, flatten(), **kind)


def test_specials_cannot_be_changed():
    """They are checked when the vocabulary is made; a change could give a code's id to one."""
    words = Vocabulary.of(SPEECH)
    with pytest.raises(TypeError):
        words.specials["pad"] = words.offsets[0]
    assert pickle.loads(pickle.dumps(words)) == words


def test_slots_belong_to_flatten():
    with pytest.raises(TokenError, match="slots belong to layout flatten, got parallel"):
        Vocabulary(SPEECH, 2, parallel(), (0, 1024), by="slot")


@pytest.mark.parametrize("words", [orpheus(SNAC), Vocabulary.of(SPEECH, delay((0, 3)), text=7)])
def test_is_kept_beside_a_model(tmp_path, words):
    path = tmp_path / "vocabulary.json"
    words.save(path)
    assert Vocabulary.load(path) == words
    with pytest.raises(FileExistsError):
        words.save(path)
    form = json.loads(path.read_text())
    wrong = [
        json.dumps(form | change) for change in ({"colour": 1}, {"levels": 9}, {"specials": []})
    ]
    for broken in ("", "[]", "[" * 100_000, *wrong):
        path.write_text(broken)
        with pytest.raises(TokenError, match="vocabulary.json is not a vocabulary"):
            Vocabulary.load(path)


def test_a_list_without_ids_is_no_frames():
    """What a model gives that ends at once."""
    words = Vocabulary.of(SPEECH)
    assert words.from_ids([]).frames == 0
