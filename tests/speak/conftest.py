"""A browser for the pages that are made here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import Browser


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
