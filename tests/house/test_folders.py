"""What a search of folders finds, by which names, and what it says it left out."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from vocable.folders import Found, search

links = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def found_in(root: Path) -> tuple[list[str], Found]:
    found = search(root, (".wav", ".flac"))
    return [Path(name).relative_to(root).as_posix() for name in found.files], found


def test_files_are_found_by_ending_in_the_order_of_their_paths(tmp_path: Path) -> None:
    make(tmp_path, "b/2.wav", "b/1.FLAC", "b.wav", "a/deep/er.wav", "c.txt")
    names, _ = found_in(tmp_path)
    assert names == ["a/deep/er.wav", "b/1.FLAC", "b/2.wav", "b.wav"]


@links
def test_links_are_followed_and_names_are_as_seen(tmp_path: Path) -> None:
    make(tmp_path, "store/spk1/1.wav", "store/blob", "set/top.wav")
    (tmp_path / "set/spk1").symlink_to("../store/spk1")
    (tmp_path / "set/spk7.wav").symlink_to("../store/blob")
    (tmp_path / "store/spk1/more").symlink_to("../../deep")
    make(tmp_path, "deep/2.wav")
    names, found = found_in(tmp_path / "set")
    assert names == ["spk1/1.wav", "spk1/more/2.wav", "spk7.wav", "top.wav"]
    assert found.left_out == ""
    (tmp_path / "linked").symlink_to("set")
    assert found_in(tmp_path / "linked")[0] == names


@links
def test_a_folder_is_searched_once_by_its_own_name_where_it_has_one(tmp_path: Path) -> None:
    make(tmp_path, "set/real/1.wav", "store/2.wav", "store/in/3.wav")
    (tmp_path / "set/a").symlink_to("real")
    (tmp_path / "set/b").symlink_to("../store/in")
    (tmp_path / "set/c").symlink_to("../store")
    names, found = found_in(tmp_path / "set")
    assert names == ["b/3.wav", "c/2.wav", "real/1.wav"]
    again = f"{tmp_path / 'set/a'}, {tmp_path / 'set/c/in'}"
    assert found.left_out == f"2 folders searched by another name ({again})"


@links
def test_circles_end_and_are_named(tmp_path: Path) -> None:
    make(tmp_path, "other.wav", "set/x/1.wav")
    for name, target in (("set/x/up", ".."), ("set/out", ".."), ("set/self", ".")):
        (tmp_path / name).symlink_to(target)
    (tmp_path / "set/dead").symlink_to("dead")
    names, found = found_in(tmp_path / "set")
    assert names == ["x/1.wav"]
    assert len(found.circles) == 3
    assert "3 links to folders around them" in found.left_out


def test_what_is_left_out_is_counted_by_ending(tmp_path: Path) -> None:
    make(tmp_path, "1.wav", "a.TXT", "b.txt", "x.jsonl", "README", ".hidden", "d/.DS_Store")
    _, found = found_in(tmp_path)
    assert found.left_out == "2 .txt, 1 .jsonl, 1 without an ending"
    make(tmp_path, *(f"x.{kind}" for kind in "abcdef"))
    left_out = found_in(tmp_path)[1].left_out
    assert left_out == "2 .txt, 1 .a, 1 .b, 1 .c, 1 .d and 4 more"


@links
def test_a_link_that_leads_nowhere_is_found_and_a_pipe_is_not(tmp_path: Path) -> None:
    (tmp_path / "gone.wav").symlink_to("nothing")
    os.mkfifo(tmp_path / "pipe.wav")
    names, found = found_in(tmp_path)
    assert names == ["gone.wav"]
    assert found.left_out == f"1 pipe or device ({tmp_path / 'pipe.wav'})"


def test_a_folder_that_cannot_be_listed_is_named(
    tmp_path: Path, unlistable: Callable[[str], None]
) -> None:
    make(tmp_path, "a/1.wav", "b/2.wav")
    unlistable("b")
    names, found = found_in(tmp_path)
    assert names == ["a/1.wav"]
    assert [error.filename for error in found.unread] == [str(tmp_path / "b")]
