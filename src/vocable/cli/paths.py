"""Decide which output each input gets, and refuse what cannot work, before any work.

In an output folder, an input keeps its path below the common folder of all inputs: both `encode
talks -o out` and `encode talks/a talks/c -o out` turn talks/a/b.wav into out/a/b.vcb.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vocable.cli.errors import Refusal
from vocable.folders import Found, ending_of, search
from vocable.nearest import listed

PIPE = "-"


@dataclass(frozen=True)
class Job:
    """One input and its output; either may be "-" (stdin, stdout)."""

    source: str
    target: str


@dataclass(frozen=True)
class Plan:
    """The jobs of one call, and the inputs that are not among them."""

    jobs: list[Job]
    skipped: int = 0  # inputs whose output existed, with --skip-existing
    unread: tuple[OSError, ...] = ()  # one for each folder that could not be searched
    left_out: str = ""  # what else the folders hold, in one line
    skips_existing: bool = False  # also outputs that appear, or are being written, while it runs


def plan(
    inputs: tuple[str, ...],
    out: str | None,
    *,
    rename: Callable[[str], str],
    keep_ending: Callable[[str], str],
    collect: tuple[str, ...],
    force: bool = False,
    skip_existing: bool = False,
) -> Plan:
    """Return the jobs of a call: `rename` makes an output of an input, if `out` is not a file.

    A folder among the inputs means all files below it whose ending is in `collect`. keep_ending:
    what `rename` is with --keep-endings, which is advised where it helps. Raises
    `Refusal` for a missing input, an output that exists, and two inputs with the same output.
    """
    if force and skip_existing:
        raise Refusal("--force replaces outputs and --skip-existing keeps them; give one of them")
    _check_inputs(inputs, out)
    found = _found(inputs, collect)
    if not found.files and not found.unread:
        others = f", which holds {found.left_out}" if found.left_out else ""
        raise Refusal(f"no file ending in {', '.join(collect)} in {listed(list(inputs))}{others}")
    jobs = _jobs(inputs, found.files, out, rename)
    _check_collisions(jobs, keep_ending)
    missing = jobs
    if skip_existing:
        missing = [job for job in jobs if job.target == PIPE or not os.path.exists(job.target)]
    else:
        _check_overwriting(jobs, force)
    skipped = len(jobs) - len(missing)
    return Plan(missing, skipped, tuple(found.unread), found.left_out, skip_existing)


def check_input(source: str) -> None:
    """Refuse a single input that is missing or a folder."""
    if source != PIPE and not os.path.exists(source):
        raise Refusal(f"no such file: {source}")
    if source != PIPE and os.path.isdir(source):
        raise Refusal(f"{source} is a folder; name one file in it")


def check_outputs(targets: list[str | None], source: str, *, force: bool) -> None:
    """Refuse outputs that exist, have no folder, are the input, or are the same file twice."""
    jobs = [Job(source, target) for target in targets if target is not None]
    for job in jobs:
        check_folder(job.target)
    files = [_key(job.target) for job in jobs]
    if len(set(files)) < len(files):
        raise Refusal(f"{listed([job.target for job in jobs])} must be different files")
    for job in jobs:
        _check_not_input(job)
    _check_overwriting(jobs, force)


def check_endings(targets: list[str], endings: tuple[str, ...]) -> None:
    """Refuse outputs whose ending is not one of a format that can be written."""
    for target in targets:
        if not is_special(target) and ending_of(target) not in endings:
            raise Refusal(f"{target}: its ending must be one of {' '.join(endings)}")


def is_special(path: str) -> bool:
    """Return whether a path is "-", a device or a pipe: neither overwritten nor read twice."""
    return path == PIPE or (
        os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)
    )


def check_stdout(work: Plan, *, as_json: bool) -> None:
    """Refuse to write both JSON and a result to stdout."""
    if as_json and any(job.target == PIPE for job in work.jobs):
        raise Refusal('--json writes to stdout, and so does -o "-"; take a file for one of them')


def _check_inputs(inputs: tuple[str, ...], out: str | None) -> None:
    missing = [name for name in inputs if name != PIPE and not os.path.exists(name)]
    if missing:
        raise Refusal(f"no such file: {listed(missing)}")
    folders = [name for name in inputs if name != PIPE and os.path.isdir(name)]
    if folders and out is None:
        raise Refusal(f"{folders[0]} is a folder; name the folder for its results: -o FOLDER")
    if inputs.count(PIPE) and len(inputs) > 1:
        raise Refusal('"-" is stdin and can be the only input')
    if out == PIPE and (len(inputs) > 1 or folders):
        raise Refusal('several inputs need a folder (-o FOLDER), but -o is "-", which is stdout')


def _found(inputs: tuple[str, ...], collect: tuple[str, ...]) -> Found:
    """Return a file as itself, a folder as its files."""
    found = Found()
    for name in inputs:
        is_file = name == PIPE or not os.path.isdir(name)
        found.add(Found([name]) if is_file else search(name, collect))
    return found


def _jobs(
    inputs: tuple[str, ...], sources: list[str], out: str | None, rename: Callable[[str], str]
) -> list[Job]:
    if out is None:
        return [Job(file, PIPE if is_special(file) else rename(file)) for file in sources]
    many = len(inputs) > 1 or os.path.isdir(inputs[0])
    if not many and not _names_folder(out):
        check_folder(out)
        return [Job(sources[0], out)]
    return _tree(inputs, sources, out, rename)


def _names_folder(out: str) -> bool:
    return out != PIPE and (os.path.isdir(out) or out.endswith((os.sep, "/")))


def check_folder(target: str) -> None:
    """Refuse an output file whose folder does not exist."""
    folder = os.path.dirname(target) or "."
    if target != PIPE and not os.path.isdir(folder):
        raise Refusal(f"{target}: the folder {folder} does not exist; create it or change -o")


def _tree(
    inputs: tuple[str, ...], sources: list[str], out: str, rename: Callable[[str], str]
) -> list[Job]:
    if os.path.exists(out) and not os.path.isdir(out):
        raise Refusal(f"several inputs need a folder, but -o {out} is a file")
    if not os.path.isdir(out) and ending_of(out.rstrip("/" + os.sep)):
        raise Refusal(f"several inputs need a folder; if {out} is to be one, create it first")
    check_folder(out.rstrip("/" + os.sep))
    if inputs == (PIPE,):
        return [Job(PIPE, os.path.join(out, rename("stdin")))]
    base = _common_folder(inputs)
    below = [os.path.relpath(os.path.abspath(file), base) for file in sources]
    names = [os.path.join(out, rename(name)) for name in below]
    return [Job(file, name) for file, name in zip(sources, names, strict=True)]


def _common_folder(inputs: tuple[str, ...]) -> str:
    folders = [
        name if os.path.isdir(name) else os.path.dirname(os.path.abspath(name)) for name in inputs
    ]
    try:
        return os.path.commonpath([os.path.abspath(folder) for folder in folders])
    except ValueError as error:  # Windows
        raise Refusal("the inputs lie on several drives; give those of one drive a call") from error


def _check_collisions(jobs: list[Job], keep_ending: Callable[[str], str]) -> None:
    by_target: dict[str, list[Job]] = {}
    for job in jobs:
        if job.target != PIPE:
            by_target.setdefault(_key(job.target), []).append(job)
    for same in by_target.values():
        if len(same) > 1:
            raise Refusal(_collision(same, keep_ending))
        _check_not_input(same[0])


def _check_not_input(job: Job) -> None:
    if PIPE not in (job.source, job.target) and _key(job.source) == _key(job.target):
        raise Refusal(f"{job.target} is both input and output; name another file with -o")


def _collision(jobs: list[Job], keep_ending: Callable[[str], str]) -> str:
    kept = {keep_ending(os.path.basename(job.source)) for job in jobs}
    repair = "--keep-endings keeps them apart" if len(kept) == len(jobs) else "give each its -o"
    sources = listed([job.source for job in jobs])
    return f"{sources} would all become {jobs[0].target}; {repair}"


def _key(path: str) -> str:
    """Return what is equal for two names of one file."""
    return os.path.normcase(os.path.realpath(path))


def _check_overwriting(jobs: list[Job], force: bool) -> None:
    if any(job.target == PIPE for job in jobs):
        refuse_terminal()
    files = [job.target for job in jobs if job.target != PIPE]
    folders = [target for target in files if os.path.isdir(target)]
    if folders:
        raise Refusal(f"{listed(folders)} is a folder; name a file instead")
    existing = [target for target in files if os.path.isfile(target)]
    if existing and not force:
        verb = "exist" if len(existing) > 1 else "exists"
        raise Refusal(f"{listed(existing)} {verb} already; --force replaces, -o writes elsewhere")


def refuse_terminal() -> None:
    """Refuse to write binary data to a terminal, or to a stdout that is closed."""
    if sys.__stdout__ is None:
        raise Refusal("stdout is closed; use -o FILE or a pipe")
    if sys.stdout.isatty():
        raise Refusal("stdout is a terminal and the result is binary; use -o FILE or a pipe")


def with_ending(ending: str, name: str) -> str:
    """Return a name with another ending: talk.flac becomes talk.vcb."""
    return os.path.splitext(name)[0] + ending


def with_second_ending(ending: str, name: str) -> str:
    """Return a name with one more ending: talk.flac becomes talk.flac.vcb."""
    return name + ending


def without_second_ending(endings: tuple[str, ...], name: str) -> str:
    """Return a name without its last ending: talk.flac.vcb becomes talk.flac.

    Where what is left has none of `endings`, the first of them is added.
    """
    stem = os.path.splitext(name)[0]
    return stem if ending_of(stem) in endings else stem + endings[0]


def make_folder(target: str) -> None:
    """Create the folder of an output in a recreated tree."""
    if target != PIPE:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
