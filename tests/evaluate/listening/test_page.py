"""The page in a real browser, opened from the disk: a whole session, and what is heard."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import PROGRAM, Browser
from tests.evaluate.listening.made_up import a_test, changed, sound
from vocable.evaluate.listening import Trial, analyse, make_test

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="there is no chromium"),
    pytest.mark.timeout(120),
]


@pytest.fixture(scope="module")
def one_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.fixture
def browser(one_browser: Browser) -> Browser:
    """The browser, which knows each test's page as a new one: what it keeps is by the test's id."""
    one_browser.resize(1000, 800)
    one_browser.open("about:blank")
    one_browser.faults.clear()
    one_browser.asked.clear()
    return one_browser


def begin(browser: Browser, folder: Path) -> None:
    """Go through the first screen."""
    browser.open((folder / "index.html").as_uri())
    browser.click("#begin")
    assert browser.run("$('begin-hint').textContent") == "Play the sound first."
    browser.click("#volume")
    browser.until("player.running")
    browser.click("#begin")
    assert browser.run("$('begin-hint').textContent") == "Say that you hear it well."
    browser.click("#set")
    browser.click("#begin")
    browser.until("!$('trial').hidden && !player.running")


def rate(browser: Browser, letter: str, share: float) -> int:
    """Play a version until it may be rated, click into its slider, return the score."""
    number = ord(letter) - ord("A") + 1
    slider = f"#rows li:nth-child({number}) input"
    if browser.run(f"document.querySelector('{slider}').disabled"):
        browser.press(letter)
        browser.until(f"!document.querySelector('{slider}').disabled")
    box = browser.run(f"document.querySelector('{slider}').getBoundingClientRect().toJSON()")
    browser.click_at(box["x"] + 11 + share * (box["width"] - 22), box["y"] + box["height"] / 2)
    return int(browser.run(f"document.querySelector('#rows li:nth-child({number}) output').value"))


def hint(browser: Browser) -> str:
    browser.click("#next")
    return browser.run("$('hint').textContent")


def test_a_session_from_the_first_press_to_the_analysis(browser, tmp_path):
    made = make_test(tmp_path / "test", [_short(0), _short(1)])
    begin(browser, made.folder)
    assert hint(browser) == "Still to play: A, B, C."
    first = rate(browser, "A", 0.25)
    assert first == pytest.approx(25, abs=1)
    assert browser.run("$('hint').textContent") == "Still to play: B, C."
    browser.press("PageUp", 33)
    assert browser.run("rows[answers.stimuliOf(answers.trial)[0]].slider.value") == str(first + 10)
    said = "rows[answers.stimuliOf(answers.trial)[0]].slider.getAttribute('aria-valuetext')"
    assert browser.run(said) == f"{first + 10}, poor"
    rate(browser, "B", 0.5)
    browser.press("C")
    browser.until("hint.textContent === 'Still to rate: C.'")
    rate(browser, "C", 0.9)
    assert hint(browser) == ""

    given = {}  # of each trial by stimulus
    for page in (1, 2):
        assert browser.run("$('progress').textContent") == f"Page {page} of 2"
        trial = browser.run("answers.trial.id")
        shown = browser.run("answers.stimuliOf(answers.trial)")
        given |= {shown[n]: rate(browser, letter, 0.3 * n) for n, letter in enumerate("AB")}
        if page == 1:
            browser.run("(comment.value = 'hisses “s”', comment.oninput())")
            before = browser.run("JSON.stringify([answers.listener, answers.ratings])")
            browser.run("window.old = true")
            browser.call("Page.reload")
            browser.until("!window.old && document.readyState === 'complete'")
            assert browser.run("JSON.stringify([answers.listener, answers.ratings])") == before
            assert browser.run("answers.trial.id") == trial
            assert browser.run("answers.stimuliOf(answers.trial)") == shown
            assert browser.run("comment.value") == "hisses “s”"
        browser.run("Object.values(rows)[2].slider.focus()")
        given[shown[2]] = rate(browser, "C", 0.7)
        assert hint(browser) == ""

    browser.until("!$('done').hidden")
    browser.click("#download")
    file = _downloaded(browser)
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert {row["stimulus"]: row["score"] for row in rows} == given
    assert {row["comment"] for row in rows if row["order"] == 1} == {"hisses “s”"}
    assert all(row["plays"] >= 1 and row["seconds"] >= 1 for row in rows)
    assert [row["place"] for row in rows] == [1, 2, 3] * 2
    assert browser.run("$('text').value") == file.read_text(encoding="utf-8")
    found = _analysed(file, made.key)
    assert not found.faults and not found.incomplete and found.doubled == 0
    assert browser.faults == []
    assert all(url.startswith((made.folder.as_uri(), "blob:", "data:")) for url in browser.asked)


def _short(seed: int) -> Trial:
    """A trial of three versions only: at 8 kHz there is one anchor."""
    reference = sound(seed, rate=8000, seconds=1.2)
    return Trial(f"clip {seed}", reference, {"noisy": changed(reference, noise=0.02)})


def _downloaded(browser: Browser) -> Path:
    end = time.monotonic() + 10
    while not (found := list(browser.downloads.glob("*.jsonl"))):
        assert time.monotonic() < end, "nothing was downloaded"
        time.sleep(0.05)
        browser.run("1")
    return found[0]


def _analysed(file: Path, key: Path):
    """Analyse with a second listener who hears well, since the first one clicked anywhere."""
    keyed = json.loads(key.read_text())["trials"]
    good = []
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        system = keyed[row["trial"]]["stimuli"][row["stimulus"]]
        row |= {"listener": "good", "score": {"reference": 100, "noisy": 50}.get(system, 20)}
        good.append(json.dumps(row))
    other = file.with_name("other.jsonl")
    other.write_text("\n".join(good))
    return analyse([file, other], key)


RENDER = """(async () => {
  const trial = TEST.trials[0], rate = 16000;
  const context = new OfflineAudioContext(1, 4 * rate, rate);
  Object.defineProperty(context, "state", { value: "running" });
  player.context = context;
  player.choose(trial);
  PART
  await player.play(trial.reference);
  const buffers = await player.buffers;
  const hidden = STIMULUS, expected = player.cut(buffers[trial.reference]).getChannelData(0);
  for (const at of [0.5, 1.0, 1.25, 2.0]) {
    context.suspend(at).then(() => {
      player.switchTo(at === 1.0 ? trial.reference : hidden);
      context.resume();
    });
  }
  const heard = (await context.startRendering()).getChannelData(0);
  const start = Math.round(AHEAD * rate);
  let worst = 0;
  for (let n = start; n < heard.length; n++) {
    worst = Math.max(worst, Math.abs(heard[n] - expected[(n - start) % expected.length]));
  }
  const loudest = Math.max(...heard.map(Math.abs));
  return [worst, expected.length, loudest, heard.slice(0, start).some(Boolean)];
})()"""


@pytest.mark.parametrize(
    ("part", "length"), [("", 24_000), ("player.repeat([0.25, 0.75]);", 8_000)]
)
def test_a_switch_to_the_same_sound_cannot_be_heard(browser, tmp_path, part, length):
    """No gap, no click, no shift: what is heard is the reference all along, but for dither."""
    folder, key = a_test(tmp_path, 1)
    ((_, keyed),) = key.trials.items()
    hidden = next(each for each, system in keyed.stimuli.items() if system == "reference")
    browser.open((folder / "index.html").as_uri())
    code = RENDER.replace("PART", part).replace("STIMULUS", json.dumps(hidden))
    worst, size, loudest, early = browser.run(code)
    assert size == length and loudest > 0.05 and not early
    assert worst <= 4 / 32768


def test_orders_follow_from_the_listener_alone_and_are_even(browser, tmp_path):
    folder, _ = a_test(tmp_path, 1)
    browser.open((folder / "index.html").as_uri())
    order = "shuffled(['a', 'b', 'c', 'd'], {}).join('')"
    assert browser.run(order.format("'1f'")) == browser.run(order.format("'1f'"))
    counts = browser.run(
        "(() => { const counts = {};"
        f"for (let n = 0; n < 4800; n++) {{ const o = {order.format('randomId()')};"
        " counts[o] = (counts[o] ?? 0) + 1; } return counts; })()"
    )
    assert len(counts) == 24 and min(counts.values()) > 130 and max(counts.values()) < 270


def test_a_folder_without_its_sounds_says_so(browser, tmp_path):
    folder, _ = a_test(tmp_path, 1)
    (folder / "sounds").rename(tmp_path / "elsewhere")
    browser.open((folder / "index.html").as_uri())
    browser.click("#volume")
    browser.until("!$('trouble').hidden")
    assert "the folder “sounds” is not beside this page" in browser.run("$('trouble').textContent")


def test_a_browser_that_keeps_nothing_is_warned_of_and_still_works(browser, tmp_path):
    folder, _ = a_test(tmp_path, 1)
    denied = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })"
    script = browser.call("Page.addScriptToEvaluateOnNewDocument", source=denied)
    begin(browser, folder)
    browser.call("Page.removeScriptToEvaluateOnNewDocument", **script)
    assert "do not close or reload it" in browser.run("$('trouble').textContent")
    assert not browser.run("$('trouble').hidden") and browser.faults == []


def test_what_is_pressed_last_while_sounds_load_is_heard(browser, tmp_path):
    folder, _ = a_test(tmp_path, 1)
    begin(browser, folder)
    browser.run("turnTo(1)")
    browser.press("a")
    browser.press("b")
    browser.until("player.running")
    pressed = "[...document.querySelectorAll('#rows [aria-pressed=true]')].map((b) => b.innerText)"
    assert browser.run(pressed) == ["B"]
    assert browser.run("player.running.heard === answers.stimuliOf(answers.trial)[1]")
    browser.press("a")
    browser.press("s")
    browser.until("!player.running")
    assert browser.run(pressed) == []


def test_a_part_is_repeated_while_it_is_dragged(browser, tmp_path):
    folder, _ = a_test(tmp_path, 1)
    begin(browser, folder)
    browser.press("b")
    browser.until("player.running")
    for end, value in (("from", 0.3), ("from", 0.5), ("to", 1.2), ("to", 0.6)):
        browser.run(f"($('{end}').value = {value}, $('{end}').oninput())")
    assert browser.run("[from.value, to.value]") == ["0.5", "1"]  # half a second at least
    browser.until("player.running && player.position() > 0.6")
    assert browser.run("player.position()") <= 1
    browser.click("#repeat summary")
    browser.click("#whole")
    browser.until("player.position() > 1.1")


def test_somebody_else_begins_anew(browser, tmp_path):
    folder, _ = a_test(tmp_path, 1)
    browser.open((folder / "index.html").as_uri())
    browser.run("(confirm = () => true, turnTo(1))")
    before = browser.run("answers.listener")
    browser.run("document.querySelector('.again').click()")
    assert not browser.run("$('welcome').hidden") and browser.run("answers.listener") != before
    assert browser.run("localStorage[KEPT_AS]").find(before) == -1


def test_it_fits_a_telephone(browser, tmp_path):
    folder, _ = a_test(tmp_path, 1)
    browser.resize(375, 700)
    begin(browser, folder)
    assert browser.run("document.documentElement.scrollWidth") <= 375
    small = browser.run(
        "[...document.querySelectorAll('#trial button, #trial input')]"
        ".filter((each) => each.offsetParent && each.offsetHeight < 40).length"
    )
    assert small == 0
