"""What somebody does who corrects by ear."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.browser import PROGRAM, Browser
from tests.speak.made_set import TEXTS, make_set
from vocable.speak.prepare.page import write_page

in_a_browser = [
    pytest.mark.skipif(PROGRAM is None, reason="there is no chromium"),
    pytest.mark.timeout(120),
]
ENTER, ESCAPE, UP, DOWN = 13, 27, 38, 40


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
