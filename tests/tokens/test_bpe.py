"""Merged units give back the same tokens, and merge as the `tokenizers` package merges."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, trainers

from tests.tokens.strategies import made
from tests.tokens.test_spec import HUBERT, SNAC, SPEECH
from vocable.errors import TokenError
from vocable.tokens import (
    AcousticBPE,
    AudioTokens,
    Level,
    Source,
    Vocabulary,
    as_text,
    delay,
    read_merges,
)

SMALL = replace(HUBERT, levels=(Level(9, role="semantic"),))
PAIR = replace(SPEECH, levels=(Level(7), Level(5)), prefixes=(2,))


def corpus(spec, seed=0, items=12, frames=400):
    """Tokens with much that repeats: phrases of a few frames, in any order."""
    random = np.random.default_rng(seed)
    phrases = [made(spec, len(spec.levels), 1, n + 3, seed=n).stacks for n in range(9)]
    found = []
    for _ in range(items):
        drawn = random.integers(0, len(phrases), frames // 8)
        stacks = [np.concatenate([phrases[n][k] for n in drawn], axis=1)
                  for k in range(len(spec.levels))]  # fmt: skip
        found.append(AudioTokens(spec, stacks))
    return found


def words(spec, **options):
    return Vocabulary.of(spec, specials=(), **options)


def counted_merges(rows, units, size):
    """Learn merges by counting everything anew after each of them."""
    rows, merges, strings = [list(map(int, row)) for row in rows], [], {}
    tokens = [(unit,) for unit in range(units)]
    strings = {string: n for n, string in enumerate(tokens)}
    while len(tokens) < size:
        counts = Counter(pair for row in rows for pair in zip(row, row[1:], strict=False))
        if not counts:
            break
        pair, count = min(counts.items(), key=lambda item: (-item[1], item[0]))
        if count < 2:
            break
        merges.append(pair)
        string = tokens[pair[0]] + tokens[pair[1]]
        if string not in strings:
            strings[string] = len(tokens)
            tokens.append(string)
        for row in rows:
            k = 0
            while k < len(row) - 1:
                if (row[k], row[k + 1]) == pair:
                    row[k : k + 2] = [strings[string]]
                k += 1
    return tuple(merges)


@given(st.lists(st.lists(st.integers(0, 3), max_size=40), min_size=1, max_size=4))
def test_merges_are_those_of_counting_anew(rows):
    spec = replace(HUBERT, levels=(Level(4),))
    bpe = AcousticBPE.train(words(spec), [AudioTokens(spec, ([row],)) for row in
                                          map(np.int64, rows)], 30)  # fmt: skip
    assert bpe.merges == counted_merges(rows, 4, 30)


@given(st.sampled_from([SMALL, PAIR]), st.integers(0, 60), st.integers(0, 99))
def test_ids_give_back_the_same(spec, frames, seed):
    bpe = trained(spec)
    for some in (made(spec, len(spec.levels), 2, frames, seed=seed), corpus(spec, seed)[0]):
        ids = bpe.to_ids(some)
        assert bpe.from_ids(ids) == some
        assert all(row.size == 0 or row.max() < bpe.size for row in ids)


_TRAINED = {}


def trained(spec):
    if spec not in _TRAINED:
        _TRAINED[spec] = AcousticBPE.train(words(spec, text=50), corpus(spec), 170)
    return _TRAINED[spec]


def test_durations_are_kept_aside():
    spec = SMALL
    base = Vocabulary.of(spec, text=100)
    slow = [AudioTokens(spec, (np.repeat(each.stacks[0], 3, axis=1),)) for each in corpus(spec)]
    bpe = AcousticBPE.train(base, [each.dedup() for each in slow], 200)
    assert bpe.deduped
    some = slow[3].dedup()
    some = AudioTokens(spec, some.stacks, None, some.durations,
                       Source(400 + 320 * (some.frames - 1), 16_000))  # fmt: skip
    [ids] = bpe.to_ids(some)
    assert len(ids) < len(some.durations) / 2 and ids.min() >= 103
    assert bpe.from_ids([ids], durations=some.durations, source=some.source) == some
    with pytest.raises(TokenError, match="units had durations, which ids do not hold"):
        bpe.from_ids([ids])
    with pytest.raises(
        TokenError, match=r"learned from tokens with durations; use tokens.dedup\(\)"
    ):
        bpe.to_ids(slow[3])
    with pytest.raises(TokenError, match=r"without durations; use tokens.expand\(\)"):
        trained(spec).to_ids(some)


def test_no_token_is_longer_than_asked():
    for spec, frames, most in ((SMALL, 3, 3), (PAIR, 3, 6), (SMALL, 1, 1)):
        bpe = AcousticBPE.train(words(spec), corpus(spec), 200, longest=frames)
        lengths = [len(bpe.expand([n])) for n in range(bpe.size)]
        assert max(lengths) == most


def test_learning_ends_where_no_pair_occurs_twice():
    spec = replace(HUBERT, levels=(Level(50),))
    bpe = AcousticBPE.train(words(spec), [AudioTokens(spec, (np.arange(50)[None],))], 100)
    assert bpe.merges == () and bpe.size == 50


def test_merges_do_not_cross_recordings():
    spec = replace(HUBERT, levels=(Level(4),))
    ends = [AudioTokens(spec, ([row],)) for row in ([0, 1], [2, 3], [0, 1], [2, 3])]
    assert AcousticBPE.train(words(spec), ends, 9).merges == ((0, 1), (2, 3))


def rust(path):
    return Tokenizer.from_file(str(path / "tokenizer.json"))


@pytest.mark.parametrize("longest", [None, 3, 6])
@pytest.mark.parametrize("spec", [SMALL, PAIR], ids=["one level", "two levels"])
def test_the_package_merges_alike(spec, longest, tmp_path):
    """Its trainer learns the same merges, and gives the same ids from our file.

    Its tokens stay shorter than `max_token_length` (findings/bpe-token-length.sh).
    """
    data, base = corpus(spec), words(spec)
    bpe = AcousticBPE.train(base, data, 150, longest=longest)
    most = {} if longest is None else {"max_token_length": longest * len(spec.levels) + 1}
    lines = [as_text(base.to_ids(each)[0]) for each in data]
    theirs = Tokenizer(models.BPE())
    theirs.train_from_iterator(lines, trainers.BpeTrainer(
        vocab_size=150, min_frequency=2, show_progress=False,
        initial_alphabet=[as_text([unit]) for unit in range(bpe.units)], **most,
    ))  # fmt: skip
    theirs.save(str(tmp_path / "theirs.json"))
    assert tuple(read_merges(tmp_path / "theirs.json", bpe.units)) == bpe.merges
    bpe.save(tmp_path)
    fresh = corpus(spec, seed=5) + [made(spec, len(spec.levels), 1, 300, seed=8)]
    for each in fresh:
        [ids] = bpe.to_ids(each)
        encoded = rust(tmp_path).encode(as_text(base.to_ids(each)[0]))
        assert encoded.ids == ids.tolist()
        assert rust(tmp_path).decode(encoded.ids) == as_text(base.to_ids(each)[0])


@given(st.lists(st.integers(0, 1), min_size=2, max_size=120))
def test_strings_with_several_merges_merge_alike(tmp_path_factory, units):
    """Few units: equal strings arise in several ways, and runs of one unit overlap."""
    spec = replace(HUBERT, levels=(Level(2),))
    some = AudioTokens(spec, ([units],))
    bpe = AcousticBPE.train(words(spec), [some], 40)
    folder = tmp_path_factory.mktemp("bpe")
    bpe.save(folder)
    for row in (units, units[::-1], [0] * 7 + units):
        assert (
            rust(folder).encode(as_text(row)).ids
            == bpe.to_ids(AudioTokens(spec, ([row],)))[0].tolist()
        )


def test_ids_stand_behind_text_and_specials():
    base = Vocabulary.of(SMALL, text=1000, specials=("pad",))
    bpe = AcousticBPE.train(base, corpus(SMALL), base.size + 40)
    plain = AcousticBPE.train(words(SMALL), corpus(SMALL), 9 + 40)
    assert bpe.merges == plain.merges and bpe.size == base.size + 40
    [ids], [counted] = bpe.to_ids(corpus(SMALL)[0]), plain.to_ids(corpus(SMALL)[0])
    assert ids.tolist() == (counted + 1001).tolist()


def test_is_kept_in_a_folder(tmp_path):
    bpe = trained(PAIR)
    bpe.save(tmp_path / "bpe")
    assert AcousticBPE.load(tmp_path / "bpe") == bpe
    with pytest.raises(FileExistsError):
        bpe.save(tmp_path / "bpe")
    for broken in ("", "[]", '{"base": {}, "deduped": false}'):
        (tmp_path / "bpe" / "acoustic_bpe.json").write_text(broken)
        with pytest.raises(TokenError, match="acoustic_bpe.json does not describe merged units"):
            AcousticBPE.load(tmp_path / "bpe")


def test_files_of_other_tokenizers_are_refused(tmp_path):
    path = tmp_path / "tokenizer.json"
    trained(PAIR).save(tmp_path)
    with pytest.raises(TokenError, match="has 12 units, wanted 9 from U[+]4E00 on as ids from 0"):
        read_merges(path, 9)
    form = json.loads(path.read_text("utf-8"))
    merges = form["model"]["merges"]
    path.write_text(json.dumps({"model": form["model"] | {"merges": merges[::-1]}}))
    with pytest.raises(TokenError, match="merge 0 needs a token that a later merge makes"):
        read_merges(path, 12)
    path.write_text(json.dumps({"model": form["model"] | {"merges": merges[:-1]}}))
    with pytest.raises(TokenError, match="in another order than its merges make them"):
        read_merges(path, 12)
    merges[0][0] = "a"
    for broken in ("", "{}", json.dumps(form), '{"model": 3}'):
        path.write_text(broken)
        with pytest.raises(TokenError, match="is not a tokenizers file of merged units"):
            read_merges(path, 12)


@pytest.mark.parametrize("levels, fits", [(8, True), (32, False)])
def test_code_points_end_at_the_surrogates(levels, fits):
    """Mimi's 8 levels of 2,048 have one each; its 32 levels do not."""
    base = words(replace(SPEECH, levels=(Level(2048),) * levels, prefixes=(levels,)))
    if fits:
        assert AcousticBPE(base, (), False).units == 16_384
        return
    with pytest.raises(TokenError, match="65536 units need as many code points .* 35328 come"):
        AcousticBPE(base, (), False)


