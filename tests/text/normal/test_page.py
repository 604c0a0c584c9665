"""The tables of docs/text.md say what becomes of the texts in them."""

import re
from pathlib import Path

import pytest

from vocable.text.normal import normalised

PAGE = (Path(__file__).parents[3] / "docs" / "text.md").read_text("utf-8")
ROW = re.compile(r"^\| `(.+)` \| (.+) \|$", re.M)


def rows(title, language):
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = ROW.findall(section)
    assert len(found) > 10
    return [(language, *row) for row in found]


@pytest.mark.parametrize(
    ("language", "written", "said"), [*rows("English", "en"), *rows("German", "de")]
)
def test_the_tables(language, written, said):
    assert normalised(written, language) == said
