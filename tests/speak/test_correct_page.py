"""The page to correct by ear, in a real browser, opened from the disk and driven by its keys."""

from __future__ import annotations

from tests.speak.correcting import (
    DOWN,
    ENTER,
    ESCAPE,
    UP,
    counts,
    in_a_browser,
    opened,
    reload,
    saved,
    select,
    shown,
    text_of,
)
from tests.speak.made_set import TEXTS, rows_of
from vocable.speak.prepare.correct import correct

pytestmark = in_a_browser


def test_corrected_by_keys_reloaded_saved_and_applied(browser, tmp_path):
    folder = opened(browser, tmp_path / "anna's set")
    assert shown(browser) == 1 and text_of(browser) == TEXTS[0]
    assert counts(browser) == "0 done, 4 left, 0 changed"
    select(browser, "canoe")
    browser.write("kanu")
    browser.press("Enter", ENTER)  # done, next
    assert shown(browser) == 2
    browser.press("x", held="Alt")  # drop
    browser.press("ArrowDown", DOWN, held="Alt")
    assert shown(browser) == 3
    browser.press("Enter", ENTER)
    assert counts(browser) == "3 done, 1 left, 1 changed"
    browser.write("Well: ")

    reload(browser)
    assert shown(browser) == 4  # the first that is not done
    assert text_of(browser) == f"Well: {TEXTS[3]}"
    assert counts(browser) == "3 done, 1 left, 2 changed"
    browser.press("ArrowUp", UP, held="Alt")
    browser.press("ArrowUp", UP, held="Alt")
    assert "Dropped" in browser.run("$('hint').textContent")
    assert browser.run("[...document.querySelectorAll('.is-dropped')].length") == 1

    table = saved(browser)
    assert table.read_bytes().decode() == (
        "file\ttext\n"
        "audio/talk-0001.flac\tThe birch kanu slid on the smooth planks.\n"
        "audio/talk-0002.flac\t\n"
        f"audio/talk-0003.flac\t{TEXTS[2]}\n"
        f"audio/talk-0004.flac\tWell: {TEXTS[3]}\n"
    )
    command = browser.run("$('command').textContent")
    assert command == """vocable speak correct 'anna'"'"'s set' corrections.tsv"""
    found = correct(folder, table)
    assert (found.changed, found.dropped, found.unchanged) == (2, 1, 1)
    rows = rows_of(folder)
    assert [each["text"] for each in rows.values()] == [
        "The birch kanu slid on the smooth planks.", TEXTS[2], f"Well: {TEXTS[3]}"
    ]  # fmt: skip

    browser.open((folder / "correct.html").as_uri())  # the page that `correct` has written
    assert counts(browser) == "3 done, 1 left, 0 changed"
    browser.run("go(1)")
    browser.press("x", held="Alt")  # keep it after all
    again = browser.run("work.table()")
    assert f"audio/talk-0002.flac\t{TEXTS[1]}\n" in again
    assert browser.faults == []
    assert all(url.startswith(("file:", "blob:", "data:")) for url in browser.asked)


def test_unsure_words_are_marked_found_played_and_lose_their_mark(browser, tmp_path):
    opened(browser, tmp_path / "set")
    marks = "[...document.querySelectorAll('#mirror .unsure')].map((each) => each.textContent)"
    chips = "[...document.querySelectorAll('#words button')].map((each) => each.textContent)"
    selected = "$('text').value.slice($('text').selectionStart, $('text').selectionEnd)"
    assert browser.run(marks) == browser.run(chips) == ["canoe", "planks"]
    browser.write("So: ")  # before them: the marks move on
    assert browser.run(marks) == ["canoe", "planks"]
    browser.press("u", held="Alt")
    assert browser.run(selected) == "canoe"
    browser.until("!player.audio.paused && player.audio.currentTime > 0.3")
    browser.write("kanu")
    assert browser.run(marks) == ["planks"]
    browser.press("u", held="Alt")
    assert browser.run(selected) == "planks"
    browser.until("!player.audio.paused && player.audio.currentTime > 0.9")
    browser.press("u", held="Alt")  # the second snippet has none
    assert shown(browser) == 3 and browser.run(selected) == "depth"
    browser.press("u", held="Alt")
    browser.press("u", held="Alt")
    assert shown(browser) == 4
    assert "No unsure word is left" in browser.run("$('said').textContent")
    browser.run("go(0, { play: false })")
    browser.click("#words button")
    assert browser.run(selected) == "planks"
    assert browser.run("player.audio.error") is None and browser.faults == []


