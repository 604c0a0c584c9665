"""Fetch a model from the model hub, by `owner/name` or `owner/name@revision`, and check its hashes.

What is here is used without asking the hub. Of a published model (`entries`) the file and the
revision are known, and the hash where a source states it; of others, the usual names are tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from vocable import hub
from vocable.codecs.keys.checkpoint import USUAL
from vocable.codecs.keys.config import CONFIG
from vocable.codecs.keys.stored import other_half, parts_of
from vocable.codecs.published import Entry
from vocable.errors import ModelError
from vocable.load.entries import entry_of
from vocable.load.records import MAIN, Record, recorded
from vocable.nearest import listed


class Fetched(NamedTuple):
    """The file of weights on this disk, and the hashes of all files by their paths."""

    weights: Path
    hashes: Mapping[Path, str]


def fetch_model(name: str) -> Fetched:
    """Return the files of a model of the hub, their hashes checked.

    Raises what `hub.fetch` does, and ModelError for files that hash to something else than what is
    pinned, or came first.
    """
    repository, _, asked = name.partition("@")
    entry = entry_of(repository)
    revision = asked or (entry.revision if entry else None)
    record = recorded(repository, revision)
    weights, paths, settled = _fetch_files(repository, revision, entry, record)
    hashes = {path: hub.file_hash(path) for path in paths}
    now = {path.name: hash for path, hash in hashes.items()}
    if entry and entry.sha256 and revision == entry.revision:
        _check_pinned(entry, now[entry.file], weights)
    if record:
        record.check(now, weights.parent)
    elif settled:
        Record(repository, revision or MAIN, weights.parent.name, now).keep()
    return Fetched(weights, hashes)


def what_to_download(name: str) -> str:
    """Say which files of which page to put into a folder, for who has no network here."""
    repository, _, asked = name.partition("@")
    entry = entry_of(repository)
    revision = asked or (entry.revision if entry else None)
    file = entry.file if entry else "the file of its weights"
    if half := other_half(file):
        file += f", {half}"
    page = hub.page(repository) + (f"/tree/{revision}" if revision else "")
    return f"download {file} and {CONFIG} from {page} into a folder, and load that folder"


class Availability(NamedTuple):
    """Whether a published checkpoint is here, and what its file is checked against.

    hash: "pinned", where a source states it; "recorded", at the first download; "first use", where
    that is still to come. sha256: empty in the last case.
    """

    here: bool
    hash: str
    sha256: str


def availability(entry: Entry) -> Availability:
    """Return what is here of a published checkpoint; a file from elsewhere is not looked for."""
    here = entry.on_hub and hub.local(entry.name, entry.file, entry.revision) is not None
    if entry.sha256:
        return Availability(here, "pinned", entry.sha256)
    record = recorded(entry.name, entry.revision) if entry.on_hub else None
    if record and entry.file in record.files:
        return Availability(here, "recorded", record.files[entry.file])
    return Availability(here, "first use", "")


def _fetch_files(
    repository: str, revision: str | None, entry: Entry | None, record: Record | None
) -> tuple[Path, list[Path], bool]:
    """Return the file of weights, all files of the model, and whether these are all there are."""
    usual = [name for name in USUAL if record is None or name in record.files]
    weights = _first(repository, [entry.file] if entry else usual, revision)
    files = [weights]
    if weights.name.endswith(".index.json"):
        files += [hub.fetch(repository, part, revision) for part in parts_of(weights)]
    if entry and (half := other_half(entry.file)):
        files.append(hub.fetch(repository, half, revision))
    settled = record is not None and CONFIG not in record.files
    if not settled:
        config, settled = _config(repository, revision)
        files += config
    return weights, files, settled


def _first(repository: str, names: Iterable[str], revision: str | None) -> Path:
    """Return the first of some files that the repository has."""
    tried = []
    for name in names:
        try:
            return hub.fetch(repository, name, revision)
        except hub.NoFile:
            tried.append(name)
    raise ModelError(f"{repository} has none of {listed(tried)}; load its files from a folder")


def _config(repository: str, revision: str | None) -> tuple[list[Path], bool]:
    """Return the config beside the weights, if there is one, and whether that is sure.

    Weights that another program has fetched alone may do without: their layout will say.
    """
    try:
        return [hub.fetch(repository, CONFIG, revision)], True
    except hub.NoFile:
        return [], True
    except hub.Unreachable:
        return [], False


def _check_pinned(entry: Entry, found: str, weights: Path) -> None:
    if found != entry.sha256:
        raise ModelError(
            f"{entry.file} of {entry.name} has SHA-256 {found}, but {entry.sha256} is pinned; "
            f"remove {weights.resolve()} to fetch it again, or name a revision, "
            f"{entry.name}@REVISION"
        )
