"""Encode a corpus: plan it, make the pieces that are not made yet, and finish it when all are."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from vocable.corpus.addresses import is_address
from vocable.corpus.claims import claimed, wait_for
from vocable.corpus.encoder import Encoder, Settings
from vocable.corpus.finish import finish
from vocable.corpus.marks import path_of, read_mark
from vocable.corpus.messages import Done, Work
from vocable.corpus.outputs import Form, Output, output_of
from vocable.corpus.pieces import Piece
from vocable.corpus.plan import FOLDER, Plan, begin, compare, existing, read_pieces
from vocable.corpus.pool import Pool
from vocable.corpus.report import Report
from vocable.corpus.sources import cut
from vocable.corpus.weights import share
from vocable.corpus.worker import opened, serve
from vocable.errors import RecipeError
from vocable.tokens import Vocabulary

Progress = Callable[[float], None]  # the share of the pieces that are done, 0 to 1


def encode_corpus(
    source: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    codec: str = "speech-16k",
    *,
    to: str = "vcb",
    levels: int | None = None,
    vocabulary: Callable[[Encoder], Vocabulary] | None = None,
    mix: bool = False,
    allow_loud: bool = False,
    size: int | None = None,
    workers: int = 1,
    threads: int = 1,
    device: str | None = None,
    task: tuple[int, int] = (1, 1),
    retry_failed: bool = False,
    ray: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Encode all recordings of a source into a folder, each exactly once.

    Killed and called again alike it goes on, and the folder becomes what it would have been.

    source: see `sources.cut`. to: a name of `outputs.OUTPUTS`. vocabulary: makes the ids of those
    that hold ids, out of what the encoder's tokens are. size: recordings in a piece, where each is
    a file. task: (k, n) makes each n-th piece, from the k-th on, as one of n runs side by side; the
    last to be done finishes the corpus. retry_failed: make the pieces again in which recordings
    failed. ray: an address of a cluster, or "local", that does the work in place of processes here.

    Raises RecipeError for a source or a folder that does not fit what was begun.
    """
    begun = time.time()
    work, tokenizer, pieces = planned(
        source, folder, codec, to=to, levels=levels, vocabulary=vocabulary, mix=mix,
        allow_loud=allow_loud, size=size, threads=threads, device=device, task=task,
        retry_failed=retry_failed,
    )  # fmt: skip
    todo = [piece for piece in pieces if _is_to_do(work.folder, piece, retry_failed)]
    done: list[tuple[int, Done]] = []
    for number, each in enumerate(_made(work, tokenizer, todo, workers, ray), 1):
        done.append(each)
        if progress:
            progress(number / len(todo))
    if done:
        _note(work.folder, task, begun, workers, done)
    return finish(work.folder, work.plan, [piece.number for piece in pieces])


def planned(
    source: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    codec: str,
    *,
    to: str,
    levels: int | None = None,
    vocabulary: Callable[[Encoder], Vocabulary] | None = None,
    mix: bool = False,
    allow_loud: bool = False,
    size: int | None = None,
    threads: int = 1,
    device: str | None = None,
    task: tuple[int, int] = (1, 1),
    retry_failed: bool = False,
) -> tuple[Work, Any, list[Piece]]:
    """Put the plan of a corpus in place, or compare it with the one that is there.

    Returns what workers are given, the tokenizer, and the pieces of the task. Errors as of
    `encode_corpus`.
    """
    _check_task(task)
    target = Path(folder)
    place = os.fspath(source)
    first = Plan(place if is_address(place) else os.path.abspath(place), codec, {}, 0, to)
    tokenizer = opened(Work(target, first, device, threads))
    encoder = Encoder(tokenizer, Settings(levels, mix, allow_loud))
    words = vocabulary(encoder) if vocabulary else None
    output = output_of(to, Form(encoder.spec, encoder.levels, words))
    output.check_folder(target)
    asked = _plan(first, encoder, words, output)
    with _planning(target, task, retry_failed) as known:
        if known is None:
            pieces = list(cut(place, size))
            _check_keys(pieces, output)
            target.mkdir(parents=True, exist_ok=True)
            plan = begin(target, asked, pieces, retry=retry_failed)
            own = pieces[task[0] - 1 :: task[1]]
        else:
            compare(target, known, asked)
            plan, own = known, list(read_pieces(target, task[0] - 1, task[1]))
    return Work(target, plan, device, threads), tokenizer, own


