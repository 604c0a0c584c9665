"""Sets of pairs in the folders that they are published in, and what is wrong with others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vocable.errors import MeasureError
from vocable.evaluate.likelihood import accuracies, read_pairs

LEXICAL = """id,filename,voice,frequency,word,phones,length,correct
1,aa,A,0,blick,B L IH K,4,1
1,ab,A,,blonck,B L AA NG K,5,0
1,ac,B,0,blick,B L IH K,4,1
1,ad,B,,blonck,B L AA NG K,5,0
2,ae,A,5,dog,D AO G,3,1
2,af,A,,dag,D AE G,3,0
3,ag,A,120,house,HH AW S,3,1
3,ah,A,,hoose,HH UW S,3,0
"""
SYNTACTIC = """id,filename,voice,type,subtype,transcription,correct
1,ba,A,agreement,det,this dog runs,1
1,bb,A,agreement,det,this dogs runs,0
1,bc,A,binding,c,he likes himself,1
1,bd,A,binding,c,he likes herself,0
"""


def recordings(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.wav").write_bytes(b"RIFF")


@pytest.fixture
def zerospeech(tmp_path: Path) -> Path:
    recordings(tmp_path / "lexical" / "dev", *(f"a{c}" for c in "abcdefgh"))
    (tmp_path / "lexical" / "dev" / "gold.csv").write_text(LEXICAL)
    recordings(tmp_path / "syntactic" / "dev", "ba", "bb", "bc", "bd")
    (tmp_path / "syntactic" / "dev" / "gold.csv").write_text(SYNTACTIC)
    (tmp_path / "semantic" / "dev").mkdir(parents=True)
    (tmp_path / "semantic" / "dev" / "gold.csv").write_text("word,filename,type\na,x,synthetic\n")
    return tmp_path


@pytest.fixture
def salmon(tmp_path: Path) -> Path:
    recordings(
        tmp_path / "speaker_consistency", *(f"sample_{k}_{s}" for k in (0, 2, 10) for s in (0, 1))
    )
    recordings(tmp_path / "rir_consistency", "sample_0_0", "sample_0_1")
    (tmp_path / "rir_consistency" / "metadata.json").write_text("[]")
    return tmp_path


def test_words_are_pairs_in_each_voice_and_bands(zerospeech: Path) -> None:
    pairs = [pair for pair in read_pairs(zerospeech) if pair.part == "lexical/dev"]
    assert [(p.positive.stem, p.negative.stem) for p in pairs] == [
        ("aa", "ab"), ("ac", "ad"), ("ae", "af"), ("ag", "ah")
    ]  # fmt: skip
    assert [p.item for p in pairs] == ["1", "1", "2", "3"]
    rows = {row.group: row for row in accuracies("m", pairs, [1.0, 0.0, 1.0, 0.0])}
    assert list(rows) == ["", "oov", "5-19", "in vocabulary", "100+"]
    assert rows[""].interval.mean == 0.5 and (rows[""].pairs, rows[""].items) == (4, 3)
    assert rows["oov"].interval.mean == 0.5 and rows["in vocabulary"].items == 2


@pytest.mark.parametrize(
    "count, band", [(0, "oov"), (1, "1-4"), (4, "1-4"), (5, "5-19"), (20, "20-99"), (100, "100+")]
)
def test_bands_are_cut_as_the_toolkit_cuts_them(tmp_path: Path, count: int, band: str) -> None:
    text = LEXICAL.split("\n")
    (tmp_path / "gold.csv").write_text(
        "\n".join([text[0], text[1].replace(",0,", f",{count},"), text[2]])
    )
    recordings(tmp_path, "aa", "ab")
    (pair,) = read_pairs(tmp_path)
    assert pair.groups == ((band,) if count == 0 else (band, "in vocabulary"))
    assert pair.part == tmp_path.name


def test_sentences_are_told_apart_by_their_type_too(zerospeech: Path) -> None:
    pairs = [pair for pair in read_pairs(zerospeech) if pair.part == "syntactic/dev"]
    assert [(p.positive.stem, p.groups) for p in pairs] == [
        ("ba", ("agreement",)), ("bc", ("binding",))
    ]  # fmt: skip
    assert len({p.item for p in pairs}) == 2


def test_salmon_has_a_folder_for_each_part(salmon: Path) -> None:
    pairs = read_pairs(salmon)
    assert [p.name for p in pairs] == [
        "rir_consistency/0", "speaker_consistency/0", "speaker_consistency/2",
        "speaker_consistency/10",
    ]  # fmt: skip
    last = pairs[-1]
    assert (last.positive.name, last.negative.name) == ("sample_10_0.wav", "sample_10_1.wav")
    assert [p.name for p in read_pairs(salmon / "rir_consistency")] == ["rir_consistency/0"]


@pytest.mark.parametrize(
    "file, text, message",
    [
        ("lexical/dev/gold.csv", LEXICAL.replace("1,ab,A,,blonck,B L AA NG K,5,0\n", ""),
         "id 1, voice A has a recording with correct = 1 alone"),
        ("lexical/dev/gold.csv", LEXICAL.replace("1,ac,B", "1,ac,A"), "lists id 1, voice A twice"),
        ("lexical/dev/gold.csv", LEXICAL.replace("ae", "zz"),
         "lacks 1 of 12 recordings, the first"),
        ("lexical/dev/gold.csv", LEXICAL.replace("A,5,dog", "A,often,dog"),
         'gold.csv:6: wanted a number as frequency, got "often"'),
        ("lexical/dev/gold.csv", LEXICAL.replace("A,5,dog", "A,nan,dog"),
         "gold.csv:6: wanted a number"),
        ("lexical/dev/gold.csv", LEXICAL.replace("A,5,dog", "A,inf,dog"),
         "gold.csv:6: wanted a number"),
        ("lexical/dev/gold.csv", LEXICAL.replace("L AA NG K,5,0", "L AA NG K", 1),
         "gold.csv:3: has not the columns of line 1"),
        ("lexical/dev/gold.csv", LEXICAL.replace("IH K,4,1", "IH K,4,1,1", 1),
         "gold.csv:2: has not the columns of line 1"),
        ("lexical/dev/gold.csv", LEXICAL.replace("1,ab", "1,a\0b"), "gold.csv:[23]: "),
        ("lexical/dev/gold.csv", LEXICAL.replace("blick", "b" * 200_000),
         "gold.csv:.: field larger than"),
        ("lexical/dev/gold.csv", LEXICAL.replace("1,ab", "1,aa"), "gold.csv:2: .* with itself"),
    ],
)  # fmt: skip
def test_a_damaged_list_is_refused(zerospeech: Path, file: str, text: str, message: str) -> None:
    (zerospeech / file).write_text(text)
    with pytest.raises(MeasureError, match=message):
        read_pairs(zerospeech)


def test_what_is_not_text_is_refused(zerospeech: Path, tmp_path: Path) -> None:
    (zerospeech / "lexical/dev/gold.csv").write_bytes(
        LEXICAL.replace("dog", "d\xf6g").encode("cp1252")
    )
    with pytest.raises(MeasureError, match="gold.csv:6: is not text in UTF-8; unpack it again"):
        read_pairs(zerospeech)
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "pairs.jsonl").write_bytes(b'\n{"name": "\xff"}\n')
    with pytest.raises(MeasureError, match="pairs.jsonl:2: is not text in UTF-8"):
        read_pairs(folder)
    words = ("name", "part", "item", "owner", "positive", "negative")
    row = dict.fromkeys(words, "x") | {"positive": "a\0b", "groups": []}  # no file has such a name
    (folder / "pairs.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(MeasureError, match="pairs.jsonl:1: "):
        read_pairs(folder)


def test_damaged_and_empty_folders_are_refused(salmon: Path, tmp_path: Path) -> None:
    (salmon / "rir_consistency" / "sample_0_1.wav").unlink()
    with pytest.raises(MeasureError, match=r"sample 0 has the sides \[0\], wanted 0 and 1"):
        read_pairs(salmon)
    recordings(salmon / "rir_consistency", "sample_0_1", "sample_0_2")
    with pytest.raises(MeasureError, match=r"the sides \[0, 1, 2\]"):
        read_pairs(salmon)
    (tmp_path / "none").mkdir()
    with pytest.raises(MeasureError, match="none holds no pairs: .* vocable data pairs"):
        read_pairs(tmp_path / "none")
    (tmp_path / "none" / "pairs.jsonl").write_text('{"name": "a"}\n')
    with pytest.raises(MeasureError, match=r"pairs.jsonl:1: wanted a JSON object with name, part"):
        read_pairs(tmp_path / "none")
