"""Score what systems make of clips under conditions, and keep every score, so that runs go on.

A row says what one system made of one clip in one condition. Three kinds of judges give rows:

scores    the registered measures, and two more: `level_db`, by how much the output is louder (rms
          of the whole clip, as `vocable roundtrip` states it), and `loudest_db`, by how much the
          output's loudest 20 ms pass the input's loudest
words     what Whisper hears (`benchmarks.listeners`), as text
speaker   the cosine between Resemblyzer's embeddings of output and input
"""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.clips import Clip
from benchmarks.conditions import CONDITIONS, RATE, Scene
from benchmarks.listeners import embed, transcribe
from benchmarks.peers import Codec2, Opus
from benchmarks.scores import Score
from benchmarks.tables import progress
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.measures import score_recordings

ITSELF = "the recording"
PEERS = {
    "Codec2 1300": Codec2("1300"),
    "Codec2 3200": Codec2("3200"),
    "Opus 6 kbit/s": Opus(6),
}
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

    def after(self, row: "Row") -> "Row":
        """Return both rows in one; where both have a measure, this one holds."""
        refusals = [*row.refusals, *self.refusals]
        return replace(self, measures=row.measures | self.measures, refusals=refusals)


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
    """Return the rows of all tasks; what `keep` holds is not computed again.

    keep: a file of JSON lines, which grows row by row; of two for the same the later one holds.
    """
    rows = {row.key: row for row in read_rows(keep)}
    wanted = [task for task in tasks if task.systems]
    asked = {task.blank(system).key for task in wanted for system in task.systems}
    work = [left for task in wanted if (left := _without(task, rows)).systems]
    for row in _run(work, jobs):
        rows[row.key] = row.after(rows[row.key]) if row.key in rows else row
        if keep:
            with keep.open("a") as file:
                file.write(json.dumps(asdict(rows[row.key])) + "\n")
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
    """Return what is left of a task: systems that lack a row or a measure, and those measures."""
    known = {system: _measured(rows.get(task.blank(system).key)) for system in task.systems}
    left = [s for s, found in known.items() if found is None or not found >= set(task.measures)]
    done = set.intersection(*(known[s] or set() for s in left)) if left else set()
    measures = tuple(name for name in task.measures if name not in done)
    return replace(task, systems=tuple(left), measures=measures)


def _measured(row: Row | None) -> set[str] | None:
    return None if row is None else set(row.measures)


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
    judged = {"scores": _scored, "words": _heard, "speaker": _recognised}[task.kind](given, task)
    rows = []
    for system in task.systems:
        y, bits = system(given)
        rows.append(judged(replace(task.blank(system), bits_per_second=bits), y))
    return rows


Judge = Callable[[Row, np.ndarray], Row]


def _scored(x: np.ndarray, task: Task) -> Judge:
    def judged(row: Row, y: np.ndarray) -> Row:
        scored = score_recordings(task.measures, Audio(x, RATE), Audio(y, RATE), RATE)
        found, unscored = scored.scores, scored.unscored
        values = {name: found.get(name) for name in task.measures}
        values |= {"level_db": level(y, x), "loudest_db": loudest(y, x)}
        where = f"{row.clip}, {row.condition}, {row.system}"
        refusals = [f"{where}: {why}" for why in unscored.values()]
        return replace(row, measures=values, refusals=refusals)

    return judged


def _heard(x: np.ndarray, task: Task) -> Judge:
    return lambda row, y: replace(row, text=transcribe(y, RATE))


def _recognised(x: np.ndarray, task: Task) -> Judge:
    own = embed(x, RATE)

    def judged(row: Row, y: np.ndarray) -> Row:
        try:
            return replace(row, measures={"speaker": float(own @ embed(y, RATE))})
        except MeasureError as error:
            where = f"{row.clip}, {row.condition}, {row.system}"
            return replace(row, measures={"speaker": None}, refusals=[f"{where}: {error}"])

    return judged


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


@cache
def load_codec(name: str):
    """Return the codec, loaded once in each process, on one thread."""
    import torch

    import vocable

    torch.set_num_threads(1)
    return vocable.load(name)
