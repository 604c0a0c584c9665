"""Make a listening test: a folder with a page for any browser, and beside it the key.

The page finds its sounds in script files, since browsers do not let a page that was opened from a
disk fetch anything. Nothing in the folder says what a stimulus is: ids are random, and stand in
the order of their ids.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from vocable.atomic import check_new, new_folder
from vocable.errors import MeasureError
from vocable.evaluate.listening.key import Key, KeyedTrial
from vocable.evaluate.listening.stimuli import (
    MOST_SYSTEMS,
    REFERENCE,
    RESERVED,
    Stimuli,
    Trial,
    stimuli_of,
    wav_of,
)
from vocable.evaluate.recording import Refusal, attempt, check_some
from vocable.nearest import listed
from vocable.pages import assemble

VERSION = 1  # of the page and of what it writes
SCRIPTS = ("order.js", "player.js", "answers.js", "screens.js")


@dataclass(frozen=True)
class ListeningTest:
    """A test that was made: where it is, its systems with those of the method, what is left out."""

    folder: Path
    key: Path
    trials: int
    systems: tuple[str, ...]
    refusals: tuple[Refusal, ...]


def make_test(
    folder: str | Path,
    trials: Iterable[Trial],
    *,
    progress: Callable[[float], None] | None = None,
) -> ListeningTest:
    """Write a listening test into a new folder, and its key beside it, `FOLDER-key.json`.

    Every trial has the same systems, at most nine; a hidden reference and anchors are added. The
    first trial is heard once before, for practice. A trial that cannot be made is left out, and
    named in `refusals`. progress: called with the share that is done. Raises MeasureError if no
    trial can be made, and FileExistsError for what exists.
    """
    folder, trials = Path(folder), list(trials)
    check_new(folder)
    check_new(key_file := folder.with_name(f"{folder.name}-key.json"))
    systems, refusals = _systems(trials), list[Refusal]()
    with new_folder(folder) as unfinished:
        (unfinished / "sounds").mkdir()
        pages = _Pages(unfinished)
        for trial, stimuli in attempt(_counted(trials, progress), stimuli_of, refusals):
            pages.add(trial, stimuli)
        check_some(pages.trials, refusals)
        pages.write_index()
        every = tuple(dict.fromkeys([*pages.names, *systems]))
        Key(pages.test, VERSION, every, pages.key).save(key_file)
    return ListeningTest(folder, key_file, len(pages.key), every, tuple(refusals))


def _counted(trials: Sequence[Trial], progress: Callable[[float], None] | None) -> Iterator[Trial]:
    for number, trial in enumerate(trials):
        if progress:
            progress(number / len(trials))
        yield trial


def _systems(trials: Sequence[Trial]) -> tuple[str, ...]:
    """Return the systems, which all trials have to have."""
    if not trials:
        raise MeasureError("a listening test needs trials, got none")
    systems = tuple(trials[0].systems)
    for trial in trials:
        if set(trial.systems) != set(systems):
            raise MeasureError(
                f"{trial.name} has the systems {listed(sorted(trial.systems))}, {trials[0].name} "
                f"has {listed(sorted(systems))}; every trial needs all of them"
            )
    if not 1 <= len(systems) <= MOST_SYSTEMS:
        raise MeasureError(
            f"a listening test is of 1 to {MOST_SYSTEMS} systems, got {len(systems)}; listeners "
            "keep no more apart"
        )
    if taken := RESERVED & set(systems):
        raise MeasureError(f'"{min(taken)}" is added to every trial; name your system otherwise')
    return systems


class _Pages:
    """Writes the trials of a test into a folder, one after the other, and keeps what they are."""

    def __init__(self, folder: Path) -> None:
        self.test = _opaque()
        self.trials: list[dict[str, object]] = []  # as the page wants them, practice first
        self.key: dict[str, KeyedTrial] = {}
        self.names: dict[str, None] = {}  # what there is beside the systems
        self._folder = folder

    def add(self, trial: Trial, stimuli: Stimuli) -> None:
        """Write the sounds of a trial, and of the first one twice: once for practice."""
        if not self.trials:
            self._write(stimuli)
        identifier, systems = self._write(stimuli)
        gains, delays = dict(stimuli.gains), dict(stimuli.delays)
        self.key[identifier] = KeyedTrial(trial.name, systems, gains, delays)
        self.names |= dict.fromkeys(name for name in stimuli.sounds if name in RESERVED)

    def _write(self, stimuli: Stimuli) -> tuple[str, dict[str, str]]:
        """Write one file of sounds; return the trial's id, and the system of each stimulus."""
        dither = np.random.default_rng(secrets.randbits(64))
        identifier, open_reference = _opaque(), _opaque()
        systems = {_opaque(): name for name in stimuli.sounds}
        audios = {each: stimuli.sounds[name] for each, name in systems.items()}
        audios[open_reference] = stimuli.sounds[REFERENCE]
        sounds = {each: _base64(wav_of(audios[each], dither)) for each in sorted(audios)}
        script = f"receive({json.dumps(identifier)}, {json.dumps(sounds)});\n"
        (self._folder / "sounds" / f"{identifier}.js").write_text(script, encoding="ascii")
        self.trials.append(
            {
                "id": identifier,
                "reference": open_reference,
                "stimuli": sorted(systems),
                "seconds": round(stimuli.seconds, 3),
            }
        )
        return identifier, dict(sorted(systems.items()))

    def write_index(self) -> None:
        """Write the page itself."""
        practice, *trials = self.trials
        trials.sort(key=lambda trial: str(trial["id"]))
        test = {"test": self.test, "version": VERSION, "practice": practice, "trials": trials}
        page = assemble(files(__package__) / "page", SCRIPTS, {"TEST": test})
        (self._folder / "index.html").write_text(page, encoding="utf-8")


def _opaque() -> str:
    return secrets.token_hex(6)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
