"""Processes that die cost nothing, and what kills them is found."""

import os
from pathlib import Path

import pytest

from tests.corpus.dying import LENGTH, serve
from vocable.corpus.messages import Done
from vocable.corpus.pieces import Piece
from vocable.corpus.pool import Pool
from vocable.errors import VocableError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
PIECES = [Piece(number, "files") for number in range(3)]


def run(
    count: int, deadly: set[tuple[int, int]] | None = None, once: str = "", error: str = ""
) -> dict[int, Done]:
    with Pool(count, serve, deadly or set(), once, error) as pool:
        found = [done for _, done in pool.run(iter(PIECES))]
    assert sorted(done.piece for done in found) == sorted({done.piece for done in found})
    return {done.piece: done for done in found}


def test_a_process_that_is_killed_costs_nothing(tmp_path: Path) -> None:
    found = run(2, once=str(tmp_path / "once"))
    assert [found[k].recordings for k in range(3)] == [LENGTH] * 3


def test_a_recording_that_kills_is_found_and_left_out() -> None:
    found = run(1, {(1, 2)})
    assert [found[k].recordings for k in range(3)] == [LENGTH, LENGTH - 1, LENGTH]


def test_a_reason_that_lies_in_no_recording_stops_all() -> None:
    with pytest.raises(VocableError, match="no space left"):
        run(2, error="no space left on the disk")
