"""Links between README.md and the pages of docs/ lead somewhere."""

import re

import pytest

from tests.docs.pages import PAGES, ROOT


@pytest.mark.parametrize("name", PAGES)
def test_links_between_pages_lead_somewhere(name):
    page = ROOT / name
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []
    if name.startswith("docs/"):  # built pages can only lead to one another
        assert [target for target in local if target.startswith("..")] == []
