"""A process that makes pieces, one after the other."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from vocable.corpus.encoder import Encoder, Settings
from vocable.corpus.messages import Care, Done, Work
from vocable.corpus.outputs import Form, Output, output_of
from vocable.corpus.pieces import Piece
from vocable.corpus.plan import Plan
from vocable.corpus.report import Tally
from vocable.corpus.shard import make_shard
from vocable.errors import VocableError


def output_for(plan: Plan) -> Output:
    """Return the output that a plan names."""
    return output_of(plan.to, Form(plan.token_spec, plan.levels, plan.words))


class Maker:
    """Makes pieces of a plan, by one tokenizer."""

    def __init__(self, work: Work, tokenizer: Any) -> None:
        self._plan = plan = work.plan
        levels = plan.levels if plan.levels != len(plan.token_spec.levels) else None
        self.folder, self.output = work.folder, output_for(plan)
        self.encoder = Encoder(tokenizer, Settings(levels, plan.mix, plan.allow_loud))
        if self.encoder.spec.space != plan.token_spec.space:
            raise VocableError(
                f"{plan.codec} is {self.encoder.spec.space} here and {plan.token_spec.space} in "
                "the plan; put the same weights on all machines"
            )

    def make(self, piece: Piece, care: Care | None = None) -> Done:
        """Make a piece."""
        clock, processor = time.perf_counter(), time.process_time()
        mark = make_shard(self.folder, piece, self.encoder, self.output, care)
        tally = Tally(self._plan)
        tally.add(mark)
        sums = tally.report()
        return Done(
            piece.number, sums.recordings, sums.failed, sums.seconds, sums.tokens,
            time.perf_counter() - clock, time.process_time() - processor,
        )  # fmt: skip


def opened(work: Work) -> Any:
    """Return the tokenizer of a plan, with as many threads as a worker has."""
    import torch

    from vocable.load import load

    torch.set_num_threads(work.threads)
    return load(work.plan.codec, device=work.device)


def serve(connection: Connection, work: Work, shared: Any) -> None:
    """Make the pieces that come over a connection until it closes.

    Sends ("ready",), then for each piece ("at", numbers) before what ends it may do so, where it is
    made with care, and ("done", Done) or ("error", message).
    """
    logging.getLogger("vocable").setLevel(logging.ERROR)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        tokenizer = opened(work)
        if shared is not None:
            from vocable.corpus.weights import take

            take(tokenizer, shared)
        maker = Maker(work, tokenizer)
    except (VocableError, OSError) as error:
        connection.send(("error", str(error)))
        return
    connection.send(("ready", os.getpid()))
    while True:
        try:
            piece, care = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(_answer(maker, connection, piece, care))


def _end_with_parent() -> None:
    """End this process at once when the one that started it ends, however that came."""
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)


def _answer(
    maker: Maker, connection: Connection, piece: Piece, care: Care | None
) -> tuple[str, Any]:
    if care is not None:
        care = Care(lambda numbers: connection.send(("at", numbers)), care.alone, care.left)
    try:
        return "done", maker.make(piece, care)
    except (VocableError, OSError) as error:
        return "error", str(error)
