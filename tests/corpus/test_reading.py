"""A finished corpus is read again: in order, by number, by id; as sound; and what it cost."""

import json
from pathlib import Path

import numpy as np
import pytest

import vocable
from tests.cli.calls import call, results
from tests.cli.small import save_small_codec
from tests.corpus.made import made
from vocable.corpus import Corpus, check_corpus, corpus_stats, decode_corpus
from vocable.corpus.marks import read_marks
from vocable.corpus.outputs import OUTPUTS
from vocable.errors import FormatError, RecipeError, TokenError


@pytest.mark.parametrize("to", OUTPUTS)
def test_a_corpus_of_each_form_is_whole_and_read_again(
    sounds: Path, codec: Path, tmp_path: Path, to: str
) -> None:
    made(sounds, tmp_path / "c", codec, to, size=3, mix=True)
    assert not list(check_corpus(tmp_path / "c"))
    loaded = vocable.load(codec)
    for item, tokens in Corpus(tmp_path / "c"):
        assert tokens == loaded.encode(next(sounds.glob(f"{item.id}.*")), mix=True)
    mark = next(read_marks(tmp_path / "c", range(1)))
    shard = tmp_path / "c" / next(iter(mark.files))
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    (fault, *_) = check_corpus(tmp_path / "c")
    assert shard.name in str(fault)


@pytest.mark.parametrize("to", ["vcb", "parquet", "webdataset"])
def test_recordings_come_in_order_by_number_and_by_id(
    sounds: Path, codec: Path, tmp_path: Path, to: str
) -> None:
    made(sounds, tmp_path / "c", codec, to, size=3)
    corpus, loaded = Corpus(tmp_path / "c"), vocable.load(codec)
    whole = list(corpus)
    assert [item.id for item, _ in whole] == ["0", "1", "2", "3", "4", "deep/5", "deep/wide"]
    assert len(corpus) == 7 and corpus.spec == loaded.spec
    for number, (item, tokens) in enumerate(whole):
        assert corpus[number] == (item, tokens) and corpus.find(item.id) == number
        path = next(sounds.glob(f"{item.id}.*"))
        assert tokens == loaded.encode(path) and corpus.entry(number).path == str(path)
    with pytest.raises(IndexError, match="has no recording 7, they are 0 to 6"):
        corpus[7]
    with pytest.raises(KeyError, match="wide is not in"):
        corpus.find("wide")


