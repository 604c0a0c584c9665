"""The events of a corpus that is encoded by many workers, for benchmarks.corpus_simulation."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np

from benchmarks.corpus_stages import Stages

BYTES = 32_000 * 0.55  # of a second of FLAC, 16 kHz


def _said(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class World:
    """What is encoded, and where."""

    hours: float = _said(100_000.0, "hours of sound")
    recording: float = _said(10.0, "seconds of a recording")
    piece: int = _said(1000, "recordings in a piece")
    tars: int = _said(0, "1: recordings lie in tars, a piece in each")
    tasks: int = _said(0, "1: a run for each machine, in place of one over all")
    machine: int = _said(64, "workers of a machine")
    bandwidth: float = _said(10.0, "of the shared file system, GB/s")
    names: float = _said(20_000.0, "operations that it serves a second: open, stat, rename")
    slow: float = _said(0.05, "scale of the Pareto tail of a piece's time, 0: none")
    tail: float = _said(1.8, "its exponent")
    loss: float = _said(24.0, "hours between losses of one worker")
    back: float = _said(120.0, "seconds until a lost worker is replaced")
    seed: int = _said(0, "of chance")

    @property
    def pieces(self) -> int:
        """How many there are."""
        return -(-round(self.hours * 3600 / self.recording) // self.piece)


@dataclass
class Outcome:
    """Seconds of the whole, and seconds of workers that were spent otherwise than on a piece."""

    workers: int
    pieces: int
    seconds: float = 0.0
    start: float = 0.0  # of each worker
    plan: float = 0.0
    finish: float = 0.0
    system: float = 0.0  # waiting for the file system, of all workers
    lost: float = 0.0  # pieces lost half-way, and the time until a worker is back, of all
    useful: float = 0.0  # what the pieces take at their ordinary pace
    losses: int = 0
    last: float = 0.0  # seconds between the first worker without work and the last piece

    def shares(self) -> list[float]:
        """Return start, plan, finish, file system, losses, slow pieces and the end, of the time."""
        total = self.workers * self.seconds
        each = [x * self.workers for x in (self.start, self.plan, self.finish)]
        known = [*each, self.system, self.lost]
        return [part / total for part in (*known, total - self.useful - sum(known))]


def simulate(world: World, stages: Stages, workers: int) -> Outcome:
    """Return what so many workers make of a corpus."""
    found = Outcome(workers, world.pieces, start=stages.start)
    found.plan, found.finish = _plan(world, stages, workers), _finish(world, stages)
    system = _System(world)
    groups = -(-workers // world.machine) if world.tasks else 1
    ends = _run(world, stages, found, system, min(groups, world.pieces))
    found.last = max(ends) - min(ends)
    found.seconds = found.plan + found.start + max(ends) + found.finish
    return found


def _plan(world: World, stages: Stages, workers: int) -> float:
    """Return the seconds until one run has planned: computed, and asked of the file system.

    With tasks each other run reads its share of the plan, which takes no longer.
    """
    known = world.pieces if world.tars else world.pieces * world.piece
    runs = -(-workers // world.machine) if world.tasks else 1
    shares = stages.plan * known / runs if runs > 1 else 0.0
    return max(known * stages.plan, known / world.names) + shares


def _finish(world: World, stages: Stages) -> float:
    return world.pieces * (world.piece * stages.finish + 1 / world.names)


class _System:
    """A shared file system: what comes first is served first, bytes and names apart."""

    def __init__(self, world: World) -> None:
        sound = world.piece * world.recording
        self._bytes = sound * BYTES / (world.bandwidth * 1e9)
        self._names = (8 + (1 if world.tars else world.piece)) / world.names
        self._bytes_free = self._names_free = 0.0

    def served(self, now: float) -> float:
        """Return when a piece that is asked for now has been served."""
        self._bytes_free = max(self._bytes_free, now) + self._bytes
        self._names_free = max(self._names_free, now) + self._names
        return max(self._bytes_free, self._names_free)


def _run(world: World, stages: Stages, found: Outcome, system: _System, groups: int) -> list[float]:
    """Let workers take pieces until none is left; return when each has ended its last.

    The heap has when a worker is free, its number, and when it will be lost; a number below zero
    is of a group, one of whose pieces is lost at that moment.
    """
    draw = np.random.default_rng(world.seed)
    ordinary = stages.piece(world.recording, world.piece)
    left = [world.pieces // groups + (g < world.pieces % groups) for g in range(groups)]
    idle: list[list[int]] = [[] for _ in range(groups)]
    losses = _Draws(lambda n: draw.exponential(world.loss * 3600, n))
    slow = _Draws(lambda n: 1 + world.slow * draw.pareto(world.tail, n))
    heap = [(0.0, number, losses.next()) for number in range(found.workers)]
    heapify(heap)
    ends, driver = dict[int, float](), [0.0] * groups
    while heap:
        now, number, dies = heappop(heap)
        if number < 0:  # a piece is lost, and one who has nothing to do takes it
            left[group := -number - 1] += 1
            if idle[group]:
                heappush(heap, (now, idle[group].pop(), now + losses.next()))
            continue
        group = number % groups
        if not left[group]:
            ends[number] = now
            idle[group].append(number)
            continue
        left[group] -= 1
        driver[group] = max(driver[group], now) + stages.send
        computed = driver[group] + ordinary * slow.next()
        done = max(system.served(driver[group]), computed)
        if dies < done:
            back = dies + world.back + stages.start
            found.losses += 1
            found.lost += back - now
            heappush(heap, (dies, -group - 1, 0.0))
            heappush(heap, (back, number, back + losses.next()))
            continue
        found.useful += ordinary
        found.system += done - computed
        heappush(heap, (done, number, dies))
    return [*ends.values()]


class _Draws:
    """Numbers of chance, drawn many at a time."""

    def __init__(self, draw: Any) -> None:
        self._draw, self._held = draw, list[float]()

    def next(self) -> float:
        """Return another."""
        if not self._held:
            self._held = self._draw(4096).tolist()
        return self._held.pop()
