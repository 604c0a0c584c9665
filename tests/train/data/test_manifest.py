"""Scanning a folder, and reading manifests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vocable.audio.manifest import Clip, read_manifest
from vocable.errors import RecipeError
from vocable.train.data import manifest
from vocable.train.data.manifest import scan, split
from vocable.train.data.tables import Data

RATE = 8000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "recordings"
    (root / "deep").mkdir(parents=True)
    tone = 0.5 * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)
    soundfile.write(root / "tone.wav", tone, RATE)
    half = np.concatenate([tone, np.zeros(RATE)])
    soundfile.write(root / "deep" / "half silent.flac", np.stack([half, half], 1), RATE)
    (root / "text.wav").write_text("this is not a recording")
    soundfile.write(root / "empty.wav", np.zeros(0), RATE)
    soundfile.write(root / "nan.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    (root / "notes.txt").write_text("not looked at")
    return root


def test_scan_measures_and_names_the_bad(folder: Path) -> None:
    found = scan(folder)
    rows = {Path(row["path"]).name: row for row in found.rows}
    assert set(rows) == {"tone.wav", "half silent.flac"}
    assert {Path(name).name for name in found.bad} == {"text.wav", "empty.wav", "nan.wav"}
    tone, half = rows["tone.wav"], rows["half silent.flac"]
    assert (tone["seconds"], tone["rate"], tone["channels"]) == (1.0, RATE, 1)
    assert (half["seconds"], half["channels"]) == (2.0, 2)
    assert tone["silence"] == 0 and half["silence"] == 0.5
    level = 20 * np.log10(0.5 / np.sqrt(2))
    assert abs(tone["loudness"] - level) < 0.05 and abs(half["loudness"] - level) < 0.05
    assert found.seconds == 3.0


def test_silence_is_what_lies_below_minus_60_db(tmp_path: Path) -> None:
    """Two quarters at -59 dBFS and -10 dBFS count, those at -61 dBFS and at 0 do not."""
    levels = np.repeat(10 ** (np.array([-10, -59, -61, -400]) / 20), RATE // 4)
    signs = np.where(np.arange(RATE) % 2, 1.0, -1.0)
    soundfile.write(tmp_path / "a.wav", levels * signs, RATE, subtype="FLOAT")
    (row,) = scan(tmp_path).rows
    assert row["silence"] == pytest.approx(0.5, abs=0.03)  # a frame may lie across a boundary


def test_the_loudness_is_of_the_loud_parts(tmp_path: Path) -> None:
    """What is silent, or 20 dB below the mean of the rest, does not count."""
    signs = np.where(np.arange(RATE) % 2, 1.0, -1.0)
    for name, quiet, loudness in (("low", -35, -10.0), ("near", -25, -12.87)):
        levels = np.repeat(10 ** (np.array([-10, quiet]) / 20), RATE // 2)
        soundfile.write(tmp_path / f"{name}.wav", levels * signs, RATE, subtype="FLOAT")
        (row,) = (row for row in scan(tmp_path).rows if Path(row["path"]).stem == name)
        assert row["loudness"] == pytest.approx(loudness, abs=0.05)
    assert manifest.loudness(np.full(50, 1e-8)) is None


def test_a_saved_scan_reads_back_and_moves_with_its_folder(folder: Path) -> None:
    scan(folder).save(folder / "manifest.jsonl")
    moved = folder.with_name("moved")
    folder.rename(moved)
    clips = read_manifest(moved / "manifest.jsonl")
    assert sorted(clip.path.name for clip in clips) == ["half silent.flac", "tone.wav"]
    assert all(clip.path.is_file() for clip in clips)


def test_scan_reads_in_blocks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long files in bounded memory: the same facts whatever the size of a block."""
    whole = scan(folder).rows
    monkeypatch.setattr(manifest, "BLOCK", 7)
    assert scan(folder).rows == whole


def test_scan_refuses_what_is_not_a_folder_of_recordings(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        scan(tmp_path / "none")
    with pytest.raises(RecipeError, match="holds no recordings"):
        scan(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="give the folder"):
        scan(tmp_path / "file")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not json", "wanted a JSON object"),
        ("[1]", "wanted a JSON object"),
        ('{"seconds": 1}', "wanted a JSON object"),
        ('{"path": "a.wav", "start": "x"}', "wanted a JSON object"),
        ('{"path": "a.wav", "start": 2, "end": 1}', "there is no audio between"),
        ('{"path": "a.wav", "start": -1}', "there is no audio between"),
        ('{"path": "a.wav", "start": NaN}', "there is no audio .*; wanted 0 <= start < end"),
        ('{"path": "a.wav", "end": NaN}', "there is no audio between"),
        ('{"path": "a.wav", "end": Infinity}', "there is no audio between"),
        ('{"path": "a.wav", "end": 1e308}', "there is no audio between"),
        ('{"path": "a.wav", "start": 1e308}', "there is no audio between"),
        ("[" * 100_000, "wanted a JSON object"),
    ],
)
def test_a_bad_row_is_named_by_its_line(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"path": "fine.wav"}\n' + line)
    with pytest.raises(RecipeError, match=f"m.jsonl:2: .*{message}"):
        read_manifest(path)


