"""Sets of tokens: what goes in comes out, pieces are pieces of it, damage is noticed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vocable.errors import FormatError, TokenError
from vocable.tokens import AudioTokens, Level, Side, TokenSpec
from vocable.tokens.sets import About, TokenSet, TokenSetWriter

EVEN = TokenSpec("even@1:0a", 16_000, 640, 1, (Level(1024), Level(4096)), (1, 2))
SNAC = TokenSpec("snac@1:0a", 24_000, 512, 1, (Level(9, 4), Level(9, 2), Level(9)), (3,))
LARGE = TokenSpec("large@1:0a", 16_000, 320, 1, (Level(1 << 17),), (1,))


def tokens_of(spec: TokenSpec, frames: int, seed: int = 0, streams: int = 1) -> AudioTokens:
    random = np.random.default_rng(seed)
    return AudioTokens(
        spec,
        [
            random.integers(0, level.size, (streams, -(-frames // level.stride)))
            for level in spec.levels
        ],
    )


@pytest.mark.parametrize("spec", [EVEN, SNAC, LARGE])
@pytest.mark.parametrize("streams", [1, 2])
def test_what_goes_in_comes_out(tmp_path: Path, spec: TokenSpec, streams: int) -> None:
    given = [tokens_of(spec, n, n, streams) for n in (13, 1, 0, 8, 30)]
    with TokenSetWriter(tmp_path / "set") as out:
        for number, tokens in enumerate(given):
            out.add({"a": tokens}, About(f"r{number}", "valid" if number == 3 else "train", "s"))
    found = TokenSet(tmp_path / "set")
    assert len(found) == 5 and found.specs == {"a": spec} and found.streams("a") == streams
    assert [item.tracks["a"] for item in found] == given
    assert found.abouts[3] == About("r3", "valid", "s")
    assert found.of_split("valid") == [3] and found.frames["a"].tolist() == [13, 1, 0, 8, 30]


@pytest.mark.parametrize("spec", [EVEN, SNAC])
def test_a_piece_is_a_slice(tmp_path: Path, spec: TokenSpec) -> None:
    given = [tokens_of(spec, n, n) for n in (13, 18)]
    with TokenSetWriter(tmp_path / "set") as out:
        for number, tokens in enumerate(given):
            out.add({"a": tokens}, About(str(number)))
    found, step = TokenSet(tmp_path / "set"), spec.step
    for index, tokens in enumerate(given):
        for first in range(0, tokens.frames, step):
            for last in (*range(first, tokens.frames, step), tokens.frames):
                assert found.cut(index, "a", first, last) == tokens[first:last]
    if step > 1:
        with pytest.raises(TokenError, match=f"at multiples of {step}"):
            found.cut(0, "a", 1)


def test_durations_are_spelled_out_and_tracks_stay_apart(tmp_path: Path) -> None:
    units = TokenSpec("units@1:0a", 16_000, 320, 1, (Level(5, role="semantic"),), (1,))
    said = AudioTokens(units, [np.array([[1, 1, 2, 2, 2, 0]])])
    with TokenSetWriter(tmp_path / "set") as out:
        out.add({"semantic": said.dedup(), "acoustic": tokens_of(EVEN, 3)}, About("a"))
    item = TokenSet(tmp_path / "set")[0]
    assert item.tracks["semantic"] == said and item.tracks["acoustic"] == tokens_of(EVEN, 3)


def test_recordings_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    sides = TokenSpec("s@1:0a", 16_000, 320, 1, (Level(5),), (1,), sides=(Side("scale"),))
    with TokenSetWriter(tmp_path / "set") as out:
        out.add({"a": tokens_of(EVEN, 4)}, About("a"))
        for tracks, message in (
            ({"a": tokens_of(SNAC, 4)}, "tokens are of snac@1:0a, the set has even@1:0a"),
            ({"a": tokens_of(EVEN, 4).first(1)}, "1 levels in 1 streams, the set has 2 in 1"),
            ({"a": tokens_of(EVEN, 4, streams=2)}, "2 levels in 2 streams"),
            ({"b": tokens_of(EVEN, 4)}, "b has tracks b, the set has a"),
        ):
            with pytest.raises(TokenError, match=message):
                out.add(tracks, About("b"))
    assert len(TokenSet(tmp_path / "set")) == 1
    scaled = AudioTokens(sides, [np.zeros((1, 2), int)], {"scale": np.ones(1, np.float32)})
    with TokenSetWriter(tmp_path / "other") as out:
        with pytest.raises(TokenError, match="has segments or sides"):
            out.add({"a": scaled}, About("a"))
        out.add({"a": tokens_of(EVEN, 4)}, About("a"))


def test_nothing_half_written_stays_and_nothing_is_lost(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), TokenSetWriter(tmp_path / "set") as out:
        out.add({"a": tokens_of(EVEN, 4)}, About("a"))
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TokenError, match="would be empty"), TokenSetWriter(tmp_path / "set"):
        pass
    for seed in (0, 1):
        with TokenSetWriter(tmp_path / "set", overwrite=bool(seed)) as out:
            out.add({"a": tokens_of(EVEN, 4, seed)}, About("a"))
    assert TokenSet(tmp_path / "set")[0].tracks["a"] == tokens_of(EVEN, 4, 1)
    with pytest.raises(FileExistsError, match="exists already"):
        TokenSetWriter(tmp_path / "set")
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileExistsError, match="not a set of tokens"):
        TokenSetWriter(tmp_path / "mine", overwrite=True)


def test_damage_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is not a set of tokens"):
        TokenSet(tmp_path)
    with TokenSetWriter(tmp_path / "set") as out:
        out.add({"a": tokens_of(EVEN, 4)}, About("a"))
        out.add({"a": tokens_of(EVEN, 5)}, About("b"))
    folder = tmp_path / "set"
    whole = {path: path.read_bytes() for path in folder.iterdir()}
    contents = json.loads((folder / "tokens.json").read_text())
    for name, data in (
        ("a.codes", whole[folder / "a.codes"][:-1]),
        ("items.jsonl", whole[folder / "items.jsonl"].split(b"\n")[0]),
        ("items.jsonl", b"{}\n{}\n"),
        ("tokens.json", b"{"),
        ("tokens.json", json.dumps({**contents, "format": 9}).encode()),
    ):
        (folder / name).write_bytes(data)
        with pytest.raises(FormatError, match="make (it|the set) again"):
            TokenSet(folder)
        (folder / name).write_bytes(whole[folder / name])
    with pytest.raises(TokenError, match='no track "b"'):
        TokenSet(folder).cut(0, "b")


def test_a_recording_in_two_splits_is_named(tmp_path: Path) -> None:
    with TokenSetWriter(tmp_path / "set") as out:
        out.add({"a": tokens_of(EVEN, 4)}, About("one"))
        out.add({"a": tokens_of(EVEN, 5)}, About("two", "valid"))
        out.add({"a": tokens_of(EVEN, 4)}, About("three", "valid"))
        out.add({"a": tokens_of(EVEN, 6)}, About("one", "valid"))
    found = TokenSet(tmp_path / "set")
    found.check_apart([0], [1])
    for other, name in ((2, "three"), (3, "one")):
        with pytest.raises(TokenError, match=rf"{name} \(valid\) is one \(train\) again"):
            found.check_apart([0], [1, other])