@pytest.mark.parametrize(
    "ids, message",
    [
        ([[50, 400]], "id 400 at position 1 does not belong there; wanted 50 to "),
        ([[50, 3]], "id 3 at position 1 does not belong there"),
        ([[57, 50]], "id 57 at position 0 does not belong there; wanted 50 to 56"),
        ([[50]], "1 steps are not a whole number of frames"),
        ([[50, 57], [50]], "streams have 2, 1 units"),
        ([], "at least one stream, got none"),
        ([[[50, 57]]], r"ids must be those of one stream, got shape \[1, 2\]"),
        ([[50.0]], "ids must be integers, got float64"),
    ],
)
def test_ids_refused(ids, message):
    with pytest.raises(TokenError, match=message):
        trained(PAIR).from_ids(ids)


def test_other_tokens_and_vocabularies_are_refused():
    with pytest.raises(TokenError, match="is for 2 levels of speech-16k@1:0a1b, got"):
        trained(PAIR).to_ids(corpus(SMALL)[0])
    with pytest.raises(TokenError, match=r"use Vocabulary.of\(spec, flatten\(\)\)"):
        AcousticBPE(words(PAIR, layout=delay()), (), False)
    with pytest.raises(TokenError, match="specials must come before the codes"):
        AcousticBPE(Vocabulary(SMALL, 1, words(SMALL).layout, (0,), specials={"pad": 9}), (), False)
    with pytest.raises(TokenError, match="merge 0 joins 3 and 9; there are 9 tokens then"):
        AcousticBPE(words(SMALL), ((3, 9),), False)
    with pytest.raises(TokenError, match="all with durations or all without, got none"):
        AcousticBPE.train(words(SMALL), [], 20)
    some = corpus(SMALL)[0]
    with pytest.raises(TokenError, match="all with durations or all without, got both"):
        AcousticBPE.train(words(SMALL), [some, some.dedup()], 20)


def test_levels_of_several_rates():
    """SNAC's cycle of seven merges as one row; 8 frames are 14 tokens."""
    spec = replace(SNAC, levels=tuple(replace(level, size=6) for level in SNAC.levels))
    data = [made(spec, 3, 1, 8, seed=1)] * 3
    for longest, alone in ((8, True), (7, False)):
        bpe = AcousticBPE.train(words(spec), data, 60, longest=longest)
        [ids] = bpe.to_ids(data[0])
        assert bpe.from_ids([ids]) == data[0]
        assert (len(ids) == 1) == alone