def test_an_empty_manifest_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text("\n")
    with pytest.raises(RecipeError, match="lists no recordings"):
        read_manifest(tmp_path / "m.jsonl")
    with pytest.raises(RecipeError, match="vocable data scan"):
        read_manifest(tmp_path)


def test_a_manifest_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_bytes('{"path": "Übung.wav"}'.encode("latin-1"))
    with pytest.raises(RecipeError, match="m.jsonl is not text in UTF-8 .*: vocable data scan"):
        read_manifest(tmp_path / "m.jsonl")


def test_the_held_out_are_the_rows_that_say_so_or_a_share() -> None:
    plain = [Clip(Path(f"{i}.wav")) for i in range(40)]
    train, held_out = split(plain, Data())
    assert len(held_out) == 2 and len(train) == 38 and not set(held_out) & set(train)
    train, held_out = split([*plain, Clip(Path("v.wav"), split="valid")], Data())
    assert len(train) == 40 and [clip.path.name for clip in held_out] == ["v.wav"]
    with pytest.raises(RecipeError, match="1 recordings leave none to train on"):
        split(plain[:1], Data())


def test_the_held_out_may_be_a_manifest_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "held.jsonl").write_text('{"path": "/h.wav"}')
    clips = [Clip(Path("a.wav")), Clip(Path("b.wav"), split="valid")]
    train, held_out = split(clips, Data(held_out=str(tmp_path / "held.jsonl")))
    assert train == clips and [clip.path.name for clip in held_out] == ["h.wav"]


def test_rows_may_be_parts_of_a_file(tmp_path: Path) -> None:
    row = {
        "path": "/a.wav",
        "start": 1.5,
        "end": 2.0,
        "split": "eval",
        "licence": "CC0",
        "set": "s",
    }
    (tmp_path / "m.jsonl").write_text(json.dumps(row))
    (clip,) = read_manifest(tmp_path / "m.jsonl")
    assert (clip.start, clip.end, clip.split, clip.licence, clip.set) == (
        1.5,
        2.0,
        "eval",
        "CC0",
        "s",
    )


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_are_followed_and_rows_have_the_names_as_seen(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "store").mkdir()
    (tmp_path / "set").mkdir()
    soundfile.write(tmp_path / "store" / "1.wav", np.linspace(-0.5, 0.5, RATE), RATE)
    soundfile.write(tmp_path / "blobs" / "3f2a.wav", np.linspace(-0.5, 0.5, RATE), RATE)
    (tmp_path / "set" / "spk1").symlink_to("../store")
    (tmp_path / "set" / "spk7.wav").symlink_to("../blobs/3f2a.wav")
    (tmp_path / "linked").symlink_to("set")
    for folder in ("set", "linked"):
        target = tmp_path / folder / "m.jsonl"
        scan(tmp_path / folder).save(target)
        rows = [json.loads(line) for line in target.read_text().splitlines()]
        assert [row["path"] for row in rows] == ["spk1/1.wav", "spk7.wav"]
        assert [clip.path.is_file() for clip in read_manifest(target)] == [True, True]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_linked_manifest_speaks_of_the_links_folder_or_its_own(tmp_path: Path) -> None:
    for name in ("blobs/m.jsonl", "blobs/1.wav", "snap/2.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"path": "1.wav"}\n{"path": "2.wav"}\n{"path": "3.wav"}')
    (tmp_path / "snap" / "m.jsonl").symlink_to("../blobs/m.jsonl")
    found = [clip.path for clip in read_manifest(tmp_path / "snap" / "m.jsonl")]
    snap, blobs = tmp_path.resolve() / "snap", tmp_path.resolve() / "blobs"
    assert found == [blobs / "1.wav", snap / "2.wav", snap / "3.wav"]


def test_scan_says_what_it_leaves_out(folder: Path) -> None:
    assert scan(folder).left_out == "1 .txt"
    for path in [*folder.glob("*.wav"), folder / "deep" / "half silent.flac"]:
        path.unlink()
    with pytest.raises(RecipeError, match=r"holds no recordings \(.wav .*\); it holds 1 .txt$"):
        scan(folder)


def test_a_folder_that_cannot_be_searched_is_bad(
    folder: Path, unlistable: Callable[[str], None]
) -> None:
    unlistable("deep")
    assert scan(folder).bad[str(folder / "deep")] == "cannot be searched (Permission denied)"


def test_a_byte_order_mark_and_any_line_ends_are_read(tmp_path: Path) -> None:
    text = '\ufeff{"path": "a\u2028b.wav"}\r\n{"path": "c\x85.wav"}\r\n'
    (tmp_path / "m.jsonl").write_bytes(text.encode())
    names = [clip.path.name for clip in read_manifest(tmp_path / "m.jsonl")]
    assert names == ["a\u2028b.wav", "c\x85.wav"]
