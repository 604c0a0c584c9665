"""Where recordings come from: what each source names them, and what is wrong with bad ones."""

import io
import json
import tarfile
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vocable import Audio
from vocable.corpus.entry import Found
from vocable.corpus.pieces import Piece
from vocable.corpus.sources import cut, read
from vocable.errors import RecipeError


def found(pieces: list[Piece]) -> list[Found]:
    return [each for piece in pieces for each in read(piece)]


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def test_a_folder_names_recordings_by_their_way(sounds: Path) -> None:
    (piece,) = cut(sounds)
    ids = [entry.id for entry in piece.entries]
    assert ids == ["0", "1", "2", "3", "4", "deep/5", "deep/wide"]
    assert all(Audio.read(each.sound) for each in read(piece))
    size, _, _ = piece.seals[0].partition(":")
    assert int(size) == (sounds / "0.flac").stat().st_size


def test_pieces_hold_as_many_as_is_said_and_all_of_them(sounds: Path) -> None:
    pieces = list(cut(sounds, 3))
    assert [len(piece.entries) for piece in pieces] == [3, 3, 1]
    assert [piece.number for piece in pieces] == [0, 1, 2]
    again = [Piece.from_dict(json.loads(json.dumps(piece.to_dict()))) for piece in pieces]
    assert again == pieces == list(cut(str(sounds), 3))


def test_two_recordings_of_one_id_are_refused(sounds: Path) -> None:
    (sounds / "1.wav").write_bytes((sounds / "deep/5.wav").read_bytes())
    with pytest.raises(RecipeError, match=r"1\.flac and .*1\.wav both have the id 1; name them"):
        cut(sounds)


def test_a_manifest_says_ids_parts_and_words(sounds: Path) -> None:
    rows = [
        {"path": "0.flac", "id": "first", "text": "one", "speaker": "a", "language": "en"},
        {"path": "0.flac", "start": 0.1, "end": 0.2},
        {"path": "https://example.org/far.flac"},
    ]
    manifest = sounds / "list.jsonl"
    manifest.write_text("\n".join(map(json.dumps, rows)))
    (piece,) = cut(manifest)
    first, part, far = piece.entries
    assert (first.id, first.text, first.speaker, first.language) == ("first", "one", "a", "en")
    assert (part.id, part.start, part.end) == ("0@0.1", 0.1, 0.2)
    assert far.path == "https://example.org/far.flac" and piece.seals[2] == ""


def test_addresses_are_fetched_and_one_that_is_gone_is_a_fault(sounds: Path) -> None:
    files = fsspec.filesystem("memory")
    files.pipe("/there/0.flac", (sounds / "0.flac").read_bytes())
    places = sounds.parent / "places.txt"
    places.write_text("memory://there/0.flac\nmemory://there/gone.flac\n\n")
    here, gone = found(list(cut(places)))
    assert here.entry.id == "there/0" and Audio.read(here.sound) == Audio.read(sounds / "0.flac")
    assert gone.fault.startswith("memory://there/gone.flac cannot be fetched (")
    places.write_text("memory://there/0.flac\nnonsense\n")
    with pytest.raises(RecipeError, match="nonsense is not a recording, tar or table"):
        cut(places)


def test_tars_of_webdataset(sounds: Path, tmp_path: Path) -> None:
    sound = (sounds / "0.flac").read_bytes()
    members = {
        "a/x.flac": sound,
        "a/x.json": json.dumps({"transcription": "hello", "speaker": 7}).encode(),
        "a/y.txt": b"words\n",
        "a/y.flac": sound,
        "a/z.json": b"{}",
        "a/w.one.flac": sound,
        "a/w.two.wav": sound,
    }
    (piece,) = cut(write_tar(tmp_path / "one.tar", members))
    x, y, w = read(piece)
    assert (x.entry.id, x.entry.text, x.entry.speaker) == ("a/x", "hello", "7")
    assert (y.entry.id, y.entry.text) == ("a/y", "words") and y.sound == sound
    assert w.fault == "a/w.one.flac and a/w.two.wav are two recordings of one key, since a key " + (
        "ends at its first dot"
    )


