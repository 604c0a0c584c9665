"""The page to correct by ear, in a real browser, opened from the disk and driven by its keys."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import PROGRAM, Browser
from tests.speak.made_set import TEXTS, make_set, rows_of
from vocable.speak.prepare.correct import correct
from vocable.speak.prepare.page import write_page

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="there is no chromium"),
    pytest.mark.timeout(120),
]
ENTER, ESCAPE, UP, DOWN = 13, 27, 38, 40
HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    '<img src=x onerror="window.hacked = 1"> & "quotes" <!-- ',
    "two\nlines\tand a tab \u2028 here",
    "🎻 music 👩‍👧 & emoji",
    "שלום עולם, זה canoe בעברית",
    '"a quote at its beginning", she said',
)


@pytest.fixture(scope="module")
def one_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.fixture
def browser(one_browser: Browser, tmp_path: Path) -> Browser:
    """The browser, which has kept nothing yet."""
    empty = tmp_path / "empty.html"
    empty.write_text("<title>empty</title>")
    one_browser.resize(1000, 800)
    one_browser.open(empty.as_uri())
    one_browser.run("localStorage.clear()")
    one_browser.faults.clear()
    one_browser.asked.clear()
    for old in one_browser.downloads.iterdir():
        old.unlink()
    return one_browser


def opened(browser: Browser, folder: Path, texts: tuple[str, ...] = TEXTS) -> Path:
    """Open the page of a new set."""
    write_page(make_set(folder, texts))
    browser.open((folder / "correct.html").as_uri())
    return folder


def reload(browser: Browser) -> None:
    browser.run("window.old = true")
    browser.call("Page.reload")
    browser.until("!window.old && document.readyState === 'complete'")


def text_of(browser: Browser) -> str:
    return browser.run("$('text').value")


def shown(browser: Browser) -> int:
    """Return the number of the open snippet, as the page says it."""
    return int(browser.run("$('number').textContent").split()[0])


def counts(browser: Browser) -> str:
    return re.sub(r"\s+·\s+", ", ", browser.run("$('counts').textContent"))


def saved(browser: Browser) -> Path:
    browser.press("s", held="Control")
    end = time.monotonic() + 10
    while not (found := list(browser.downloads.glob("corrections*.tsv"))):
        assert time.monotonic() < end, "nothing was downloaded"
        time.sleep(0.05)
        browser.run("1")
    return found[0]


def select(browser: Browser, word: str) -> None:
    at = text_of(browser).index(word)
    browser.run(f"$('text').setSelectionRange({at}, {at + len(word)})")


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


def test_the_mirror_stands_exactly_under_the_field(browser, tmp_path):
    """Marks are seen under their words only if both break their lines alike."""
    long = " ".join([*TEXTS, "word" * 60, "🎻", *TEXTS])
    opened(browser, tmp_path / "set", (long, "short"))
    for width in (1000, 375):
        browser.resize(width, 800)
        assert browser.run("$('text').scrollHeight <= $('text').clientHeight + 1")
        same = "((a, b) => a.width === b.width && a.height === b.height && a.top === b.top)"
        boxes = "($('text').getBoundingClientRect(), $('mirror').getBoundingClientRect())"
        assert browser.run(same + boxes)
        styles = browser.run(
            "['font', 'lineHeight', 'letterSpacing', 'whiteSpace', 'overflowWrap', 'padding',"
            " 'borderWidth', 'unicodeBidi', 'textAlign'].filter((name) =>"
            " getComputedStyle($('text'))[name] !== getComputedStyle($('mirror'))[name])"
        )
        assert styles == []


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


def test_no_text_and_no_name_becomes_markup_or_script(browser, tmp_path):
    folder = make_set(tmp_path / "<img src=x onerror=hacked()>", HOSTILE, name="a<b>&'\"#?%41")
    write_page(folder)
    browser.open((folder / "correct.html").as_uri())
    assert browser.run("document.scripts.length") == 1
    assert (
        browser.run("document.querySelectorAll('main img, main script, h1 *, bdi *').length") == 0
    )
    for n, text in enumerate(HOSTILE):
        browser.run(f"go({n}, {{ play: false }})")
        assert text_of(browser) == " ".join(text.split())
        browser.until("player.audio.readyState > 1")  # so its file is found
    assert browser.run("$('source').textContent") == "a<b>&'\"#?%41.mp3"
    browser.write('<b onclick="window.hacked = 1">bold</b>')
    browser.press("Enter", ENTER)
    assert browser.run("window.hacked") is None and browser.faults == []
    assert correct(folder, saved(browser)).changed == 1
    texts = [each["text"] for each in rows_of(folder).values()]
    assert texts[:5] == list(HOSTILE[:5])  # what is not changed keeps its line breaks too
    assert texts[5] == '<b onclick="window.hacked = 1">bold</b>' + HOSTILE[5]


def test_its_policy_lets_nothing_else_run_or_load(browser, tmp_path):
    opened(browser, tmp_path / "set")
    code = (
        "(() => { const s = document.createElement('script'); s.textContent = 'window.hacked = 1';"
        " document.body.append(s);"
        " document.body.insertAdjacentHTML('beforeend', '<i onclick=\"window.hacked = 1\">i</i>');"
        " document.querySelector('body > i').click(); return window.hacked })()"
    )
    assert browser.run(code) is None
    assert browser.run("fetch('https://example.org').then(() => 1, () => 0)") == 0
    assert not any(url.startswith("http") for url in browser.asked)


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


def test_it_can_be_used_by_keyboard_and_screen_reader(browser, tmp_path):
    opened(browser, tmp_path / "set")
    assert browser.run("document.activeElement.id") == "text"
    nameless = browser.run(
        "[...document.querySelectorAll('button, input, select, textarea, progress')]"
        ".filter((each) => !(each.ariaLabel || each.labels?.[0]?.innerText || each.innerText))"
        ".map((each) => each.outerHTML)"
    )
    assert nameless == []
    met = []
    for _ in range(4):
        browser.press("Tab", 9)
        met.append(browser.run("document.activeElement.id || document.activeElement.textContent"))
    assert met[:4] == ["canoe", "planks", "drop", "done"]  # there is nothing to undo
    assert browser.run("document.querySelectorAll('[aria-current=true]').length") == 1


CONTRAST = """(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = (each) => {
    for (; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color[3] !== 0) return color;
    }
  };
  const texts = [...document.querySelectorAll('body *')].filter((each) => each.offsetParent
    && !each.closest('#mirror') && !each.disabled
    && [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return texts.map((each) => {
    const [a, b] = [light(parse(getComputedStyle(each).color)), light(ground(each))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), each.outerHTML.slice(0, 60)];
  }).filter(([ratio]) => ratio < 4.5);
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_letters_stand_out(browser, tmp_path, scheme):
    opened(browser, tmp_path / "set")
    feature = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.call("Emulation.setEmulatedMedia", features=feature)
    browser.press("Enter", ENTER)
    browser.press("x", held="Alt")
    browser.run("(go(2, { play: false }), save())")
    assert browser.run(CONTRAST) == []
    browser.call("Emulation.setEmulatedMedia", features=[])


def test_it_fits_a_telephone(browser, tmp_path):
    opened(browser, tmp_path / "set", (*TEXTS, "a" * 200))
    browser.resize(375, 700)
    browser.run("save()")
    assert browser.run("document.documentElement.scrollWidth") <= 375
    browser.run("go(4, { play: false })")
    assert browser.run("document.documentElement.scrollWidth") <= 375
    heights = "[...document.querySelectorAll('#editor button')].map((each) => each.offsetHeight)"
    assert min(height for height in browser.run(heights) if height) >= 36


def test_two_thousand_snippets_open_and_move_without_lag(browser, tmp_path):
    """In processor time of the page, which other programs do not lengthen."""
    write_page(make_set(tmp_path / "set", TEXTS * 500, sound=False))
    browser.call("Performance.enable", timeDomain="threadTicks")
    before = spent(browser)
    browser.open((tmp_path / "set" / "correct.html").as_uri())
    assert browser.run("document.querySelectorAll('#list > li').length") == 2000
    opened_in = spent(browser) - before
    moved = each_of(browser, "move(1, { play: false })")
    typed = each_of(browser, "($('text').value += ' x', editor.typed())")
    browser.call("Performance.disable")
    print(f"opened in {opened_in:.2f} s, moved in {moved:.3f} s, typed in {typed:.3f} s")
    assert opened_in < 3 and moved < 0.3 and typed < 0.15


def spent(browser: Browser) -> float:
    """Return the seconds of processor time that the page has taken so far."""
    metrics = browser.call("Performance.getMetrics")["metrics"]
    return next(each["value"] for each in metrics if each["name"] == "TaskDuration")


def each_of(browser: Browser, code: str) -> float:
    """Return the seconds that an expression takes, with what it has laid out anew."""
    before = spent(browser)
    for _ in range(5):
        browser.run(f"({code}, document.body.offsetHeight)")
    return (spent(browser) - before) / 5


def test_a_page_without_its_audio_says_so(browser, tmp_path):
    folder = opened(browser, tmp_path / "set")
    shutil.rmtree(folder / "audio")
    reload(browser)
    browser.until("!$('trouble').hidden")
    assert "the folder “audio” is not beside it" in browser.run("$('trouble').textContent")


def test_a_browser_that_keeps_nothing_is_warned_of_and_still_works(browser, tmp_path):
    denied = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })"
    script = browser.call("Page.addScriptToEvaluateOnNewDocument", source=denied)
    opened(browser, tmp_path / "set")
    browser.call("Page.removeScriptToEvaluateOnNewDocument", **script)
    assert "save before you close" in browser.run("$('trouble').textContent")
    browser.write("Oh. ")
    browser.press("Enter", ENTER)
    assert f"Oh. {TEXTS[0]}" in saved(browser).read_text() and browser.faults == []


def test_what_is_kept_is_of_one_recording_and_stays_with_it(browser, tmp_path):
    """Pages from a disk share what the browser keeps; names of files are alike in most sets."""
    opened(browser, tmp_path / "one")
    browser.write("Oh. ")
    opened(browser, tmp_path / "two", TEXTS[1:])
    assert text_of(browser) == TEXTS[1]
    (tmp_path / "one").rename(tmp_path / "elsewhere")
    browser.open((tmp_path / "elsewhere" / "correct.html").as_uri())
    assert text_of(browser) == f"Oh. {TEXTS[0]}"
