"""Exported folders as others use them: in a process that cannot import vocable."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
SAMPLES = re.compile(r"^samples = .*$", re.M)
# Runs the code of each file it is told of, with names of its own; says what came of it in a line.
PROCESS = """\
import os
import sys
import traceback

class WithoutVocable:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "vocable":
            raise ImportError(name)

sys.meta_path.insert(0, WithoutVocable())
answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    folder, code = eval(line)
    os.chdir(folder)
    try:
        exec(compile(code, "README.md", "exec", dont_inherit=True), {"__name__": "__main__"})
        said = "vocable is imported" if "vocable" in sys.modules else ""
    except BaseException:
        said = traceback.format_exc()
    print(repr(said), file=answers, flush=True)
"""
# Runs the README's lines as they are printed, but for where the samples come from; programs are
# read once for all samples.
GIVEN = """\
import functools
import numpy

as_given = numpy.asarray
if {torch}:
    import torch
    as_given, load = torch.from_numpy, torch.export.load
    torch.export.load = functools.cache(load)
given = numpy.load(r"{given}")
found = {{}}
for name in given.files:
    place = {{"given": as_given(given[name])}}
    exec({code!r}, place)
    codes, sound = place["codes"], place["sound"]
    for number, level in enumerate(codes):
        found[f"{{name}}-codes-{{number}}"] = numpy.asarray(level)
    found[f"{{name}}-sound"] = numpy.asarray(sound)
numpy.savez(r"{found}", **found)
if {torch}:
    torch.export.load = load
"""


def blocks(folder: Path) -> list[str]:
    """Return the blocks of the folder's README."""
    return BLOCK.findall((folder / "README.md").read_text(encoding="utf-8"))


class Outside:
    """A process, without the environment's paths, that runs one piece of Python after another.

    It is the same one for all: loading torch takes longer than what is run.
    """

    def __enter__(self) -> Outside:
        command = [sys.executable, "-I", "-W", "ignore", "-c", PROCESS]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, code: str, folder: Path) -> None:
        """Run Python in a folder, without the names of what ran before."""
        assert self._process.stdin and self._process.stdout
        print(repr((str(folder), code)), file=self._process.stdin, flush=True)
        said = self._process.stdout.readline()
        assert said == "''\n", said

    def run_readme(
        self, folder: Path, given: list[np.ndarray], scratch: Path
    ) -> list[tuple[list[np.ndarray], np.ndarray]]:
        """Run the README's first block on each of several samples; return codes and sound."""
        lines, changed = SAMPLES.subn("samples = given", blocks(folder)[0])
        assert changed == 1
        np.savez(scratch / "given.npz", **{f"n{n}": x for n, x in enumerate(given)})
        paths = {name: scratch / f"{name}.npz" for name in ("given", "found")}
        self.run(GIVEN.format(torch="torch" in lines, code=lines, **paths), folder)
        with np.load(paths["found"]) as found:
            return [_result(found, f"n{n}") for n in range(len(given))]


def _result(found: np.lib.npyio.NpzFile, name: str) -> tuple[list[np.ndarray], np.ndarray]:
    count = sum(key.startswith(f"{name}-codes-") for key in found.files)
    return [found[f"{name}-codes-{k}"] for k in range(count)], found[f"{name}-sound"]
