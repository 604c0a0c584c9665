"""Ray makes what processes of this machine make; what dies there costs nothing.

A run is a program of its own, so that Ray's processes end with it.
"""

import json
import os
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.corpus.made import failed, made, tree
from vocable.corpus import encode_corpus
from vocable.errors import RecipeError

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="needs ray")
slow = pytest.mark.slow
PROGRAM = """
import sys
from vocable.corpus import encode_corpus
source, folder, codec, address = sys.argv[1:]
report = encode_corpus(
    source, folder, codec, to="jsonl", size=1, mix=True, workers=2, ray=address,
    progress=lambda share: print(share, flush=True),
)
print(report.made, report.failed)
"""


def started(
    source: Path, folder: Path, codec: Path, address: str = "local"
) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, *map(str, (source, folder, codec, address))]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={"PYTHONPATH": "src", **os.environ},
    )  # fmt: skip


def ended(run: subprocess.Popen[str]) -> list[str]:
    said, why = run.communicate()
    assert run.returncode == 0, why
    return said.splitlines()


@slow
@pytest.mark.timeout(900)
@needs_ray
def test_ray_makes_what_one_process_makes(sounds: Path, codec: Path, tmp_path: Path) -> None:
    (sounds / "bad.flac").write_bytes(b"fLaC")
    said = ended(started(sounds, tmp_path / "ray", codec))
    assert said == [*(str(k / 8) for k in range(1, 9)), "8 1"]
    made(sounds, tmp_path / "one", codec, "jsonl", size=1, mix=True)
    assert tree(tmp_path / "ray") == tree(tmp_path / "one")
    assert list(failed(tmp_path / "ray")) == ["bad"]
    (run,) = map(json.loads, (tmp_path / "ray/corpus/runs.jsonl").read_text().splitlines())
    assert (run["workers"], len(run["by_worker"]), run["recordings"]) == (2, 2, 7)


@slow
@pytest.mark.timeout(900)
@needs_ray
def test_actors_and_processes_that_are_killed_cost_nothing(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    psutil = pytest.importorskip("psutil")
    run = started(sounds, tmp_path / "ray", codec)
    assert run.stdout is not None
    assert run.stdout.readline(), run.communicate()[1]  # the first piece is made
    below = psutil.Process(run.pid).children(recursive=True)
    actors = [each for each in below if "MapWorker" in "".join(each.cmdline())]
    makers = actors[0].children()  # its spawned process, and what looks after shared memory
    assert len(actors) == 2 and makers
    for process in (*makers, actors[1]):
        process.kill()
    ended(run)
    made(sounds, tmp_path / "one", codec, "jsonl", size=1, mix=True)
    assert tree(tmp_path / "ray") == tree(tmp_path / "one")


@slow
@pytest.mark.timeout(900)
@needs_ray
def test_where_no_cluster_answers_one_line_says_so(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(RecipeError, match=f"no Ray cluster answers at {address} .*refused"):
        encode_corpus(sounds, tmp_path / "out", str(codec), ray=address)


def test_without_ray_one_line_says_what_to_install(
    sounds: Path, codec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RecipeError, match=r'needs Ray Data: pip install "vocable\[ray\]"'):
        encode_corpus(sounds, tmp_path / "out", str(codec), ray="local")