def test_a_tar_that_is_cut_gives_what_comes_before(sounds: Path, tmp_path: Path) -> None:
    sound = (sounds / "0.flac").read_bytes()
    path = write_tar(tmp_path / "cut.tar", {f"{k}.flac": sound for k in range(4)})
    whole = path.read_bytes()
    member = 512 + -(-len(sound) // 512) * 512
    path.write_bytes(whole[: 2 * member + 900])
    *kept, fault = found(list(cut(path)))
    assert [each.entry.id for each in kept] == ["0"]  # 1 is known to be whole when 2 begins
    assert fault.fault.startswith(f"{path} breaks off in or after 1 (")


def table(path: Path, columns: dict[str, list[object]], rows: int | None = None) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=rows)
    return path


def test_parquet_as_datasets_writes_it(sounds: Path, tmp_path: Path) -> None:
    sound = (sounds / "0.flac").read_bytes()
    audio: list[object] = [
        {"bytes": sound, "path": "x.flac"}, {"bytes": None, "path": "sounds/1.flac"},
        {"bytes": None, "path": None}, None,
    ]  # fmt: skip
    columns = {"id": ["a", "b", "c", None], "audio": audio, "sentence": ["s", None, "t", "u"]}
    pieces = list(cut(table(tmp_path / "some.parquet", columns, 3)))
    assert [piece.part for piece in pieces] == [(0, 1), (1, 2)]
    a, b, c, last = found(pieces)
    assert (a.entry.id, a.entry.text, a.sound) == ("a", "s", sound)
    assert Audio.read(b.sound) == Audio.read(sounds / "1.flac") and b.entry.text == ""
    assert c.fault == "c has no sound" and last.fault == "some-3 has no sound"


def test_the_arrow_files_of_datasets(sounds: Path, tmp_path: Path) -> None:
    data = pa.table({"audio": [(sounds / "0.flac").read_bytes()] * 2})
    folder = tmp_path / "saved"
    folder.mkdir()
    with pa.ipc.new_stream(folder / "data-00000-of-00001.arrow", data.schema) as writer:
        writer.write_table(data)
    (folder / "dataset_info.json").write_text("{}")
    ids = [each.entry.id for each in found(list(cut(folder)))]
    assert ids == ["data-00000-of-00001-0", "data-00000-of-00001-1"]


def test_tables_without_sound_and_no_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no column of recordings \(audio, sound, file, path"):
        list(cut(table(tmp_path / "words.parquet", {"text": ["a"]})))
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 this is none")
    with pytest.raises(RecipeError, match=r"bad\.parquet cannot be read as a table \("):
        list(cut(tmp_path / "bad.parquet"))


def test_a_row_group_that_is_damaged_costs_itself(sounds: Path, tmp_path: Path) -> None:
    sound = (sounds / "0.flac").read_bytes()
    path = table(tmp_path / "some.parquet", {"id": ["a", "b"], "audio": [sound, sound]}, 1)
    data = bytearray(path.read_bytes())
    data[4:200] = bytes(196)
    path.write_bytes(data)
    first, second = found(list(cut(path)))
    assert first.fault.startswith(f"{path}, row group 0, cannot be read to its end (")
    assert second.entry.id == "b" and second.sound == sound


def test_what_is_no_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone is neither a folder nor a file"):
        cut(tmp_path / "gone")
    with pytest.raises(RecipeError, match="holds no recordings, tars or tables"):
        cut(tmp_path)
    write_tar(tmp_path / "a.tar", {})
    table(tmp_path / "b.parquet", {"audio": [b""]})
    with pytest.raises(RecipeError, match="tars and tables; give one kind of them"):
        cut(tmp_path)
