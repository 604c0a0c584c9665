"""A token file is as small as packing or its tables allow, and carries no tables that ship."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vocable
from tests.tokens.strategies import made
from tests.tokens.test_spec import SPEECH
from tests.tokens.written import speech, written
from vocable.tokens import (
    AudioTokens,
    Level,
    Source,
    TokenFile,
    TokenWriter,
    Track,
    read_tokens,
)
from vocable.tokens.coder import TableSet, fit_tables, tables

RECORDING = Path(__file__).parents[2] / "examples" / "speech.flac"


def skewed(frames=4000, levels=2, seed=0):
    """Tokens of which some come much more often than others."""
    random = np.random.default_rng(seed)
    prefixes = tuple(range(1, levels + 1))
    spec = replace(SPEECH, levels=(Level(1024),) * levels, prefixes=prefixes)
    share = np.random.default_rng(0).dirichlet(np.full(1024, 0.1))
    return AudioTokens(spec, tuple(random.choice(1024, (levels, 1, frames), p=share)))


def test_size_is_that_of_packing():
    """60 s of the shipped codec: 8 levels of 1024 at 25 frames/s, in 10 s chunks."""
    spec = replace(SPEECH, space="speech-16k@1:0123456789abcdef",
                   levels=(Level(1024, role="prosody"), *[Level(1024)] * 7),
                   prefixes=tuple(range(2, 9)))  # fmt: skip
    some = made(spec, 8, 1, 1500, 960_000, Source(960_000, 16_000))
    assert len(written(some)) <= 1.02 * 1500 * 80 / 8


def test_size_is_that_of_the_cross_entropy():
    """Ten minutes of 8 levels of 1024 at 25 frames/s, coded by tables that the file brings."""
    some = skewed(15_000, levels=8)
    used = fit_tables([some])
    ideal = sum(t.bits(c) for t, c in zip(used.tables, some.stacks, strict=True)) / 8
    data = written(some)
    assert len(data) <= 1.02 * (ideal + len(used.to_bytes()))
    assert len(data) < 0.9 * 15_000 * 80 / 8


@pytest.mark.parametrize("concentration", [0.3, 1.0, 30.0])
def test_size_is_that_of_the_cross_entropy_under_known_tables(concentration):
    """60 s of 8 levels of 1024 at 25 frames/s in 10 s chunks; the tables' own bytes apart."""
    random = np.random.default_rng(1)
    spec = replace(SPEECH, space="made-up-16k@1:0123456789abcdef", levels=(Level(1024),) * 8,
                   prefixes=tuple(range(1, 9)))  # fmt: skip
    shares = random.dirichlet(np.full(1024, concentration), 8)
    stacks = tuple(random.choice(1024, (1, 1500), p=share) for share in shares)
    some = AudioTokens(spec, stacks, source=Source(960_000, 16_000))
    known = TableSet(tuple(tables.Table.fit((1e6 * share).astype(int)) for share in shares))
    target = io.BytesIO()
    with TokenWriter(target, Track.of(some), tables={"": known}) as file:
        file.write(some)
    ideal = sum(t.bits(c) for t, c in zip(known.tables, stacks, strict=True)) / 8
    taken = len(target.getvalue()) - len(known.to_bytes())
    assert taken <= 1.02 * min(ideal, 1500 * 80 / 8)
    assert read_tokens(io.BytesIO(target.getvalue())) == some


@pytest.mark.parametrize("seed", range(3))
def test_size_is_that_of_the_cross_entropy_for_the_shipped_codec(seed):
    """60 s of codes as often as its tables say, in 10 s chunks, everything in the file counted."""
    random, spec = np.random.default_rng(seed), vocable.load("speech-16k").spec
    shipped = tables.shipped_for(spec.space, tuple(level.size for level in spec.levels)).tables
    stacks = tuple(
        random.choice(len(t.frequencies), (1, 1500), p=t.frequencies / 65_536) for t in shipped
    )
    some = AudioTokens(spec, stacks, source=Source(960_000, 16_000))
    ideal = sum(t.bits(c) for t, c in zip(shipped, stacks, strict=True)) / 8
    assert len(written(some)) <= 1.02 * ideal


def test_shipped_tables_belong_to_shipped_codecs():
    """Each is whole, named by its bytes, and makes files smaller than packing."""
    spaces = json.loads((tables.FOLDER / "spaces.json").read_text())
    assert {path.stem for path in tables.FOLDER.glob("*.bin")} == set(spaces.values())
    for space in spaces:
        name = space.partition(":")[0]
        spec = vocable.load(name).spec
        assert spec.space == space
        sizes = tuple(level.size for level in spec.levels)
        found = tables.shipped_for(space, sizes)
        speech = vocable.load(name).encode(RECORDING)
        cost = sum(t.bits(c) for t, c in zip(found.tables, speech.stacks, strict=True))
        assert cost < speech.frames * float(sum(np.log2(sizes)))
        assert found.name in written(speech)


def test_a_level_without_gain_stays_packed():
    flat, steep = speech(5000).stacks[0], skewed(5000).stacks[0]
    some = AudioTokens(SPEECH, (flat, steep))
    assert read_tokens(io.BytesIO(written(some))) == some
    assert len(written(some)) < len(written(AudioTokens(SPEECH, (flat, flat))))


def test_shipped_tables_are_named_not_carried(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "FOLDER", tmp_path)
    tables.shipped.cache_clear()
    tables.shipped_for.cache_clear()
    some = skewed(600)
    packed = len(written(some))
    fitted = fit_tables([skewed(100_000)])
    fitted.save(tmp_path, some.spec.space)
    tables.shipped_for.cache_clear()
    data, part = written(some), written(some.first(1))
    assert fitted.name in data and len(data) < packed
    assert fitted.name in part and len(part) < len(data)
    assert read_tokens(io.BytesIO(data)) == some
    assert read_tokens(io.BytesIO(part)) == some.first(1)
    (tmp_path / f"{fitted.name.hex()}.bin").unlink()
    tables.shipped.cache_clear()
    with TokenFile(io.BytesIO(data)) as file, pytest.raises(vocable.FormatError) as refused:
        assert (file.frames(), file.source()) == (some.frames, some.source)
        file.read()
    wanted = f"needs tables {fitted.name.hex()}, which this version of vocable does not have; "
    assert str(refused.value).endswith(wanted + "install the vocable that wrote it")
    tables.shipped_for.cache_clear()


def test_given_tables_are_embedded():
    some = skewed(300)
    target = io.BytesIO()
    fitted = TableSet((fit_tables([some]).tables[0], None))
    with TokenWriter(target, Track.of(some), tables={"": fitted}) as file:
        file.write(some)
    assert fitted.to_bytes() in target.getvalue()
    assert read_tokens(io.BytesIO(target.getvalue())) == some
