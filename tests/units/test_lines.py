"""Units in other people's files: in, out, and what does not fit is named with its line."""

import numpy as np
import pytest

from vocable.errors import TokenError
from vocable.tokens import Level, TokenSpec
from vocable.units.hubert_manifest import HubertManifest, read_hubert_manifest
from vocable.units.lines import read_km, read_named_units, write_km, write_named_units

HUBERT = TokenSpec(
    "hubert@1/L9/k500:0a", 16_000, 320, 1, (Level(500, role="semantic"),), (1,), window=400
)
MFCC = TokenSpec(
    "mfcc@1/L0/k100:0a", 16_000, 160, 1, (Level(100, role="semantic"),), (1,), window=400
)
# The units that HuBERT's own test has for one recording of LibriSpeech begin so.
BEGIN = "17 17 17 17 296 296 20 20 20 461 461 20 184 20 20 20 184 289 144 445 445 213"


def test_km_files_are_read(tmp_path):
    path = tmp_path / "train.km"
    path.write_bytes(f"{BEGIN}\n\n5\r\n".encode())
    found = read_km(path)
    assert [row.tolist() for row in found] == [[int(x) for x in BEGIN.split()], [], [5]]


@pytest.mark.parametrize("rows", [[], [[]], [[], []], [[1, 1999]], [[0], [], [5, 5, 5]]])
def test_km_files_give_back_what_was_written(tmp_path, rows):
    path = tmp_path / "a.km"
    write_km(path, [np.array(row, np.int32) for row in rows])
    assert [row.tolist() for row in read_km(path)] == rows
    assert path.read_bytes().count(b"\n") == len(rows)


def test_named_units_give_back_what_was_written(tmp_path):
    units = {"talk": [17, 17, 296], "a|b-channel1": [], "é": [0]}
    write_named_units(tmp_path / "units.txt", units)
    assert (tmp_path / "units.txt").read_text("utf-8") == "talk|17 17 296\na|b-channel1|\né|0\n"
    found = read_named_units(tmp_path / "units.txt")
    assert {name: row.tolist() for name, row in found.items()} == units
    with pytest.raises(FileExistsError):
        write_named_units(tmp_path / "units.txt", units)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 2\n3 x 4\n", r"a.km:2: units are numbers from 0 to 16777215, got 'x' as number 2"),
        ("1 -2\n", r"a.km:1: .*, got '-2' as number 2"),
        ("1 99999999\n", r"a.km:1: .*, got '99999999' as number 2"),
        ("1.0\n", r"a.km:1: .*, got '1.0' as number 1"),
    ],
)
def test_what_is_no_unit_is_named_with_its_line(tmp_path, text, wanted):
    (tmp_path / "a.km").write_text(text)
    with pytest.raises(TokenError, match=wanted):
        read_km(tmp_path / "a.km")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a|1\n2 3\n", "a.txt:2: wanted name|units, as in talk|17 17 296; got '2 3'"),
        ("a|1\na|2\n", "a.txt:2: a came before; name each recording once"),
        ("|1\n", "a.txt:1: wanted name"),
    ],
)
def test_lines_without_a_name_of_their_own_are_refused(tmp_path, text, wanted):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(TokenError, match=wanted.replace("|", r"\|")):
        read_named_units(tmp_path / "a.txt")


def test_files_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "a.km").write_bytes(b"1 2\n\xff\xfe")
    with pytest.raises(TokenError, match=r"a.km is not text in UTF-8 .* at byte 4"):
        read_km(tmp_path / "a.km")


def test_manifests_give_back_what_was_written(tmp_path):
    made = HubertManifest("/data", (("a/b.flac", 48_000), ("c d.wav", 399)))
    made.save(tmp_path / "train.tsv")
    assert (tmp_path / "train.tsv").read_text() == "/data\na/b.flac\t48000\nc d.wav\t399\n"
    assert read_hubert_manifest(tmp_path / "train.tsv") == made
    assert made.paths()[0].as_posix() == "/data/a/b.flac"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "a.tsv:1: wanted the folder"),
        ("a.wav\t100\n", "a.tsv:1: wanted the folder"),
        ("/d\na.wav 100\n", "a.tsv:2: wanted a path, a tab and samples, got 'a.wav 100'"),
        ("/d\na.wav\t1e5\n", "a.tsv:2: wanted a path"),
        ("/d\n../a.wav\t100\n", "a.tsv:2: ../a.wav does not lie below the folder"),
    ],
)
def test_lines_that_are_no_rows_are_named(tmp_path, text, wanted):
    (tmp_path / "a.tsv").write_text(text)
    with pytest.raises(TokenError, match=wanted):
        read_hubert_manifest(tmp_path / "a.tsv")


def test_labels_become_tokens_that_know_their_source():
    manifest = HubertManifest("/d", (("a.wav", 16_000), ("b.wav", 399)))
    first, second = manifest.tokens([np.arange(49), np.zeros(0, np.int32)], HUBERT)
    assert first.stacks[0][0].tolist() == list(range(49)) and first.source.samples == 16_000
    assert len(second) == 0


@pytest.mark.parametrize(
    ("spec", "labels", "wanted"),
    [
        (HUBERT, 98, r"line 1 \(a.wav\): 98 labels are 100 a second, but hubert has 50"),
        (MFCC, 49, r"line 1 \(a.wav\): 49 labels are 50 a second, but mfcc has 100"),
        (HUBERT, 25, r"25 labels are 25 a second, but hubert has 50"),
        (HUBERT, 51, r"line 1 \(a.wav\): 51 labels but 16000 samples are 49 frames of hubert"),
        (HUBERT, 0, r"0 labels but 16000 samples are 49 frames"),
    ],
)
def test_labels_at_the_wrong_rate_are_refused(spec, labels, wanted):
    manifest = HubertManifest("/d", (("a.wav", 16_000),))
    with pytest.raises(TokenError, match=wanted):
        manifest.tokens([np.zeros(labels, np.int32)], spec)


def test_labels_of_another_manifest_are_refused():
    manifest = HubertManifest("/d", (("a.wav", 16_000), ("b.wav", 16_000)))
    with pytest.raises(TokenError, match="labels have 1 lines but the manifest lists 2 recordings"):
        manifest.tokens([np.zeros(49, np.int32)], HUBERT)


def test_units_beyond_the_codebook_are_refused():
    manifest = HubertManifest("/d", (("a.wav", 16_000),))
    with pytest.raises(TokenError, match="holds code 500 at stream 0, frame 0"):
        manifest.tokens([np.full(49, 500)], HUBERT)
