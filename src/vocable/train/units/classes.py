"""What the frames of a run's recordings are told to be: made once, kept in the run's folder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from vocable.train.data.recordings import Recordings
from vocable.train.distributed import Distributed
from vocable.train.units import labels
from vocable.train.units.clusters import clustered, open_teacher
from vocable.train.units.labels import Labels
from vocable.train.units.recipe import UnitsRecipe
from vocable.units.tokenizer import Encodes

_log = logging.getLogger(__name__)


class FrameClasses:
    """The classes of each iteration, by the names of the sets of recordings.

    The second ones are made of the layers of `network`, which learns, or of what it tells.
    """

    def __init__(
        self,
        recipe: UnitsRecipe,
        recordings: Mapping[str, Recordings],
        folder: Path,
        distributed: Distributed,
        network: Encodes,
        tell: Callable[[np.ndarray], np.ndarray],
    ) -> None:
        self._recipe, self._recordings = recipe, recordings
        self._network, self._tell = network, tell
        self._folder, self._distributed = folder, distributed
        self._known: dict[int, dict[str, Labels]] = {}

    def of(self, iteration: int) -> dict[str, Labels]:
        """Return the classes of an iteration: 0, the teacher's; 1, the model's own clusters."""
        if iteration not in self._known:
            if self._distributed.is_main and self._stored(iteration) is None:
                _log.info("finding the classes of all frames")
                for name, found in self._made(iteration).items():
                    labels.save(found, self._path(iteration, name), self._about(iteration))
            self._distributed.wait()  # the others read what the main process has written
            known = self._stored(iteration)
            assert known is not None
            self._known[iteration] = known
        return self._known[iteration]

    def _path(self, iteration: int, name: str) -> Path:
        return self._folder / f"{name}.classes{iteration}.npz"

    def _about(self, iteration: int) -> str:
        """Return what decides the classes: a folder may hold those of another recipe."""
        table = self._recipe.again if iteration else self._recipe.targets
        return f"{asdict(table)}, seed {self._recipe.seed}"

    def _stored(self, iteration: int) -> dict[str, Labels] | None:
        found = {}
        for name, recordings in self._recordings.items():
            one = labels.load(self._path(iteration, name), recordings, self._about(iteration))
            if one is None:
                return None
            found[name] = one
        return found

    def _made(self, iteration: int) -> dict[str, Labels]:
        targets, again, seed = self._recipe.targets, self._recipe.again, self._recipe.seed
        if iteration and again.by == "told":
            return labels.filled(self._recordings, self.of(0), self._tell)
        if iteration:
            return clustered(self._recordings, self._network, again.layer, again.classes, seed)
        if targets.teacher == "phones":
            return labels.stated(self._recordings, targets.classes)
        teacher = open_teacher(targets.teacher, self._distributed.device)
        return clustered(self._recordings, teacher, targets.layer, targets.classes, seed)
