"""The units of recordings, made once and kept beside the run."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32

from vocable.atomic import replacing
from vocable.audio import Audio
from vocable.train.data.recordings import Recordings
from vocable.train.distributed import Distributed

_log = logging.getLogger(__name__)
_TOGETHER = 16  # recordings that are encoded together
Units = Int32[np.ndarray, " frames"]


class KeptUnits:
    """The units of each recording, one behind the other; `edges` is where each begins."""

    def __init__(self, values: Units, edges: np.ndarray) -> None:
        self.values, self.edges = values, edges

    def of(self, index: int) -> Units:
        """Return the units of one recording."""
        return self.values[self.edges[index] : self.edges[index + 1]]


def keep_units(
    recordings: Recordings, tokenizer: Any, path: Path, distributed: Distributed
) -> KeptUnits:
    """Return the units of recordings, from the file `path` if it holds just these.

    The main process makes them. tokenizer: of units, with one level.
    """

    def make() -> KeptUnits:
        about = _about(recordings, tokenizer, path)
        if (known := _load(path, about)) is None:
            known = _make(recordings, tokenizer)
            _save(known, path, about)
        return known

    found = make() if distributed.is_main else None
    distributed.wait()  # the others read what the main process has written
    return found or make()


def _about(recordings: Recordings, tokenizer: Any, path: Path) -> str:
    """Return what units were made of, and by what: the recordings are those of one fingerprint."""
    decoded = json.loads(path.with_name(f"{path.stem}.json").read_text(encoding="utf-8"))
    return json.dumps([tokenizer.spec.space, decoded["key"], recordings.rate])


def _make(recordings: Recordings, tokenizer: Any) -> KeptUnits:
    _log.info("%.2f h become units of %s", recordings.seconds / 3600, tokenizer.spec.space)
    found: list[Units] = []
    for start in range(0, len(recordings), _TOGETHER):
        some = range(start, min(start + _TOGETHER, len(recordings)))
        audios = [Audio(recordings.clip(index), recordings.rate) for index in some]
        found += [tokens.stacks[0][0] for tokens in tokenizer.encode_batch(audios)]
    return KeptUnits(np.concatenate(found), _edges([len(each) for each in found]))


def _edges(lengths: Sequence[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def _save(units: KeptUnits, path: Path, about: str) -> None:
    with replacing(path, overwrite=True) as fresh, fresh.open("wb") as file:
        np.savez(file, values=units.values, edges=units.edges, about=np.array(about))


def _load(path: Path, about: str) -> KeptUnits | None:
    try:
        with np.load(path) as stored:
            fits = str(stored["about"]) == about
            return KeptUnits(stored["values"], stored["edges"]) if fits else None
    except (OSError, ValueError, KeyError, EOFError):
        return None
