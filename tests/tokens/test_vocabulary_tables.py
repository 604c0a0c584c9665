"""The three designs need the tables that published models have, and keep spaces apart."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.strategies import made, specs
from tests.tokens.test_spec import HUBERT, SNAC, SPEECH
from vocable.errors import TokenError
from vocable.tokens import (
    AudioTokens,
    Level,
    TokenSpec,
    Vocabulary,
    coarse_first,
    delay,
    depth,
    flatten,
    grouped,
    legal_ids,
    orpheus,
    parallel,
)


def codec(levels: int, size: int) -> TokenSpec:
    return TokenSpec("toy@1:0a", 24_000, 320, 1, (Level(size),) * levels, (levels,))


def test_llama_2_with_eight_levels():
    """32,000 text ids and 8 levels of 1,024 in one table."""
    words = Vocabulary.of(codec(8, 1024), text=32_000, specials=())
    assert words.size == 40_192
    assert words.tables.embeddings == words.tables.heads == (40_192,)
    assert words.tables.parameters(4096) == 2 * 40_192 * 4096
    assert words.tables.parameters(4096, tied=True) == 40_192 * 4096
    marks = [f"mark_{k}" for k in range(10)]
    assert Vocabulary.of(codec(8, 1024), text=32_000, specials=marks).size == 40_202


def test_orpheus_has_one_table():
    assert orpheus(SNAC).tables.embeddings == (156_938,)


def test_csm_has_a_table_of_2051_a_level():
    """65,632 rows of width 2048 in all: 134.4 million parameters."""
    words = Vocabulary.factorised(
        codec(32, 2048), depth(), specials=("reserved_0", "reserved_1", "pad")
    )
    assert words.specials["pad"] == 2050
    assert words.tables.embeddings == (2051,) * 32
    assert sum(words.tables.embeddings) == 65_632
    assert words.tables.parameters(2048, tied=True) == 134_414_336


def test_musicgen_embeds_2049_ids_and_predicts_2048():
    words = Vocabulary.factorised(codec(4, 2048), delay())
    assert words.tables.embeddings == (2049,) * 4
    assert words.tables.heads == (2048,) * 4
    assert words.tables.parameters(1024) == 4 * (2049 + 2048) * 1024


def test_dia_predicts_its_end_and_not_its_pad():
    words = Vocabulary.factorised(
        codec(9, 1024), delay([0, *range(8, 16)]), specials=("eos", "pad")
    )
    assert words.tables.embeddings == (1026,) * 9
    assert words.tables.heads == (1025,) * 9


def test_levels_of_several_sizes_have_tables_of_several_sizes():
    spec = replace(codec(1, 16), levels=(Level(16), Level(4)), prefixes=(2,))
    words = Vocabulary.factorised(spec, parallel(), specials=())
    assert words.tables.embeddings == words.tables.heads == (16, 4)


def test_rows_with_ids_of_their_own_read_one_table():
    words = Vocabulary.of(SPEECH, delay())
    assert words.tables.embeddings == (2051,)
    assert words.tables.heads == (2051, 2051)


ROWS = [parallel(), delay(), coarse_first(), grouped([1]), depth()]


@given(specs(sided=False), st.sampled_from(ROWS), st.integers(0, 30))
def test_factorised_ids_give_back_the_same(spec, layout, frames):
    words = Vocabulary.factorised(spec, layout)
    some = made(spec, len(spec.levels), 2, frames)
    ids = words.to_ids(some)
    assert words.from_ids(ids) == some
    rows = words.tables.embeddings
    assert all(ids[:, k].size == 0 or ids[:, k].max() < rows[k] for k in range(len(rows)))


def test_factorised_levels_cannot_share_a_row():
    with pytest.raises(TokenError, match="offsets overlap: a block begins at 0, inside one that"):
        Vocabulary.factorised(SPEECH, flatten())


def test_two_spaces_share_a_table_and_stay_apart():
    """Unified: text, units and codes in one table, each with a range of its own."""
    units = Vocabulary.of(HUBERT, text=32_000)
    sound = Vocabulary.of(SPEECH, text=units.size, specials=())
    assert units.size == 32_000 + 3 + 500 and sound.size == units.size + 2048
    heard, coded = made(HUBERT, 1, 1, 9), made(SPEECH, 2, 1, 9)
    ids = np.concatenate([units.to_ids(heard)[0], sound.to_ids(coded)[0]])
    assert units.from_ids(ids[:9]) == heard and sound.from_ids(ids[9:]) == coded
    with pytest.raises(TokenError, match="at position 0 does not belong there; wanted 32003 to"):
        units.from_ids(ids[9:])
    with pytest.raises(TokenError, match="at position 0 does not belong there; wanted 32503 to"):
        sound.from_ids(ids[:8])


@pytest.mark.parametrize("words", [Vocabulary.of(SPEECH), Vocabulary.factorised(SPEECH, delay())])
def test_tokens_of_another_space_are_refused(words):
    other = replace(SPEECH, space="speech-16k@1:ffff")
    with pytest.raises(TokenError, match="is for 2 levels of speech-16k@1:0a1b, got 2 of .*:ffff"):
        words.to_ids(AudioTokens(other, ([[1]], [[2]])))


def test_the_design_is_kept_beside_the_model(tmp_path):
    words = Vocabulary.factorised(SPEECH, delay([0, 2]), specials=("pad", "eos"))
    words.save(tmp_path / "vocabulary.json")
    assert Vocabulary.load(tmp_path / "vocabulary.json").tables == words.tables


def test_legal_ids_of_factorised_levels_are_those_of_each_table():
    words = Vocabulary.factorised(SPEECH, delay(), specials=("pad", "eos"))
    mask = legal_ids(words, range(3))
    assert mask.shape == (3, 2, 1026)
    assert mask[2, :, :1024].all() and not mask[:, :, 1024].all()
    assert mask[0, 1].nonzero()[0].tolist() == [1024]  # level 1 comes a step later: the pad alone
