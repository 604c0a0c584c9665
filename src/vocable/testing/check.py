"""What `verify` says of each thing that it checked, or could not check."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vocable.codecs.published import Entry
from vocable.errors import VocableError
from vocable.load.entries import entries
from vocable.load.fetching import availability

Verdict = Literal["ok", "failed", "not checked"]


@dataclass(frozen=True)
class Check:
    """One thing that was checked, or could not be."""

    what: str
    verdict: Verdict
    details: str


def tried(what: str, check: Callable[[], object], details: str = "") -> Check:
    """Return how a check ended that raises AssertionError, or refuses.

    details: what is said where it holds, in place of what the check returned.
    """
    try:
        found = check()
    except (AssertionError, VocableError) as error:
        return Check(what, "failed", str(error))
    return Check(what, "ok", details or str(found))


def hash_check(file: Path, sha256: str, entry: Entry | None) -> Check:
    """Compare the hash of a file with what is known of it. entry: as what it was published."""
    known = dict.fromkeys([*entries(), *([entry] if entry else [])])
    if same := [each.name for each in known if each.sha256 == sha256]:
        return Check("hash", "ok", f"SHA-256 {sha256}, pinned for {', '.join(same)}")
    if entry is not None and entry.sha256 and not entry.on_hub:
        return Check("hash", "failed", f"SHA-256 {sha256} should be {entry.sha256}")
    if entry is not None:
        found = availability(entry)
        return Check("hash", "ok", f"SHA-256 {sha256}, {found.hash}: no source states another")
    if digits := re.search(r"-([0-9a-f]{8})\.\w+$", file.name):
        if sha256.startswith(digits[1]):
            return Check("hash", "ok", f"SHA-256 {sha256} begins as its file name ends")
        return Check("hash", "failed", f"SHA-256 {sha256} should begin with {digits[1]}")
    return Check("hash", "not checked", f"SHA-256 {sha256} is pinned for no published file")
