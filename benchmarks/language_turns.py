"""What the benchmarks of language models take turns with: frames and ids, each with its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

from vocable.language.csm import CsmGenerator
from vocable.language.engine import Engine, Prompt
from vocable.language.sampling import GREEDY
from vocable.language.token_model import TokenModel

Clock = Callable[[], float]
TEXT = 8  # rows of a prompt


def clock_of(threads: int) -> Clock:
    """Return CPU time for one thread, which other work disturbs less; else time on the wall."""
    return time.process_time if threads == 1 else time.perf_counter


def gaps(at: list[float]) -> list[float]:
    """Return the seconds from each mark to the next; the first comes with the prompt."""
    return [later - before for before, later in zip(at, at[1:], strict=False)]


def pace(clock: Clock) -> float:
    """Return the bytes a second at which a sum reads memory that no cache holds."""
    numbers, found = torch.ones(1 << 26), []
    for _ in range(3):
        start = clock()
        numbers.sum()
        found.append(numbers.nbytes / (clock() - start))
    return max(found)


class _Marks:
    """What transformers hands ids to: the prompt, then each step."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.at = clock, list[float]()

    def put(self, ids: torch.Tensor) -> None:
        self.at.append(self.clock())

    def end(self) -> None:
        """Nothing is left."""


def their_frames(theirs: Any, many: int, clock: Clock) -> tuple[list[float], np.ndarray]:
    """Return when transformers has each frame, and the frames `[many, levels]`."""
    return _theirs(theirs, many, clock, depth_decoder_do_sample=False)


@torch.inference_mode()
def _theirs(theirs: Any, many: int, clock: Clock, **more: Any) -> tuple[list[float], np.ndarray]:
    marks = _Marks(clock)
    start = torch.arange(10, 10 + TEXT)[None]
    found = theirs.generate(
        start, attention_mask=torch.ones_like(start), max_new_tokens=many, do_sample=False,
        streamer=marks, **more,
    )  # fmt: skip
    return marks.at[1:], found[0].numpy()


def our_frames(ours: CsmGenerator, many: int, clock: Clock) -> tuple[list[float], np.ndarray]:
    """Return when ours has each frame, and the frames `[many, levels]`."""
    rows = torch.full((TEXT, ours.config.levels + 1), -1)
    rows[:, -1] = torch.arange(10, 10 + TEXT)
    engine = ours.start_engine(1, context=TEXT + many)
    session = engine.join(
        Prompt(rows), sampling=GREEDY, most=many, follow=lambda frame: np.append(frame, -1)
    )
    return _marked(session, clock)


def their_ids(theirs: Any, many: int, clock: Clock) -> tuple[list[float], np.ndarray]:
    """Return when transformers has each id, and the ids."""
    at, found = _theirs(theirs, many, clock)
    return at, found[TEXT:]


def our_ids(
    ours: TokenModel, many: int, clock: Clock, streams: int = 1
) -> tuple[list[float], np.ndarray]:
    """Return when ours has each id of all streams, and the ids of the last stream.

    Streams beyond one begin with other ids; the last one as transformers does.
    """
    engine = Engine(ours, streams, context=TEXT + many)
    sessions = [
        engine.join(
            Prompt(torch.arange(10, 10 + TEXT)[:, None] + streams - 1 - stream),
            sampling=GREEDY, most=many,
        )
        for stream in range(streams)
    ]  # fmt: skip
    at = []
    while engine.step():
        at.append(clock())
    return at, np.concatenate(list(sessions[-1]))


def _marked(steps: Iterable[np.ndarray], clock: Clock) -> tuple[list[float], np.ndarray]:
    at, found = [], []
    for step in steps:
        at.append(clock())
        found.append(step)
    return at, np.stack(found)


@torch.inference_mode()
def steps_behind(
    ours: TokenModel, length: int, steps: int, clock: Clock
) -> tuple[list[float], int, bool]:
    """Return seconds of steps behind so many positions, bytes kept, and whether they stayed put."""
    engine = Engine(ours, 1, context=length + steps)
    places = [tensor.data_ptr() for layer in engine.cache.layers for tensor in layer.tensors()]
    ids = torch.arange(length)[:, None] % ours.sizes[0]
    session = engine.join(Prompt(ids), sampling=GREEDY, most=steps)
    at, _ = _marked(session, clock)
    after = [tensor.data_ptr() for layer in engine.cache.layers for tensor in layer.tensors()]
    return gaps(at), engine.cache.nbytes, places == after
