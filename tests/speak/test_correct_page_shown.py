"""The page to correct by ear: what it shows, what it lets through, what it costs."""

from __future__ import annotations

import shutil

import pytest

from tests.browser import Browser
from tests.speak.correcting import (
    ENTER,
    in_a_browser,
    opened,
    reload,
    saved,
    text_of,
)
from tests.speak.made_set import TEXTS, make_set, rows_of
from vocable.speak.prepare.correct import correct
from vocable.speak.prepare.page import write_page

pytestmark = in_a_browser
HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    '<img src=x onerror="window.hacked = 1"> & "quotes" <!-- ',
    "two\nlines\tand a tab \u2028 here",
    "🎻 music 👩‍👧 & emoji",
    "שלום עולם, זה canoe בעברית",
    '"a quote at its beginning", she said',
)


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
