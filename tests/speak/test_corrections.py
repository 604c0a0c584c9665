"""Tables of texts as our page, editors and spreadsheet programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from vocable.errors import RecipeError
from vocable.speak.prepare.corrections import read_corrections

TEXT = "file\ttext\na\tCafé “oui” 🎻\nb\t\n"
WANTED = {"a": "Café “oui” 🎻", "b": ""}


def written(folder: Path, data: bytes | str) -> Path:
    path = folder / "corrections.tsv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.rstrip("\n").encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.encode("utf-16"),  # Excel's "Unicode text"
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        (TEXT + "\n\t\t\n").encode(),
        b"file\ttext\tunsure\n" + "a\tCafé “oui” 🎻\toui\nb\t\t\n".encode(),
        b"unsure\tText\tFILE\n" + "oui\tCafé “oui” 🎻\ta\n\t\tb".encode(),
        b'"file"\t"text"\n' + '"a"\t"Café “oui” 🎻"\n"b"\t""\n'.encode(),
        b"file\ttext\n" + "a\t  Café  “oui” \u2028🎻 \nb".encode(),  # an editor took a tab off
    ],
    ids=lambda data: repr(data[:24]),
)  # fmt: skip
def test_all_forms_of_a_table_give_its_texts(tmp_path, data):
    assert read_corrections(written(tmp_path, data)) == WANTED


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ('say "hi"', 'say "hi"'),
        ('"say ""hi"""', 'say "hi"'),
        ('"""Hi"""', '"Hi"'),
        ('"Hi," she said', '"Hi," she said'),
        ('"', '"'),
        ("'tis <b>&amp;", "'tis <b>&amp;"),
        ("=1+1", "=1+1"),
    ],
)
def test_quotes_are_those_of_spreadsheets_only_around_a_whole_field(tmp_path, field, text):
    assert read_corrections(written(tmp_path, f"file\ttext\na\t{field}\n")) == {"a": text}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", 'begins with an empty line; its first line has to name the columns "file" and "text"'),
        ("a\tb\n", 'begins with "a b"; its first line has to name'),
        ("file,text\na,b\n", 'begins with "file,text"; save it with tabs between the columns'),
        ("file;text;unsure\n", "save it with tabs between the columns"),
        ("file\ttext\na\tone\ttwo\n", ":2 has 3 columns, the first line 2; take the tab out"),
        ("file\ttext\na\tx\nb\ty\na\tz\n", ":4 has a again, after line 2; keep one of them"),
        (b"file\ttext\na\tcaf\xe9\n", r":2 is not UTF-8 \(byte 0xe9\); save it as UTF-8 again"),
        (TEXT.encode("utf-16-le"), "is not text; name corrections.tsv"),
        (b"PK\x03\x04\0\0", "is not text; name corrections.tsv"),
    ],
)
def test_another_file_is_refused_in_one_line(tmp_path, data, message):
    with pytest.raises(RecipeError, match=message) as caught:
        read_corrections(written(tmp_path, data))
    assert "\n" not in str(caught.value) and "corrections.tsv" in str(caught.value)