@contextlib.contextmanager
def _planning(folder: Path, task: tuple[int, int], retry: bool) -> Iterator[Plan | None]:
    """Yield the plan that another task has made, None where this run asks the source.

    The first of the tasks compares a plan that is there with the source; who retries does so, too.
    """
    number, count = task
    if count == 1 or retry or (number == 1 and existing(folder)):
        yield None
        return
    claim = folder / FOLDER / "planning"
    while (known := existing(folder)) is None:
        with claimed(claim) as mine:
            if mine:
                yield existing(folder)
                return
        wait_for(claim)
    yield known


def _plan(first: Plan, encoder: Encoder, words: Vocabulary | None, output: Output) -> Plan:
    settings = encoder.settings
    return Plan(
        first.source, first.codec, encoder.spec.to_dict(), encoder.levels, first.to, settings.mix,
        settings.allow_loud, None if words is None else words.to_dict(), output.settings(),
    )  # fmt: skip


def _check_keys(pieces: Sequence[Piece], output: Output) -> None:
    """Refuse ids that the output spells alike."""
    known: dict[str, str] = {}
    for entry in (entry for piece in pieces for entry in piece.entries):
        key = output.key(entry.id)
        if (other := known.setdefault(key, entry.id)) != entry.id:
            raise RecipeError(
                f"{other} and {entry.id} have one name in {output.name}, {key}; name them apart"
            )


def _check_task(task: tuple[int, int]) -> None:
    number, count = task
    if not 1 <= number <= count:
        raise RecipeError(f"task {number} of {count}: tasks count from 1 to their number")


def _is_to_do(folder: Path, piece: Piece, retry: bool) -> bool:
    """Return whether a piece is not made, or is made again since recordings of it failed."""
    if not retry:  # what a mark says takes a while to read, where there are many
        return not path_of(folder, piece.number).exists()
    mark = read_mark(folder, piece.number)
    return mark is None or bool(mark.failed)


def _made(
    work: Work, tokenizer: Any, todo: list[Piece], workers: int, ray: str | None
) -> Iterator[tuple[int, Done]]:
    if not todo:
        return
    if ray is not None:
        from vocable.corpus.ray_pool import made_by_ray

        yield from made_by_ray(work, todo, workers, ray)
        return
    on_cpu = work.device in (None, "cpu")
    shared = share(tokenizer) if on_cpu else None
    with Pool(min(workers, len(todo)), serve, work, shared) as pool:
        yield from pool.run(todo)


def _note(
    folder: Path, task: tuple[int, int], begun: float, workers: int, done: list[tuple[int, Done]]
) -> None:
    """Keep what this run took, apart from what it made."""
    by_worker: dict[int, dict[str, float]] = {}
    for worker, each in done:
        sums = by_worker.setdefault(worker, {"seconds": 0.0, "tokens": 0, "clock": 0.0})
        for name in sums:
            sums[name] += getattr(each, name)
    line = {
        "begun": round(begun), "clock": round(time.time() - begun, 3), "host": socket.gethostname(),
        "task": list(task), "workers": workers, "pieces": len(done),
        "recordings": sum(each.recordings for _, each in done),
        "failed": sum(each.failed for _, each in done),
        "seconds": round(sum(each.seconds for _, each in done), 3),
        "processor": round(sum(each.processor for _, each in done), 3),
        "by_worker": [{k: round(v, 3) for k, v in sums.items()} for sums in by_worker.values()],
    }  # fmt: skip
    with open(folder / FOLDER / "runs.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
