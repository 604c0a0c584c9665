"""Find the files of some kinds in a folder and all folders below it, also through links.

Names are those that a reader of the folder sees: `set/spk1/1.wav`, wherever the link `set/spk1` or
`set/spk1/1.wav` leads. Each folder is searched once, under its own name where it lies in the tree,
so links that go around in a circle end.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from vocable.nearest import listed

_isjunction = getattr(os.path, "isjunction", os.path.islink)  # of Windows, from Python 3.12 on


@dataclass
class Found:
    """What a search has found, and what it has left out."""

    files: list[str] = field(default_factory=list)
    unread: list[OSError] = field(default_factory=list)  # one for each folder that cannot be listed
    others: Counter[str] = field(default_factory=Counter)  # files of other kinds, by ending
    again: list[str] = field(default_factory=list)  # folders that were searched by another name
    circles: list[str] = field(default_factory=list)  # links to a folder that they lie in
    special: list[str] = field(default_factory=list)  # pipes and devices

    def add(self, more: Found) -> None:
        """Add what another folder holds."""
        self.files += more.files
        self.unread += more.unread
        self.others += more.others
        self.again += more.again
        self.circles += more.circles
        self.special += more.special

    @property
    def left_out(self) -> str:
        """What was left out, in one line: `3 .txt, 1 .jsonl`; empty if that is nothing.

        Hidden files of other kinds do not count.
        """
        counts = sorted(self.others.items(), key=lambda item: (-item[1], not item[0], item[0]))
        kinds = listed(f"{n} {ending or 'without an ending'}" for ending, n in counts)
        parts = [kinds] if kinds else []
        for names, one, many in (
            (self.again, "folder searched by another name", "folders searched by another name"),
            (self.circles, "link to a folder around it", "links to folders around them"),
            (self.special, "pipe or device", "pipes or devices"),
        ):
            if names:
                what = one if len(names) == 1 else many
                parts.append(f"{len(names)} {what} ({listed(names, most=3)})")
        return " ".join(", ".join(parts).splitlines())  # names may have line breaks


def search(folder: str | os.PathLike[str], endings: Iterable[str]) -> Found:
    """Return the files at and below `folder` whose ending, in lower case, is one of `endings`."""
    walk = _Walk(frozenset(endings))
    walk.run(os.fspath(folder))
    walk.found.files.sort(key=lambda name: name.split(os.sep))
    return walk.found


def ending_of(name: str) -> str:
    """Return the ending of a file's name in lower case: `.wav`, or nothing."""
    return os.path.splitext(name)[1].lower()


class _Walk:
    """Goes through a folder, then through the linked folders in it, and so on."""

    def __init__(self, endings: frozenset[str]) -> None:
        self.found = Found()
        self._endings = endings
        self._seen: set[tuple[int, int]] = set()

    def run(self, folder: str) -> None:
        waiting = self._search(folder)
        while waiting:
            link = waiting.pop(0)
            if _leads_above_itself(link):
                self.found.circles.append(link)
            else:
                waiting += self._search(link)

    def _search(self, top: str) -> list[str]:
        """Search one tree without following links; return the links to folders in it."""
        links: list[str] = []
        for here, below, files in os.walk(top, onerror=self.found.unread.append):
            if self._is_seen(here):
                self.found.again.append(here)
                below.clear()
                continue
            links += [path for name in sorted(below) if _is_link(path := _join(here, name))]
            for name in files:
                self._take(_join(here, name), name)
        return links

    def _is_seen(self, folder: str) -> bool:
        stat = os.stat(folder)
        key = stat.st_dev, stat.st_ino
        seen = key in self._seen
        self._seen.add(key)
        return seen

    def _take(self, path: str, name: str) -> None:
        ending = ending_of(name)
        if ending not in self._endings:
            if not name.startswith("."):
                self.found.others[ending] += 1
        elif os.path.isfile(path) or not os.path.exists(path):
            self.found.files.append(path)  # whoever reads a link that leads nowhere says so
        else:
            self.found.special.append(path)


def _join(folder: str, name: str) -> str:
    return os.path.join(folder, name)


def _is_link(path: str) -> bool:
    return os.path.islink(path) or _isjunction(path)


def _leads_above_itself(link: str) -> bool:
    """Return whether a link leads to a folder that it lies in: a circle."""
    target, here = os.path.realpath(link), os.path.realpath(os.path.dirname(link))
    return here == target or here.startswith(target.rstrip(os.sep) + os.sep)
