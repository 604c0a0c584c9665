"""`vocable` of a clone as the fork of a process that has loaded torch, which takes two seconds.

What runs is the command's own `main` in a process of its own, with the arguments, the folder, the
variables and the streams of the one that asked.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

ASKS = """#!{python} -IS
import os, socket, sys
asked = socket.socket(socket.AF_UNIX)
asked.connect("{place}")
what = repr((os.getcwd(), sys.argv, dict(os.environ))).encode()
socket.send_fds(asked, [what], [0, 1, 2])
asked.shutdown(socket.SHUT_WR)
sys.exit(asked.recv(1)[0])
"""
SERVES = """
import os, signal, socket, sys
import torch, vocable.codecs.codec, vocable.load.kinds

from vocable.cli import main

def answer(asked):
    what, streams, _, _ = socket.recv_fds(asked, 1 << 20, 3)
    while more := asked.recv(1 << 20):
        what += more
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if command := os.fork():
        status = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
        asked.sendall(bytes([status % 256]))
        os._exit(0)
    asked.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    folder, sys.argv, variables = eval(what)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    main()

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
place = socket.socket(socket.AF_UNIX)
place.bind(sys.argv[1])
place.listen()
print("ready", flush=True)
while True:
    asked, _ = place.accept()
    if not os.fork():
        place.close()
        answer(asked)
        sys.exit()
    asked.close()
"""


@contextlib.contextmanager
def warmed(clone: Path) -> Iterator[Path]:
    """Let the command of a clone start at once, for the time of the body."""
    python, command = (clone / ".venv" / "bin" / name for name in ("python", "vocable"))
    with tempfile.TemporaryDirectory() as folder:  # a place has a short path
        line = [python, "-c", SERVES, f"{folder}/place"]
        settings = {**os.environ, "OMP_NUM_THREADS": "1"}
        server = subprocess.Popen(line, env=settings, stdout=subprocess.PIPE, text=True)
        assert server.stdout and server.stdout.readline() == "ready\n"
        command.write_text(ASKS.format(python=python, place=f"{folder}/place"))
        try:
            yield clone
        finally:
            server.kill()
            server.communicate()
