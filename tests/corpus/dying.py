"""Workers that make nothing, and die where they are told: `serve` of processes for the pool."""

import os
import signal
from multiprocessing.connection import Connection

from vocable.corpus.messages import Care, Done
from vocable.corpus.pieces import Piece

LENGTH = 4  # recordings of each piece, of which windows hold two


def serve(connection: Connection, deadly: set[tuple[int, int]], once: str, error: str) -> None:
    """Make pieces of LENGTH recordings.

    deadly: recordings, (piece, number), that end the process; once: a file that the first to make
    piece 0 leaves, and dies; error: what piece 1 is answered with.
    """
    connection.send(("ready", os.getpid()))
    while True:
        try:
            piece, care = connection.recv()
        except EOFError:
            return
        if piece.number == 0 and once and not os.path.exists(once):
            open(once, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        if error and piece.number == 1:
            connection.send(("error", error))
            continue
        connection.send(("done", made(connection, piece, care, deadly)))


def made(
    connection: Connection, piece: Piece, care: Care | None, deadly: set[tuple[int, int]]
) -> Done:
    left = care.left if care else {}
    alone = care.alone if care else frozenset()
    windows: list[tuple[int, ...]] = [(0, 1), (2, 3)]
    for window in windows:
        parts = [(n,) for n in window] if alone & set(window) else [window]
        for part in parts:
            if care:
                connection.send(("at", part))
            if any((piece.number, n) in deadly and n not in left for n in part):
                os.kill(os.getpid(), signal.SIGKILL)
    return Done(piece.number, LENGTH - len(left), len(left), 0.0, 0, 0.0, 0.0)
