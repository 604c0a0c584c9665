"""Find the trials of a listening test in folders: one of references, one for each system."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from vocable.audio.formats import READABLE
from vocable.errors import MeasureError
from vocable.evaluate.listening.stimuli import Trial
from vocable.evaluate.recording import Refusal
from vocable.folders import search
from vocable.nearest import listed


def find_trials(
    reference: str | Path, systems: Mapping[str, str | Path], clips: int | None = None
) -> tuple[list[Trial], list[Refusal]]:
    """Return a trial for each file of `reference` that every system has too, and who lacks what.

    systems: folders by the systems' names. Files belong together by their paths in the folders,
    without endings: `anna/1.flac` and `anna/1.wav`. clips: so many of them, spread evenly over the
    names in order; all of them if left out. Raises MeasureError where no file is in all folders.
    """
    references = _files(Path(reference))
    made = {system: _files(Path(folder)) for system, folder in systems.items()}
    trials, refusals = [], []
    for name, path in references.items():
        lacking = [system for system, found in made.items() if name not in found]
        if lacking:
            refusals.append(Refusal(name, f"there is no such file of {listed(lacking)}"))
        else:
            trials.append(
                Trial(name, path, {system: found[name] for system, found in made.items()})
            )
    if not trials:
        raise MeasureError(
            f"{reference} and the folders of {listed(made)} have no recording in common; "
            "a system's files have the names of the references"
        )
    count = len(trials) if clips is None else min(clips, len(trials))
    return [trials[n * len(trials) // count] for n in range(count)], refusals


def _files(folder: Path) -> dict[str, Path]:
    """Return the recordings in a folder by name, in order."""
    found: dict[str, Path] = {}
    for path in search(folder, READABLE).files:
        name = Path(os.path.splitext(os.path.relpath(path, folder))[0]).as_posix()
        if name in found:
            raise MeasureError(f"{path} has the name of {found[name]}; keep one of them")
        found[name] = Path(path)
    return found