def test_folders_that_are_no_finished_corpus_are_refused(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError, match="sounds is not a corpus: it lacks corpus/plan"):
        Corpus(sounds)
    made(sounds, tmp_path / "c", codec, size=2)
    (tmp_path / "c/corpus/marks/00000/00000001.json").unlink()
    with pytest.raises(FormatError, match="c is not finished: 3 of 4 pieces are made; run the"):
        Corpus(tmp_path / "c")
    for command in ("decode", "stats", "sample"):
        more = {"decode": ["-o", tmp_path / "out"], "sample": [1]}.get(command, [])
        said = call("corpus", command, sounds, *more, code=1).stderr
        assert said.startswith("error: ") and "is not a corpus" in said
        said = call("corpus", command, tmp_path / "c", *more, code=1).stderr
        assert "is not finished" in said and len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_all_recordings_are_decoded_as_long_as_they_were(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    made(sounds, tmp_path / "c", codec, "parquet", size=3)
    args = ["corpus", "decode", tmp_path / "c", "-o", tmp_path / "d", "--codec", codec]
    (told,) = results(*args, "--ending", ".wav")
    assert told["recordings"] == 7
    loaded = vocable.load(codec)
    for path in (p for p in sounds.rglob("*") if p.is_file()):
        back = vocable.Audio.read(tmp_path / "d" / path.relative_to(sounds).with_suffix(".wav"))
        here = vocable.Audio.read(path)
        assert (len(back), back.rate, back.channels) == (len(here), here.rate, here.channels)
        direct = loaded.decode(loaded.encode(path)).samples
        assert np.abs(back.samples - np.clip(direct, -1, 1)).max() < 1e-4
    said = call(*args, "--ending", ".wav", code=1).stderr
    assert "0.wav exists; overwrite=True (--force) replaces" in said
    (tmp_path / "d/3.wav").unlink()
    kept = (tmp_path / "d/4.wav").stat().st_mtime_ns
    assert results(*args, "--ending", ".wav", "--skip-existing")[0]["recordings"] == 1
    assert (tmp_path / "d/4.wav").stat().st_mtime_ns == kept
    assert results(*args, "--ending", ".wav", "--force")[0]["recordings"] == 7
    assert "--ending .xyz: it must be one of" in call(*args, "--ending", ".xyz", code=2).stderr


def test_long_recordings_are_decoded_in_a_stream_to_the_same_sound(
    sounds: Path, codec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(sounds, tmp_path / "c", codec)
    loaded = vocable.load(codec)
    decode_corpus(tmp_path / "c", tmp_path / "a", loaded)
    monkeypatch.setattr("vocable.corpus.decoding.LONG", 0.4)
    assert decode_corpus(tmp_path / "c", tmp_path / "b", loaded) == 7
    for path in (p for p in (tmp_path / "a").rglob("*.flac")):
        other = vocable.Audio.read(tmp_path / "b" / path.relative_to(tmp_path / "a"))
        assert np.abs(other.samples - vocable.Audio.read(path).samples).max() < 1e-4


def test_other_weights_are_refused_by_name(sounds: Path, codec: Path, tmp_path: Path) -> None:
    made(sounds, tmp_path / "c", codec)
    other = save_small_codec(tmp_path / "other", seed=1)
    with pytest.raises(TokenError, match=f"tokens come from {vocable.load(codec).spec.space} but"):
        decode_corpus(tmp_path / "c", tmp_path / "d", vocable.load(other))
    args = ["corpus", "decode", tmp_path / "c", "-o", tmp_path / "d"]
    assert "tokens come from" in call(*args, "--codec", other, code=1).stderr
    assert "with --codec" in call(*args, code=1).stderr
    assert not (tmp_path / "d").exists()


def test_ids_that_are_one_file_are_refused(codec: Path, sounds: Path, tmp_path: Path) -> None:
    rows = [{"path": str(sounds / "0.flac"), "id": name} for name in ("a", "/a")]
    (tmp_path / "two.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(RecipeError, match="a and /a have one name in vcb, a.vcb; name them apart"):
        made(tmp_path / "two.jsonl", tmp_path / "v", codec)
    made(tmp_path / "two.jsonl", tmp_path / "c", codec, "parquet")
    with pytest.raises(RecipeError, match="a and /a would both become .*a.flac"):
        decode_corpus(tmp_path / "c", tmp_path / "d", vocable.load(codec))


def test_stats_say_what_is_there_and_what_it_cost(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    rows = [
        {"path": str(sounds / f"{n}.flac"), "speaker": "ann" if n < 3 else "bo", "language": "en"}
        for n in range(5)
    ]
    (tmp_path / "list.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    call("corpus", "encode", tmp_path / "list.jsonl", "-o", tmp_path / "c", "--codec", codec)
    found = corpus_stats(tmp_path / "c", price=2.0)
    (run,) = map(json.loads, (tmp_path / "c/corpus/runs.jsonl").read_text().splitlines())
    assert found.cost is not None and found.cost.price is not None
    hours = run["processor"] / run["seconds"] * 1000
    assert found.cost.core_hours == pytest.approx(hours, abs=1e-3)
    assert found.cost.price == pytest.approx(2 * hours, abs=1e-3)
    assert found.speakers == pytest.approx({"ann": 1.2 / 3600, "bo": 0.75 / 3600}, abs=1e-6)
    assert found.languages == pytest.approx({"en": 1.95 / 3600}, abs=1e-6)
    codes = [
        np.concatenate([t.stacks[k].ravel() for _, t in Corpus(tmp_path / "c")]) for k in (0, 3)
    ]
    for level, each in zip((0, 3), codes, strict=True):
        assert found.use[level].used == pytest.approx(len(np.unique(each)) / 32, abs=1e-6)
        shares = np.unique(each, return_counts=True)[1] / each.size
        assert found.use[level].perplexity == pytest.approx(
            2 ** -(shares * np.log2(shares)).sum(), abs=1e-3
        )
    assert found.counted == found.report["tokens"]
    assert results("corpus", "stats", tmp_path / "c", "--price", 2) == [
        {"input": str(tmp_path / "c"), **json.loads(json.dumps(found.to_dict()))}
    ]
    shown = call("corpus", "stats", tmp_path / "c").stdout
    assert "core hours\n" in shown and "perplexity" in shown and "ann" in shown


def test_samples_are_drawn_by_the_seed(sounds: Path, codec: Path, tmp_path: Path) -> None:
    rows = [{"path": str(sounds / f"{n}.flac"), "text": f"say {n}", "id": f"{n}"} for n in range(5)]
    (tmp_path / "list.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    made(tmp_path / "list.jsonl", tmp_path / "c", codec, "parquet", size=2)
    args = ["corpus", "sample", tmp_path / "c"]
    told = results(*args, 2, "-o", tmp_path / "s", "--codec", codec)
    assert [each["text"] for each in told] == [f"say {each['id']}" for each in told]
    for each in told:
        assert len(vocable.Audio.read(each["output"])) == round(each["seconds"] * 16_000)
    drawn = {tuple(e["id"] for e in results(*args, 2, "--seed", seed)) for seed in range(8)}
    assert tuple(each["id"] for each in told) in drawn and len(drawn) > 2
    assert [each["id"] for each in results(*args, 9)] == ["0", "1", "2", "3", "4"]
    said = call(*args, 1, "--play", "-o", tmp_path / "s", code=2).stderr
    assert "--play plays recordings and -o keeps them" in said


def test_a_whole_corpus_has_no_faults(sounds: Path, codec: Path, tmp_path: Path) -> None:
    made(sounds, tmp_path / "c", codec, "webdataset", size=2)
    assert list(check_corpus(tmp_path / "c", sounds)) == []
    said = call("corpus", "check", tmp_path / "c").stderr
    assert said == f"{tmp_path / 'c'}  all is there, and as it was written\n"
    assert "is not a corpus" in call("corpus", "check", sounds, code=1).stderr


@pytest.mark.parametrize("to", ["vcb", "parquet", "webdataset", "jsonl"])
def test_a_byte_a_shard_and_a_mark_are_missed(
    sounds: Path, codec: Path, tmp_path: Path, to: str
) -> None:
    made(sounds, folder := tmp_path / "c", codec, to, size=2, mix=True)
    marks = {
        n: json.loads((folder / f"corpus/marks/00000/{n:08d}.json").read_text()) for n in range(4)
    }
    one, two = (folder / next(iter(marks[n]["files"])) for n in (0, 1))
    bad = bytearray(one.read_bytes())
    bad[len(bad) // 2] ^= 1
    one.write_bytes(bad)
    two.unlink()
    (folder / "corpus/marks/00000/00000003.json").unlink()
    (folder / "more.txt").write_text("x")
    faults = list(check_corpus(folder))
    repair = "remove corpus/marks/00000/0000000{}.json and run `vocable corpus encode` again"
    assert faults[0] == f"{one} has other bytes than were written; {repair.format(0)}"
    assert faults[1] == f"{two} is missing; {repair.format(1)}"
    assert faults[2].startswith("1 of 4 pieces are not made")
    strangers = {*marks[3]["files"], "more.txt"}
    assert set(faults[3:]) == {f"{folder / n} belongs to no piece; remove it" for n in strangers}
    told = results("corpus", "check", folder, code=1)
    assert [each["fault"] for each in told] == faults


def test_reading_a_damaged_or_missing_shard_is_one_line(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    made(sounds, folder := tmp_path / "c", codec, "parquet", size=4)
    whole = (folder / "000000.parquet").read_bytes()
    (folder / "000000.parquet").write_bytes(whole[:-9])
    with pytest.raises(FormatError, match="000000.parquet, piece 0, is damaged: .*; remove corpus"):
        list(Corpus(folder))
    (folder / "000000.parquet").write_bytes((folder / "000001.parquet").read_bytes())
    with pytest.raises(FormatError, match="it has 7 frames of .* as 1, which has 8 of"):
        list(Corpus(folder))
    (folder / "000000.parquet").unlink()
    with pytest.raises(FileNotFoundError, match="000000.parquet is missing; remove corpus/marks"):
        list(Corpus(folder))
    said = call("corpus", "stats", folder, code=1).stderr
    assert said.startswith("error: ") and "000000.parquet is missing" in said


@pytest.mark.parametrize("to", ["parquet", "webdataset", "jsonl", "vcb"])
def test_tokens_of_other_weights_in_a_shard_are_noticed(
    sounds: Path, codec: Path, tmp_path: Path, to: str
) -> None:
    made(sounds, tmp_path / "c", codec, to, mix=True)
    plan = tmp_path / "c/corpus/plan.json"
    space = vocable.load(codec).spec.space
    other = space[:-1] + ("0" if space[-1] != "0" else "1")
    plan.write_text(plan.read_text().replace(space, other))
    (fault,) = check_corpus(tmp_path / "c")
    assert space in fault and other in fault and "is damaged" in fault


def test_a_source_that_has_changed_is_told(sounds: Path, codec: Path, tmp_path: Path) -> None:
    made(sounds, tmp_path / "c", codec)
    (sounds / "0.flac").unlink()
    (sounds / "1.flac").write_bytes(b"x")
    (sounds / "9.wav").write_bytes(b"x")
    faults = list(check_corpus(tmp_path / "c", sounds))
    assert faults == [
        f"0 has gone from {sounds}",
        f"1 is another file in {sounds} than it was",
        f"9 has come to {sounds}",
    ]


def test_a_report_pieces_and_ids_that_do_not_fit_are_told(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    made(sounds, folder := tmp_path / "c", codec, "parquet", size=4)
    report = folder / "corpus/report.json"
    report.write_text(report.read_text().replace('"failed": 0', '"failed": 3'))
    (fault,) = check_corpus(folder)
    assert fault.startswith(f"{report} does not say what the marks do")
    mark = folder / "corpus/marks/00000/00000001.json"
    mark.write_text(mark.read_text().replace('"4"', '"0"'))
    assert "0 is in piece 0 and again in piece 1" in list(check_corpus(folder))
    mark.write_text("{")
    assert any(f.startswith(f"{mark} is damaged") for f in check_corpus(folder))
    pieces = folder / "corpus/pieces.jsonl"
    pieces.write_text(pieces.read_text() + " ")
    assert any(
        "pieces.jsonl is not what plan.json was made with" in f for f in check_corpus(folder)
    )
