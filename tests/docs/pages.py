"""The blocks of README.md and docs/ as they are printed, and what a page says of running them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LANGUAGES = {"python", "sh"}  # what runs
SHOWN = {"", "text", "toml", "json"}  # what is shown, to be read
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
NEEDS, TAKES = (re.compile(rf"# {word} (.+)\n") for word in ("needs", "takes"))
COPIED = re.compile(r"copy\s+of\s+`(examples/[^`]+)`")
IN_FILE = re.compile(r"file of yours, `(\w+\.py)`:\s*\Z")


@dataclass(frozen=True)
class Block:
    """One block of a page that runs.

    needs, takes    what its first line says: what must be there, and how long it is
    file            where the page says that the reader writes it to, empty where it is typed
    """

    language: str
    code: str
    line: int
    needs: str
    takes: str
    file: str


@dataclass(frozen=True)
class Page:
    """A page: its blocks in order, and the files that it tells the reader to copy."""

    name: str
    blocks: tuple[Block, ...]
    copied: tuple[str, ...]

    @property
    def needs(self) -> list[str]:
        """What its blocks need that a test does not have."""
        return [block.needs for block in self.blocks if block.needs]

    @property
    def is_slow(self) -> bool:
        """Whether a block takes minutes."""
        return any(block.takes for block in self.blocks)

    @property
    def has_shell(self) -> bool:
        """Whether a block is for a shell."""
        return any(block.language == "sh" for block in self.blocks)


def read_page(path: Path) -> Page:
    """Return a page; a language that neither runs nor is known to be shown is an error."""
    text = path.read_text(encoding="utf-8")
    found = list(FENCED.finditer(text))
    unknown = {match[1] for match in found} - LANGUAGES - SHOWN
    assert not unknown, f"{path}: blocks of {unknown} would not be run"
    blocks = [_block(text, match) for match in found if match[1] in LANGUAGES]
    name = path.relative_to(ROOT).as_posix()
    return Page(name, tuple(blocks), tuple(dict.fromkeys(COPIED.findall(text))))


def _block(text: str, match: re.Match[str]) -> Block:
    needs, takes = NEEDS.match(match[2]), TAKES.match(match[2])
    before = text[: match.start()]
    file = IN_FILE.search(before)
    line = before.count("\n") + 2
    said = (found[1] if found else "" for found in (needs, takes, file))
    return Block(match[1], match[2], line, *said)


PAGES = {
    page.name: page
    for page in map(read_page, [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))])
}
