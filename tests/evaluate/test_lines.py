"""Results in lines: one process adds, what was broken off goes, what is damaged is named."""

import json

import pytest

from vocable.errors import FormatError
from vocable.evaluate.lines import LineFile, read_lines


def test_lines_come_back_in_order_and_a_torn_one_goes(tmp_path):
    path = tmp_path / "new" / "r.jsonl"
    file = LineFile(path)
    for n in range(3):
        file.add({"n": n, "word": "süß"})
    file.close()
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"n": 3, "wo')
    assert [row["n"] for row in read_lines(path, dict)] == [0, 1, 2]
    again = LineFile(path)
    assert path.read_bytes() == whole
    again.add({"n": 4})
    assert [row["n"] for row in read_lines(path, dict)] == [0, 1, 2, 4]


def test_one_process_has_it_at_a_time(tmp_path):
    first = LineFile(tmp_path / "r.jsonl")
    with pytest.raises(FileExistsError, match="another run is writing to .*; wait for it"):
        LineFile(tmp_path / "r.jsonl")
    first.close()
    LineFile(tmp_path / "r.jsonl").close()


@pytest.mark.parametrize("line", ["no json", "[1]", json.dumps({"m": 1}), "3"])
def test_a_line_that_cannot_be_read_is_named(line, tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps({"n": 0}) + "\n" + line + "\n")
    with pytest.raises(FormatError, match=r"r\.jsonl:2 is not a result of this version"):
        list(read_lines(path, lambda row: row["n"] if isinstance(row, dict) else row.items()))
