"""A prepared set as a folder: read back as it was saved, or refused in one line."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from vocable.audio.manifest import read_manifest
from vocable.errors import RecipeError
from vocable.speak.prepare.set import About, PreparedSet, Row, Source, TimedWord, transcript

WORDS = (TimedWord(0.1, 0.4, "„Ja,", 0.9), TimedWord(0.5, 0.8, "nein.", 0.3))
ROW = Row(
    "audio/a-0001.flac", "„Ja, nein.", "anna", "de", "a.mp3", 12.5, 13.5, "train", WORDS,
    {"snr": 30.0, "likeness": None},
)  # fmt: skip
ABOUT = About(
    1, "0.1.0", "anna", "anna", "Anna allowed it", "de", "whisper-base", {"pause": 0.2},
    (Source("a.mp3", "ab" * 32, 20.0, 44_100, 2, 2, {"another voice": 3.5}),),
    ("audio/a-0003.flac",),
)  # fmt: skip


@pytest.fixture
def made(tmp_path):
    rows = ROW, replace(ROW, file_name="audio/a-0002.flac", text='"So?"', split="valid", words=())
    (tmp_path / "audio").mkdir()
    for row in rows:
        soundfile.write(tmp_path / row.file_name, np.zeros(16_000), 16_000)
    made = PreparedSet(tmp_path, ABOUT, rows)
    made.save()
    return made


def test_what_was_saved_is_read(made):
    assert PreparedSet.read(made.folder) == made
    assert made.part("valid") == [made.rows[1]] and made.seconds == 2.0
    assert made.path(ROW) == made.folder / "audio" / "a-0001.flac"
    assert made.require_consent() == "Anna allowed it"


def test_a_set_is_a_manifest(made):
    """So codecs are trained and evaluated on it, and recordings listed and encoded."""
    one, other = read_manifest(made.folder / "metadata.jsonl")
    assert one.path == made.path(ROW) and (one.start, one.end) == (0.0, None)
    assert (one.text, one.speaker, one.language, one.split) == ("„Ja, nein.", "anna", "de", "train")
    assert other.split == "valid" and one.read().seconds == 1.0


def test_the_transcript_is_a_table_with_unsure_words(made):
    lines = (made.folder / "transcript.tsv").read_text("utf-8").splitlines()
    assert lines == [
        "file\ttext\tunsure",
        "audio/a-0001.flac\t„Ja, nein.\tnein.",
        'audio/a-0002.flac\t"""So?"""\t',
    ]
    assert transcript([replace(ROW, text="a\tb\n c")]).splitlines()[1].split("\t")[1] == "a b c"


def test_no_consent_is_one_line(made):
    silent = replace(made, about=replace(ABOUT, consent=" "))
    with pytest.raises(RecipeError, match=r"says nothing about consent.*prepare … --consent"):
        silent.require_consent()


DAMAGES = {
    "no set.json": (
        lambda f: (f / "set.json").unlink(),
        "is not a prepared set, it has no set.json",
    ),
    "cut set.json": (lambda f: (f / "set.json").write_text("{"), r"set\.json is damaged"),
    "a list": (lambda f: (f / "set.json").write_text("[]"), r"set\.json is damaged"),
    "no rows": (lambda f: (f / "metadata.jsonl").unlink(), "has no metadata.jsonl"),
    "a cut row": (lambda f: _append(f, '{"file_name": "'), r"metadata\.jsonl:3 is damaged"),
    "a poor row": (
        lambda f: _append(f, "{}"),
        r"metadata\.jsonl:3 is damaged \(it lacks file_name",
    ),
    "bytes": (lambda f: _append(f, "\x00"), r"metadata\.jsonl:3 is damaged"),
    "no sound": (lambda f: (f / "audio/a-0002.flac").unlink(), "lacks 1 of 2 snippets.*a-0002"),
    "newer": (lambda f: _change(f, format=2), "has format 2, this version reads 1; update"),
    "another key": (lambda f: _change(f, colour=2), r"set\.json is damaged \(it has no key colour"),
}


def _append(folder, text):
    with open(folder / "metadata.jsonl", "a") as file:
        file.write(text + "\n")


def _change(folder, **values):
    about = json.loads((folder / "set.json").read_text("utf-8")) | values
    (folder / "set.json").write_text(json.dumps(about))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_set_is_one_line(made, damage):
    do, message = DAMAGES[damage]
    do(made.folder)
    with pytest.raises(RecipeError, match=message) as error:
        PreparedSet.read(made.folder)
    assert "\n" not in str(error.value) and str(made.folder) in str(error.value)


def test_datasets_reads_the_rows(made, tmp_path):
    datasets = pytest.importorskip("datasets")
    found = datasets.load_dataset(
        "json", data_files=str(made.folder / "metadata.jsonl"), cache_dir=str(tmp_path / "cache")
    )["train"]
    assert found["text"] == [row.text for row in made.rows]
    assert found[0]["words"][1]["word"] == "nein." and found[0]["checks"]["snr"] == 30.0


def test_datasets_reads_the_folder_as_it_is(made, tmp_path):
    datasets = pytest.importorskip("datasets")
    pytest.importorskip("torchcodec")  # which its version 5 wants even for paths
    found = datasets.load_dataset(
        "audiofolder", data_dir=str(made.folder), cache_dir=str(tmp_path / "cache")
    )["train"].cast_column("audio", datasets.Audio(decode=False))
    assert [each["path"] for each in found["audio"]] == [str(made.path(row)) for row in made.rows]
    assert found["text"] == [row.text for row in made.rows]
