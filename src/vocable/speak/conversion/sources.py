"""What is converted: one channel of a recording, in memory or on its way from file to file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from vocable.atomic import check_target
from vocable.audio import Audio
from vocable.audio.writer import format_of

Progress: TypeAlias = "Callable[[float], None] | None"
Target: TypeAlias = "str | os.PathLike[str]"


def one_channel(source: Any) -> Audio:
    """Return a recording, or a path of one, with its channels mixed."""
    audio = source if isinstance(source, Audio) else Audio.read(source)
    return audio.mono()


@contextmanager
def on_the_way(target: Target, *, overwrite: bool) -> Iterator[Path]:
    """Give a folder for what lies between a recording and a target that may be written."""
    check_target(target, overwrite=overwrite)
    format_of(target)  # refuses an unknown ending before any work
    with tempfile.TemporaryDirectory(prefix="vocable-") as folder:
        yield Path(folder)


def stage(progress: Progress, number: int, of: int) -> Progress:
    """Return the progress of one stage of several."""
    if progress is None:
        return None
    return lambda share: progress((number + share) / of)
