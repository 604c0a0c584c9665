"""Make pieces on a cluster, by Ray Data: an actor for each worker, each with a process of its own.

An actor makes pieces as a run of one worker does on this machine, into a folder that all machines
see, so that a recording that ends processes is found here too. An actor that is lost, with its
machine or without, is started again where there is room, and its piece made again.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from vocable.corpus.messages import Done, Work
from vocable.corpus.pieces import Piece
from vocable.corpus.pool import Pool
from vocable.errors import RecipeError, VocableError

HERE = "local"
_ANSWERS = 5.0  # seconds that a cluster has to answer; Ray itself would wait for minutes
_ROOM = 100 * 2**20  # bytes of shared memory for what is sent, which is small


def serve(connection: Connection, work: Work) -> None:
    """Serve as `worker.serve` does; torch is loaded here, and not by the actor beside it."""
    from vocable.corpus.worker import serve

    serve(connection, work, None)


class Actor:
    """Makes pieces; Ray calls it with batches of them."""

    def __init__(self, work: Work) -> None:
        import ray

        self._pool = Pool(1, serve, work)
        self._name = ray.get_runtime_context().get_actor_id()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Return what came of the pieces of a batch, or the fault that lies in no recording."""
        pieces = [Piece.from_dict(json.loads(text)) for text in batch["piece"]]
        done, fault = list[Done](), ""
        try:
            done = [each for _, each in self._pool.run(pieces)]
        except (VocableError, OSError) as error:
            fault = str(error)
        made = json.dumps([asdict(each) for each in done])
        return {"worker": [self._name], "done": [made], "fault": [fault]}


def made_by_ray(
    work: Work, pieces: Sequence[Piece], workers: int, address: str
) -> Iterator[tuple[int, Done]]:
    """Yield what came of each piece as it is done, with the number of the actor.

    address: of a cluster, or "local" for one on this machine that ends with the run.
    RecipeError where no cluster is there; VocableError where a piece cannot be made for a reason
    that lies in no recording.
    """
    names: dict[str, int] = {}
    with _cluster(address, workers * work.threads) as ray:
        for row in _made(ray, work, pieces, workers).iter_rows():
            if row["fault"]:
                raise VocableError(row["fault"])
            worker = names.setdefault(row["worker"], len(names))
            yield from ((worker, Done(**done)) for done in json.loads(row["done"]))


def _made(ray: Any, work: Work, pieces: Sequence[Piece], workers: int) -> Any:
    """Return the rows that actors give, a block for each piece; one waits beside that made."""
    rows = [{"piece": json.dumps(piece.to_dict())} for piece in pieces]
    gpus = 1 if work.device and work.device.startswith("cuda") else 0
    count = min(workers, len(pieces))
    return ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
        Actor, fn_constructor_args=(work,), batch_size=None, batch_format="numpy",
        compute=ray.data.ActorPoolStrategy(size=count, max_tasks_in_flight_per_actor=2),
        num_cpus=work.threads, num_gpus=gpus,
    )  # fmt: skip


@contextlib.contextmanager
def _cluster(address: str, cores: int) -> Iterator[Any]:
    """Yield Ray, connected; a connection that was there before is used and stays."""
    ray = _ray()
    mine = not ray.is_initialized()
    try:
        if mine:
            _connect(ray, address, cores)
        ray.data.DataContext.get_current().enable_progress_bars = False
        yield ray
    except ray.exceptions.RayError as error:
        raise VocableError(f"Ray gave up: {_last_line(error)}") from error
    finally:
        if mine:
            ray.shutdown()


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers of each run
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise RecipeError('--ray needs Ray Data: pip install "vocable[ray]"') from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray


def _connect(ray: Any, address: str, cores: int) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == HERE:
        ray.init(
            address=HERE, num_cpus=cores, include_dashboard=False, object_store_memory=_ROOM,
            runtime_env={"env_vars": {"PYTHONPATH": _search_path()}}, **quiet,
        )  # fmt: skip
        return
    try:
        _knock(address)
        ray.init(address=address, **quiet)
    except (OSError, ValueError, RuntimeError) as error:
        raise RecipeError(
            f"no Ray cluster answers at {address} ({_last_line(error)}); start one, or take "
            f"--ray {HERE}"
        ) from error


def _knock(address: str) -> None:
    """OSError where nothing listens at HOST:PORT."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), _ANSWERS).close()


def _search_path() -> str:
    """Return where Python finds modules, with this package first, as it was imported here."""
    own = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(filter(None, (own, os.environ.get("PYTHONPATH", ""))))


def _last_line(error: BaseException) -> str:
    """Return what an error says last, which of Ray's long ones is the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
