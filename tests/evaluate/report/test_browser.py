"""A real browser shows the page: nothing is refused, nothing sticks out on a phone, tables sort."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from tests.evaluate.report.made import study, written

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
PHONE, DESK = 375, 1400  # pixels; no window is as narrow as a phone, so the page is in a frame
# Looks at the page once it is there, and tells the page around it.
PROBE = """
const rows = () => [...document.querySelector("#scores tbody").rows];
const column = (n) => rows().map((row) => row.cells[n].innerText);
const sort = document.querySelectorAll("#scores thead th")[1];
const box = document.querySelector("#scores .wide");
document.querySelectorAll("details").forEach((each) => (each.open = true));
const seen = { inner: innerWidth, outer: document.documentElement.scrollWidth, before: column(1) };
sort.click();
seen.after = column(1);
seen.scrolls = getComputedStyle(box).overflowX;
seen.images = [...document.images, ...document.querySelectorAll("image")].length;
seen.high = Math.min(...[...document.querySelectorAll(".plot")].map((e) => e.clientHeight));
const audio = document.querySelector("audio");
audio.addEventListener("loadedmetadata", () => done(audio.duration));
audio.addEventListener("error", () => done(-1));
audio.preload = "metadata";
audio.load();
function done(seconds) { parent.postMessage({ ...seen, seconds }, "*"); }
"""
FRAME = """<!DOCTYPE html><title>nothing seen</title>
<iframe src="probed.html" width="%d" height="800"></iframe>
<script>onmessage = (event) => { document.title = JSON.stringify(event.data); };</script>"""

pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    written(study(sets=("talk",), command="vocable" + 40 * "_a_word_that_does_not_end"), folder)
    return folder / "report.html"


def shown(page: Path) -> tuple[str, list[str]]:
    """Return the page as the browser has it at last, and what it has to complain of."""
    options = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        "--dump-dom",
    )
    window = "--window-size=1500,900", f"--user-data-dir={page.parent / 'browser'}"
    command = [BROWSER, *options, *window, "--virtual-time-budget=2000", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def probed(page: Path, width: int) -> dict:
    """Return what the probe saw, which the copy's policy allows beside the page's own script."""
    text = page.read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(PROBE.encode()).digest()).decode()
    text = text.replace("script-src ", f"script-src &#x27;sha256-{digest}&#x27; ")
    copy = page.with_name("probed.html")
    copy.write_text(text.replace("</body>", f"<script>{PROBE}</script></body>"), "utf-8")
    frame = page.with_name("frame.html")
    frame.write_text(FRAME % width, "utf-8")
    found, complaints = shown(frame)
    assert not complaints
    title = re.search(r"<title>(\{.*?\})</title>", found)
    assert title, found[:500]
    return json.loads(unescape(title[1]))


def test_nothing_is_refused_by_the_page_s_own_policy(page: Path) -> None:
    found, complaints = shown(page)
    assert 'class="sorts"' in found  # its script has run
    assert not complaints


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_nothing_sticks_out_and_wide_tables_scroll_by_themselves(page: Path, width: int) -> None:
    seen = probed(page, width)
    assert seen["inner"] == width
    assert seen["outer"] <= seen["inner"]
    assert seen["scrolls"] == "auto"  # so the style has been taken
    assert seen["high"] > 150
    assert seen["images"] > 9
    assert seen["seconds"] == pytest.approx(0.5, abs=0.01)
    assert seen["before"] == ["–", "0.500", "1.00", "6.00"]
    assert seen["after"] == ["6.00", "1.00", "0.500", "–"]
