"""A piece becomes a shard and a mark, whole or not at all, and always the same ones."""

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

import vocable
from tests.corpus.made import failed, made, tree
from vocable.corpus import hearing, shard
from vocable.corpus.marks import read_mark
from vocable.corpus.messages import Care
from vocable.corpus.outputs import jsonl
from vocable.corpus.plan import corpus_plan
from vocable.corpus.run import planned
from vocable.corpus.shard import make_shard
from vocable.corpus.worker import Maker, output_for


def test_tokens_are_those_of_encoding_each_file(sounds: Path, codec: Path, tmp_path: Path) -> None:
    report = made(sounds, tmp_path / "out", codec)
    loaded = vocable.load(codec)
    for path in sounds.rglob("*.*"):
        name = path.relative_to(sounds).with_suffix(".vcb")
        tokens = vocable.read_tokens(tmp_path / "out" / name)
        assert tokens == loaded.encode(path)
        assert len(loaded.decode(tokens)) == len(vocable.Audio.read(path))
    assert (report.recordings, report.failed, report.whole) == (7, 0, True)
    assert report.seconds == pytest.approx(3 * 0.45 + 2 * 0.3 + 8000 / 22_050 + 0.25, abs=1e-3)
    assert report.silent == pytest.approx(0.25) and report.rates == {"16000": 6, "22050": 1}
    files = map(vocable.read_tokens, (tmp_path / "out").rglob("*.vcb"))
    assert report.tokens == sum(tokens.codes.size for tokens in files)


def test_a_long_recording_is_streamed_to_the_same_tokens(
    codec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 40_000).astype(np.float32)
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in/long.flac", noise, 16_000)
    made(tmp_path / "in", tmp_path / "a", codec)
    monkeypatch.setattr(hearing, "LONG", 1)
    made(tmp_path / "in", tmp_path / "b", codec)
    a, b = (vocable.read_tokens(tmp_path / name / "long.vcb") for name in "ab")
    assert a == b and a.source and a.source.samples == 40_000


def test_bad_recordings_are_listed_and_cost_no_other(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    (sounds / "bad.flac").write_bytes(b"fLaC" + bytes(100))
    (sounds / "cut.wav").write_bytes((sounds / "deep/wide.wav").read_bytes()[:9000])
    os.symlink("nowhere", sounds / "gone.wav")
    report = made(sounds, tmp_path / "out", codec, "parquet")
    assert (report.recordings, report.failed) == (7, 3)
    why = failed(tmp_path / "out")
    assert set(why) == {"bad", "cut", "gone"}
    assert "bad.flac" in why["bad"] and "ends after" in why["cut"] and "gone.wav" in why["gone"]


def test_mixing_and_levels_are_the_codec_s(sounds: Path, codec: Path, tmp_path: Path) -> None:
    made(sounds, tmp_path / "out", codec, levels=2, mix=True)
    tokens = vocable.read_tokens(tmp_path / "out/deep/wide.vcb")
    assert tokens == vocable.load(codec).encode(sounds / "deep/wide.wav", levels=2, mix=True)
    assert (tokens.levels, tokens.streams) == (2, 1)


def test_a_recording_that_comes_twice_is_a_copy(sounds: Path, codec: Path, tmp_path: Path) -> None:
    shutil.copy(sounds / "0.flac", sounds / "later.flac")
    report = made(sounds, tmp_path / "out", codec, size=2)
    assert report.copies == 1
    line = json.loads((tmp_path / "out/corpus/copies.jsonl").read_text())
    assert line == {"id": "later", "copy_of": "0"}


@pytest.mark.parametrize("to", ["vcb", "webdataset"])
def test_whoever_dies_on_the_way_leaves_what_is_written_again(
    sounds: Path, codec: Path, tmp_path: Path, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(sounds, tmp_path / "whole", codec, to, size=3)
    work, tokenizer, pieces = planned(sounds, tmp_path / "out", str(codec), to=to, size=3)
    maker = Maker(work, tokenizer)
    real, count = os.replace, 0

    def dying(source: str, target: str) -> None:
        nonlocal count
        count += 1
        if count % 2:
            raise SystemExit("killed")
        real(source, target)

    for piece in pieces:
        for _ in range(12):  # each time a little further
            with monkeypatch.context() as patch:
                patch.setattr(shard.os, "replace", dying)
                patch.setattr(shard.shutil, "rmtree", lambda *_, **__: None)
                try:
                    maker.make(piece)
                    break
                except SystemExit:
                    continue
        maker.make(piece)
    report = made(sounds, tmp_path / "out", codec, to, size=3)
    assert report.whole and tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_a_full_disk_stops_the_work_and_leaves_no_mark(
    sounds: Path, codec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, tokenizer, (piece,) = planned(sounds, tmp_path / "out", str(codec), to="jsonl")

    class Full:
        def write(self, text: str) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *error: object) -> None:
            return None

    with monkeypatch.context() as patch:
        patch.setattr(jsonl, "open", lambda *_, **__: Full(), raising=False)
        with pytest.raises(OSError, match="No space left"):
            Maker(work, tokenizer).make(piece)
    held = {path.name for path in (tmp_path / "out").iterdir()}
    assert held == {"corpus"} and read_mark(work.folder, 0) is None
    made(sounds, tmp_path / "out", codec, "jsonl")
    made(sounds, tmp_path / "whole", codec, "jsonl")
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_with_care_it_says_what_is_next_and_leaves_out_what_kills(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    work, tokenizer, (piece,) = planned(sounds, tmp_path / "out", str(codec), to="vcb")
    maker, said = Maker(work, tokenizer), list[tuple[int, ...]]()
    care = Care(said.append, frozenset({2}), {4: "it kills"})
    mark = make_shard(work.folder, piece, maker.encoder, output_for(corpus_plan(work.folder)), care)
    assert mark.failed == (("4", "it kills"),) and len(mark.items) == 6
    assert {(k,) for k in (0, 1, 2, 3, 5, 6)} <= set(said) and (4,) not in said
    assert (0, 1) in said and (3, 4, 5, 6) in said


def test_a_piece_all_of_which_fails_has_a_mark_and_no_shard(codec: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/bad.flac").write_bytes(b"fLaC")
    report = made(tmp_path / "in", tmp_path / "out", codec, "parquet")
    assert (report.failed, report.recordings, report.whole) == (1, 0, True)
    assert report.to_dict()["bits_per_second"] is None
    assert not list((tmp_path / "out").glob("*.parquet"))