def test_play_pause_and_again_from_earlier(browser, tmp_path):
    opened(browser, tmp_path / "set")
    browser.press("Escape", ESCAPE)  # browsers let Escape begin no sound
    browser.until("$('said').textContent.includes('Click on Play')")
    browser.click("#play")
    browser.until("player.audio.currentTime > 0.2")
    browser.press("Escape", ESCAPE)
    assert browser.run("player.audio.paused")
    browser.press("Escape", ESCAPE)
    browser.until("player.audio.ended")
    browser.press("r", held="Alt")
    browser.until("!player.audio.paused && player.audio.currentTime < 1.5")
    browser.run("player.playFrom(1.99)")  # Chromium fails on the end of a FLAC
    browser.until("player.audio.ended && !player.audio.error")
    browser.run("($('speed').value = '2', $('speed').onchange(), go(1))")
    browser.until("!player.audio.paused")
    assert browser.run("player.audio.playbackRate") == 2


def test_undo_goes_back_over_snippets_and_forth_again(browser, tmp_path):
    opened(browser, tmp_path / "set")
    browser.write("Oh. ")
    browser.press("Enter", ENTER)
    browser.press("x", held="Alt")
    browser.press("z", held="Control")
    assert shown(browser) == 2 and browser.run("work.isDropped(1)") is False
    browser.press("z", held="Control")  # not done
    browser.press("z", held="Control")  # not typed
    assert shown(browser) == 1 and text_of(browser) == TEXTS[0]
    assert counts(browser) == "0 done, 4 left, 0 changed"
    assert browser.run("localStorage.length") == 0
    browser.press("z", held="Control Shift")
    assert text_of(browser) == f"Oh. {TEXTS[0]}"
    browser.press("y", held="Control")
    browser.press("y", held="Control")
    assert counts(browser) == "2 done, 2 left, 1 changed"
    assert browser.run("work.isDropped(1)")


def test_filters_show_some_and_hide_nothing_that_is_being_corrected(browser, tmp_path):
    opened(browser, tmp_path / "set")
    rows = "rows.flatMap((row, n) => (row.hidden ? [] : [n + 1]))"
    labels = "[...document.querySelectorAll('#filter b')].map((each) => each.textContent)"
    assert browser.run(labels) == ["4", "3", "0", "0"]
    browser.click("#filter label:nth-of-type(2)")
    assert browser.run(rows) == [1, 3, 4]
    browser.press("ArrowDown", DOWN, held="Alt")
    assert shown(browser) == 3
    select(browser, "depth")
    browser.write("death")
    assert browser.run(labels) == ["4", "2", "1", "0"] and browser.run(rows) == [1, 3, 4]
    browser.click("#filter label:nth-of-type(3)")
    assert browser.run(rows) == [3]
    browser.click("#filter label:nth-of-type(4)")
    assert browser.run(rows) == [] and not browser.run("$('none').hidden")
    browser.press("x", held="Alt")  # there is nothing to drop
    browser.click("#filter label:nth-of-type(1)")
    assert browser.run(rows) == [1, 2, 3, 4] and shown(browser) == 1
    assert browser.faults == []


def test_pasted_lines_come_on_one_line_and_a_text_of_spaces_drops(browser, tmp_path):
    opened(browser, tmp_path / "set")
    browser.run("$('text').select()")
    browser.write("one\ntwo\tthree")
    assert text_of(browser) == "one two three"
    browser.run("$('text').select()")
    browser.write("   ")
    assert "without text" in browser.run("$('hint').textContent")
    assert "audio/talk-0001.flac\t\n" in browser.run("work.table()")
    browser.press("x", held="Alt")  # drop it, then keep it: what was heard comes back
    browser.press("x", held="Alt")
    assert text_of(browser) == TEXTS[0]


def test_letters_of_other_alphabets_work_as_keys_and_composing_is_left_alone(browser, tmp_path):
    opened(browser, tmp_path / "set")
    press = (
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, %s}))"
    )
    browser.run(press % "key: 'Enter', isComposing: true")
    assert shown(browser) == 1
    browser.run(press % "key: 'ч', code: 'KeyX', altKey: true")
    assert browser.run("work.isDropped(0)")
    browser.run(press % "key: '≈', code: 'KeyX', altKey: true")  # Option on a Mac
    assert not browser.run("work.isDropped(0)")
    browser.run(press % "key: 'x', code: 'KeyX', altKey: true, ctrlKey: true")  # AltGr on Windows
    assert not browser.run("work.isDropped(0)")


def test_what_is_kept_is_of_one_recording_and_stays_with_it(browser, tmp_path):
    """Pages from a disk share what the browser keeps; names of files are alike in most sets."""
    opened(browser, tmp_path / "one")
    browser.write("Oh. ")
    opened(browser, tmp_path / "two", TEXTS[1:])
    assert text_of(browser) == TEXTS[1]
    (tmp_path / "one").rename(tmp_path / "elsewhere")
    browser.open((tmp_path / "elsewhere" / "correct.html").as_uri())
    assert text_of(browser) == f"Oh. {TEXTS[0]}"
