"""The Python of README.md and docs/ runs, page by page, as a reader would type it."""

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "examples" / "speech.flac"
BLOCK = re.compile(r"^(<!-- slow -->\n)?```python\n(.*?)^```", re.M | re.S)


def snippets(page: Path) -> list[tuple[bool, str]]:
    """Return the page's blocks as (slow, code)."""
    return [(bool(slow), code) for slow, code in BLOCK.findall(page.read_text(encoding="utf-8"))]


PAGES = {
    page.relative_to(ROOT).as_posix(): snippets(page)
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}


def page_test(name: str, blocks: list[tuple[bool, str]]):
    """Make a parameter of a page; a block after `<!-- slow -->` makes the page a slow test."""
    marks = [pytest.mark.slow] if any(slow for slow, _ in blocks) else []
    return pytest.param("\n".join(code for _, code in blocks), id=name, marks=marks)


@pytest.mark.parametrize("code", [page_test(*page) for page in PAGES.items() if page[1]])
def test_the_code_of_a_page_runs(code, tmp_path, monkeypatch, registry):
    shutil.copy(RECORDING, tmp_path / "speech.flac")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "page", "exec"), {"__name__": "page"})


def test_the_pages_that_show_code_are_found():
    shown = {name for name, blocks in PAGES.items() if blocks}
    assert {"README.md", "docs/index.md", "docs/audio.md", "docs/cli.md"} <= shown


@pytest.mark.parametrize("name", PAGES)
def test_links_between_pages_lead_somewhere(name):
    page = ROOT / name
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []
    if name.startswith("docs/"):  # built pages can only lead to one another
        assert [target for target in local if target.startswith("..")] == []
