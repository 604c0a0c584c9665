"""Shards of random tokens, as the readers of trainers find them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.corpus.test_outputs import form, rows, written
from vocable.corpus.outputs import output_of
from vocable.corpus.outputs.ids import Ids
from vocable.corpus.rows import Row
from vocable.tokens import TokenSpec


@dataclass(frozen=True)
class Shard:
    """A corpus of one shard, number 12, of three recordings; the last has two channels."""

    folder: Path
    rows: list[Row]
    sequences: list[np.ndarray]  # ids of each stream, where the form holds ids


def shard(name: str, spec: TokenSpec, folder: Path, channels: tuple[int, ...] = (1, 1, 2)) -> Shard:
    """Write one, and finish it."""
    output, given = output_of(name, form(spec)), rows(spec, channels)
    mark = written(output, folder / name, given)
    output.finish(folder / name, lambda: iter([mark]))
    ids = (
        [each for row in given for each in output.sequences(row)] if isinstance(output, Ids) else []
    )
    return Shard(folder / name, given, ids)


def reader(module: str) -> Any:
    """Return a trainer's module; without it the test is skipped, or fails in `dev.py readers`."""
    if os.environ.get("VOCABLE_READERS") == "all":
        return import_module(module)
    return pytest.importorskip(module, reason=f"{module} is not here; dev.py readers has it")
