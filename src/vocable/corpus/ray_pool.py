"""Make pieces on a cluster, by Ray Data: an actor with a tokenizer for each core or GPU.

An actor makes the same pieces in the same way as a process of this machine does, into a folder that
all machines see. What Ray loses with a node it makes again; marks say what is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vocable.corpus.messages import Done
from vocable.corpus.pieces import Piece
from vocable.corpus.worker import Maker, Work, opened
from vocable.errors import RecipeError, VocableError

HERE = "local"


class Actor:
    """Makes pieces; Ray calls it with batches of one."""

    def __init__(self, work: Work) -> None:
        self._maker = Maker(work, opened(work))

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Return what came of the pieces of a batch, as Ray takes it."""
        done, faults = list[Done | None](), list[str]()
        for piece in batch["piece"]:
            try:
                done.append(self._maker.make(piece))
                faults.append("")
            except (VocableError, OSError) as error:
                done.append(None)
                faults.append(str(error))
        return {"done": done, "fault": faults}


def made_by_ray(
    work: Work, pieces: Sequence[Piece], workers: int, address: str
) -> Iterator[tuple[int, Done]]:
    """Yield what came of each piece, in the order in which they are done.

    address: of a cluster, or "local" for one on this machine that ends with the run.
    VocableError where a piece cannot be made for a reason that lies in no recording.
    """
    ray = _started(address)
    try:
        rows = ray.data.from_items([{"piece": piece} for piece in pieces])
        gpus = 1 if work.device and work.device.startswith("cuda") else 0
        made = rows.repartition(len(pieces)).map_batches(
            Actor, fn_constructor_args=(work,), batch_size=1, batch_format="numpy",
            concurrency=workers, num_cpus=work.threads, num_gpus=gpus,
        )  # fmt: skip
        for row in made.iter_rows():
            if row["fault"]:
                raise VocableError(row["fault"])
            yield 0, row["done"]
    finally:
        if address == HERE:
            ray.shutdown()


def _started(address: str) -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise RecipeError('--ray needs Ray Data: pip install "vocable[ray]"') from error
    given = {} if address == HERE else {"address": address}
    ray.init(log_to_driver=False, ignore_reinit_error=True, **given)
    ray.data.DataContext.get_current().enable_progress_bars = False
    return ray
