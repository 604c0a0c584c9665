"""Every page of the documentation can be reached: from its index and from its menu."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}


def test_the_index_links_every_page():
    links = re.findall(r"\]\((\S+\.md)\)", (ROOT / "docs" / "index.md").read_text("utf-8"))
    assert set(links) >= PAGES


def test_the_menu_has_every_page():
    menu = re.findall(r"^  - .*?(\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.M)
    assert sorted(menu) == sorted({*PAGES, "index.md"})
