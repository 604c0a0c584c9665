"""Corrections are applied to a prepared set: wholly, or not at all; and undone by older ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.calls import call, results
from tests.speak.made_set import TEXTS, make_set, rows_of
from vocable.atomic import Replacement
from vocable.errors import RecipeError
from vocable.speak.prepare.correct import Corrected, correct
from vocable.speak.prepare.page import write_page
from vocable.speak.prepare.set import PreparedSet

ONE, TWO, THREE, FOUR = (f"audio/talk-{n:04}.flac" for n in (1, 2, 3, 4))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set with everything that `prepare` writes."""
    made = make_set(tmp_path / "set", sound=False)
    PreparedSet.read(made).save()
    write_page(made)
    return made


def table(folder: Path, texts: dict[str, str]) -> Path:
    path = folder.parent / "corrections.tsv"
    lines = (f"{file}\t{text}\n" for file, text in texts.items())
    path.write_text("file\ttext\n" + "".join(lines), "utf-8")
    return path


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def about(folder: Path) -> dict:
    return json.loads((folder / "set.json").read_text("utf-8"))


def test_texts_change_words_keep_their_times_and_an_empty_text_drops(folder):
    before = rows_of(folder)
    found = correct(
        folder, table(folder, {ONE: "The birch kanu slid, on planks.", TWO: "", THREE: TEXTS[2]})
    )
    assert found == Corrected(changed=1, dropped=1, restored=0, unchanged=2)
    after = rows_of(folder)
    assert list(after) == [ONE, THREE, FOUR]
    assert after[THREE] == before[THREE] and after[FOUR] == before[FOUR]
    words = {each["word"]: each for each in before[ONE]["words"]}
    kept = after[ONE]["words"]
    assert [each["word"] for each in kept] == ["The", "birch", "slid,", "on", "planks."]
    assert kept[2] == {**words["slid"], "word": "slid,"} and kept[4] == words["planks."]
    rest = set(before[ONE]) - {"text", "words"}
    assert {name: after[ONE][name] for name in rest} == {name: before[ONE][name] for name in rest}
    assert about(folder)["dropped"] == [TWO]
    assert (folder / TWO).exists()  # the sound stays
    transcript = (folder / "transcript.tsv").read_text("utf-8").splitlines()
    assert transcript[1] == f"{ONE}\tThe birch kanu slid, on planks.\tplanks."
    assert len(transcript) == 4 and PreparedSet.read(folder).about.dropped == (TWO,)


def test_an_older_table_undoes_a_newer_one_to_the_byte(folder, tmp_path):
    before = files_of(folder)
    older = tmp_path / "older.tsv"
    older.write_bytes(before["transcript.tsv"])
    correct(folder, table(folder, {ONE: "something else", TWO: "", FOUR: "These days a chicken"}))
    correct(folder, table(folder, {ONE: "and again", THREE: ""}))
    assert correct(folder, older) == Corrected(changed=2, dropped=0, restored=2, unchanged=0)
    after = files_of(folder)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {"heard.jsonl", "report.md"}


def test_what_is_applied_twice_changes_nothing(folder):
    path = table(folder, {ONE: "something else", TWO: ""})
    correct(folder, path)
    before = files_of(folder)
    assert correct(folder, path) == Corrected(0, 0, 0, 3)
    assert files_of(folder) == before


def test_words_that_come_back_have_their_times_again(folder):
    before = rows_of(folder)[ONE]
    correct(folder, table(folder, {ONE: "The kanu slid"}))
    correct(folder, table(folder, {ONE: "The birch canoe slid"}))
    assert rows_of(folder)[ONE]["words"] == before["words"][:4]


def test_an_edited_transcript_is_a_table_too(folder):
    path = folder / "transcript.tsv"
    path.write_text(path.read_text("utf-8").replace("canoe slid", "kanu slid", 1), "utf-8")
    assert correct(folder, path).changed == 1
    assert rows_of(folder)[ONE]["text"] == "The birch kanu slid on the smooth planks."


