"""What recordings are made into, units and voices: made once, and kept beside the run."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int32

from vocable.atomic import replacing
from vocable.audio import Audio
from vocable.conditions import Embeds, embedding_of
from vocable.errors import RecipeError, VocableError
from vocable.train.data.recordings import Recordings
from vocable.train.distributed import Distributed

_log = logging.getLogger(__name__)
_TOGETHER = 16  # recordings that are encoded together
Arrays = dict[str, np.ndarray]


class KeptUnits:
    """The units of each recording, one behind the other; `edges` is where each begins."""

    def __init__(self, values: Int32[np.ndarray, " units"], edges: np.ndarray) -> None:
        self.values, self.edges = values, edges

    def of(self, index: int) -> Int32[np.ndarray, " frames"]:
        """Return the units of one recording."""
        return self.values[self.edges[index] : self.edges[index + 1]]


def keep_units(
    recordings: Recordings, tokenizer: Any, samples: Path, distributed: Distributed
) -> KeptUnits:
    """Return the units of recordings, from the file beside their `samples` if it holds just these.

    tokenizer: of units, with one level.
    """

    def make() -> Arrays:
        found = []
        for audios in _some(recordings):
            found += [tokens.stacks[0][0] for tokens in tokenizer.encode_batch(audios)]
        edges = np.cumsum([0, *map(len, found)], dtype=np.int64)
        return {"values": np.concatenate(found), "edges": edges}

    return KeptUnits(**_kept(samples, "units", tokenizer.spec.space, make, distributed))


def keep_voices(
    recordings: Recordings, embeds: Embeds, samples: Path, distributed: Distributed
) -> Float32[np.ndarray, "recordings width"]:
    """Return who speaks in each recording as a vector, from the file if it holds just these.

    RecipeError names a recording in which the embedding hears nobody.
    """

    def make() -> Arrays:
        vectors = []
        for index, clip in enumerate(recordings.clips):
            audio = Audio(recordings.clip(index), recordings.rate)
            try:
                vectors.append(embedding_of(embeds, audio).numpy())
            except VocableError as error:
                raise RecipeError(f"{clip.path}: {error}; leave it out of the manifest") from error
        return {"vectors": np.stack(vectors).astype(np.float32)}

    return _kept(samples, "voices", embeds.space, make, distributed)["vectors"]


def _some(recordings: Recordings) -> Iterator[list[Audio]]:
    for start in range(0, len(recordings), _TOGETHER):
        some = range(start, min(start + _TOGETHER, len(recordings)))
        yield [Audio(recordings.clip(index), recordings.rate) for index in some]


def _kept(
    samples: Path, what: str, space: str, make: Callable[[], Arrays], distributed: Distributed
) -> Arrays:
    """Return arrays that the main process makes, unless the file has those of these recordings.

    Which recordings the samples are of, the fingerprint beside them says.
    """
    path = samples.with_suffix(f".{what}.npz")

    def found() -> Arrays:
        decoded = json.loads(samples.with_suffix(".json").read_text(encoding="utf-8"))
        about = json.dumps([space, decoded["key"]])
        known = _load(path, about)
        if known is None:
            _log.info("%s of recordings are made by %s", what, space)
            known = make()
            with replacing(path, overwrite=True) as fresh, fresh.open("wb") as file:
                arrays: dict[str, Any] = {"about": np.array(about), **known}
                np.savez(file, **arrays)
        return known

    made = found() if distributed.is_main else None
    distributed.wait()  # the others read what the main process has written
    return made or found()


def _load(path: Path, about: str) -> Arrays | None:
    try:
        with np.load(path) as stored:
            if str(stored["about"]) != about:
                return None
            return {name: stored[name] for name in stored.files if name != "about"}
    except (OSError, ValueError, KeyError, EOFError):
        return None
