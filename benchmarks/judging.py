"""Score what systems make of clips under conditions, and keep every score, so that runs go on.

A row says what one system made of one clip in one condition. Three kinds of judges give rows:

scores    the registered measures, and two more: `level_db`, by how much the output is louder (rms
          of the whole clip, as `vocable roundtrip` states it), and `loudest_db`, by how much the
          output's loudest 20 ms pass the input's loudest
words     what Whisper hears (`benchmarks.listeners`), as text
speaker   the cosine between Resemblyzer's embeddings of output and input
"""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.clips import Clip
from benchmarks.conditions import CONDITIONS, RATE, Scene
from benchmarks.listeners import embed, transcribe
from benchmarks.quality import PEERS, load_codec
from benchmarks.scores import Score
from benchmarks.tables import progress
from vocable.audio import Audio
from vocable.measures import REGISTRY, score_recordings

ITSELF = "the recording"
FRAME = RATE // 50  # samples of which the loudest are compared
QUIET = 1e-10  # mean square


@dataclass
class Row(Score):
    """One score, of which kind, of which set of clips, and in which condition."""

    kind: str = "scores"
    clips: str = ""
    condition: str = "clean"
    weights: str = ""  # a hash of those that coded the clip; empty for peers
    text: str = ""  # what was heard, of the kind "words"
    refusals: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, ...]:
        """What tells rows apart."""
        return self.kind, self.clips, self.condition, self.clip, self.system, self.weights


@dataclass(frozen=True)
class System:
    """What codes clips: a codec with so many of its levels, a peer, or nothing at all."""

    label: str
    codec: str = ""  # name or folder; empty for a peer and for nothing
    levels: int = 0
    weights: str = ""

    def __call__(self, x: np.ndarray) -> tuple[np.ndarray, float]:
        """Return [samples] of x's length and the bits per second."""
        if self.label == ITSELF:
            return x, RATE * 16.0
        if not self.codec:
            return PEERS[self.label](x)
        codec = load_codec(self.codec)
        tokens = codec.encode(x.astype(np.float32), rate=RATE, levels=self.levels)
        return codec.decode(tokens).samples[0].astype(np.float64), float(tokens.bitrate)


@dataclass(frozen=True)
class Task:
    """One clip in one condition, to be coded by some systems and judged in one way."""

    kind: str
    clips: str
    condition: str
    clip: Clip
    systems: tuple[System, ...]
    measures: tuple[str, ...] = ()
    number: int = 0
    others: tuple[Clip, ...] = ()

    def blank(self, system: System) -> Row:
        """Return the row of a system without its scores."""
        named = {"kind": self.kind, "clips": self.clips, "condition": self.condition}
        clip, weights = self.clip, system.weights
        return Row(system.label, clip.name, clip.speaker, 0.0, {}, weights=weights, **named)


def judge(tasks: Iterable[Task], jobs: int, keep: Path | None) -> list[Row]:
    """Return the rows of all tasks; those that `keep` holds are not computed again.

    keep: a file of JSON lines, which grows row by row.
    """
    rows = {row.key: row for row in read_rows(keep)}
    wanted = [task for task in tasks if task.systems]
    asked = {task.blank(system).key for task in wanted for system in task.systems}
    work = [left for task in wanted if (left := _without(task, rows)).systems]
    for row in _run(work, jobs):
        rows[row.key] = row
        if keep:
            with keep.open("a") as file:
                file.write(json.dumps(asdict(row)) + "\n")
    return [row for key, row in rows.items() if key in asked]


def read_rows(keep: Path | None) -> list[Row]:
    """Return the rows of a file; the last line may have been cut off by the end of a run."""
    if keep is None or not keep.exists():
        return []
    lines = keep.read_text().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    if len(whole) < len(lines):
        keep.write_text("".join(whole))
    return [Row(**json.loads(line)) for line in whole]


def _without(task: Task, rows: dict[tuple[str, ...], Row]) -> Task:
    left = [system for system in task.systems if not _scored(task, system, rows)]
    return replace(task, systems=tuple(left))


def _scored(task: Task, system: System, rows: dict[tuple[str, ...], Row]) -> bool:
    """Return whether a row holds every measure that is asked for: later ones may be new."""
    row = rows.get(task.blank(system).key)
    return row is not None and set(task.measures) <= set(row.measures)


def _run(tasks: list[Task], jobs: int) -> Iterator[Row]:
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(run_task, task) for task in tasks]
        for done, future in enumerate(as_completed(futures), start=1):
            progress(f"{done} of {len(tasks)}")
            yield from future.result()
    progress("")


def run_task(task: Task) -> list[Row]:
    """Return one row for each system of a task."""
    x = task.clip.read(RATE).astype(np.float64)
    given = CONDITIONS[task.condition](Scene(x, task.number, task.others))
    judged = {"scores": partial(_score, measures=task.measures), "words": _hear, "speaker": _name}
    rows = []
    for system in task.systems:
        y, bits = system(given)
        row = judged[task.kind](replace(task.blank(system), bits_per_second=bits), given, y)
        rows.append(row)
    return rows


def _score(row: Row, x: np.ndarray, y: np.ndarray, measures: tuple[str, ...]) -> Row:
    registered = [name for name in measures if name in REGISTRY]
    found, unscored = score_recordings(registered, Audio(x, RATE), Audio(y, RATE), RATE)
    values = {name: found.get(name) for name in registered}
    values |= {"level_db": level(y, x), "loudest_db": loudest(y, x)}
    refusals = [f"{row.clip}, {row.condition}, {row.system}: {why}" for why in unscored.values()]
    return replace(row, measures=values, refusals=refusals)


def _hear(row: Row, x: np.ndarray, y: np.ndarray) -> Row:
    return replace(row, text=transcribe(y, RATE))


def _name(row: Row, x: np.ndarray, y: np.ndarray) -> Row:
    return replace(row, measures={"speaker": float(embed(x, RATE) @ embed(y, RATE))})


def level(y: np.ndarray, x: np.ndarray) -> float | None:
    """Return by how many dB y is louder than x in rms; None where one of them is silent."""
    return _ratio(float(np.mean(y**2)), float(np.mean(x**2)))


def loudest(y: np.ndarray, x: np.ndarray) -> float | None:
    """Return by how many dB the loudest 20 ms of y pass the loudest of x."""
    return _ratio(_most(y), _most(x))


def _most(x: np.ndarray) -> float:
    frames = np.resize(x, (max(1, x.size // FRAME), FRAME))
    return float(np.mean(frames**2, axis=1).max())


def _ratio(power: float, over: float) -> float | None:
    return 10 * float(np.log10(power / over)) if min(power, over) > QUIET else None