def test_a_text_with_line_breaks_that_nobody_touched_stays(tmp_path):
    made = make_set(tmp_path / "set", ("two\nlines", '"quoted"', "plain"), sound=False)
    PreparedSet.read(made).save()
    assert correct(made, made / "transcript.tsv") == Corrected(0, 0, 0, 3)
    assert [row["text"] for row in rows_of(made).values()] == ["two\nlines", '"quoted"', "plain"]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({ONE: "new", "audio/b.flac": "x"}, 'file "audio/b.flac", which the set has not; nearest'),
        ({ONE: "new", "a": "x", "b": "y"}, '"a", which the set has not, nor 1 more of it; known: '),
        ({ONE: "new", "audio/talk-1.flac": "x"}, 'nearest: "audio/talk-000'),
        (dict.fromkeys((ONE, TWO, THREE, FOUR), ""), "has no text at all, which would drop all of"),
    ],
)  # fmt: skip
def test_nothing_is_applied_if_anything_is_wrong(folder, texts, message):
    before = files_of(folder)
    with pytest.raises(RecipeError, match=message):
        correct(folder, table(folder, texts))
    assert files_of(folder) == before


def test_a_full_disk_leaves_the_set_as_it_was(folder, monkeypatch):
    before = files_of(folder)
    write = Path.write_text

    def full(self: Path, *args: object, **settings: object) -> int:
        if "correct.html" in self.name:
            raise OSError(28, "No space left on device", str(self))
        return write(self, *args, **settings)

    path = table(folder, {ONE: "new"})
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        correct(folder, path)
    assert files_of(folder) == before


@pytest.mark.parametrize("files", range(6))
def test_a_crash_between_two_files_loses_no_snippet(folder, monkeypatch, files):
    """Whatever has taken its place, the same table makes the same set."""
    first, second = {ONE: "new", TWO: ""}, {ONE: TEXTS[0], TWO: TEXTS[1], THREE: ""}
    correct(folder, table(folder, first))
    commit, done = Replacement.commit, []

    def crash(self: Replacement) -> None:
        if len(done) == files:
            raise KeyboardInterrupt
        done.append(self.target.name)
        commit(self)

    monkeypatch.setattr(Replacement, "commit", crash)
    with pytest.raises(KeyboardInterrupt):
        correct(folder, table(folder, second))
    monkeypatch.undo()
    correct(folder, table(folder, second))
    assert [row["text"] for row in rows_of(folder).values()] == [TEXTS[0], TEXTS[1], TEXTS[3]]
    assert list(PreparedSet.read(folder).about.dropped) == [THREE]
    after = files_of(folder)
    assert THREE not in after["transcript.tsv"].decode()
    write_page(folder)
    assert files_of(folder) == after


def test_a_damaged_heard_file_is_named(folder):
    correct(folder, table(folder, {ONE: "new"}))
    (folder / "heard.jsonl").write_text('{"file_name": 1}\n')
    with pytest.raises(RecipeError, match=r"heard\.jsonl:1 is damaged .*; prepare the set again"):
        correct(folder, table(folder, {ONE: "newer"}))


def test_the_page_of_a_corrected_set_has_its_texts_and_the_dropped(folder):
    correct(folder, table(folder, {ONE: "brand-new text", TWO: ""}))
    page = (folder / "correct.html").read_text("utf-8")
    assert "brand-new text" in page and "The birch canoe" not in page
    assert f'"{TWO}"' in page and page.count('"dropped":true') == 1


def test_the_command_says_what_it_did(folder):
    path = table(folder, {ONE: "new", TWO: ""})
    assert (
        call("speak", "correct", folder, path).output
        == f"{folder}  1 changed, 1 dropped, 2 unchanged\n"
    )
    path = table(folder, {TWO: TEXTS[1]})
    assert (
        call("speak", "correct", folder, path).output
        == f"{folder}  0 changed, 0 dropped, 1 restored, 3 unchanged\n"
    )
    (said,) = results("speak", "correct", folder, path)
    assert said == {"set": str(folder), "changed": 0, "dropped": 0, "restored": 0, "unchanged": 4}


def test_the_command_refuses_in_one_line(folder, tmp_path):
    gone = tmp_path / "gone.tsv"
    refused = call("speak", "correct", folder, gone, code=2).output
    assert refused == f"error: {gone}: no such file or directory\n"
    refused = call("speak", "correct", tmp_path, table(folder, {ONE: "x"}), code=2).output
    assert (
        refused.startswith(f"error: {tmp_path} is not a prepared set") and refused.count("\n") == 1
    )
