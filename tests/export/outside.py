"""Exported folders as others use them: in a process that cannot import vocable."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
SAMPLES = re.compile(r"^samples = .*$", re.M)
# Runs the README's lines as they are printed, but for where the samples come from.
SCRIPT = """\
import sys

class WithoutVocable:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "vocable":
            raise ImportError(name)

sys.meta_path.insert(0, WithoutVocable())
import re
import numpy

as_given = numpy.asarray
if {torch}:
    import torch
    as_given = torch.from_numpy
given = numpy.load(r"{given}")
code = open(r"{code}", encoding="utf-8").read()
found = {{}}
for name in given.files:
    place = {{"given": as_given(given[name])}}
    exec(code, place)
    codes, sound = place["codes"], place["sound"]
    for number, level in enumerate(codes):
        found[f"{{name}}-codes-{{number}}"] = numpy.asarray(level)
    found[f"{{name}}-sound"] = numpy.asarray(sound)
numpy.savez(r"{found}", **found)
assert "vocable" not in sys.modules
"""


def blocks(folder: Path) -> list[str]:
    """Return the blocks of the folder's README."""
    return BLOCK.findall((folder / "README.md").read_text(encoding="utf-8"))


def run_readme(
    folder: Path, given: list[np.ndarray], scratch: Path
) -> list[tuple[list[np.ndarray], np.ndarray]]:
    """Run the README's first block on each of several samples; return codes and sound of each."""
    lines, changed = SAMPLES.subn("samples = given", blocks(folder)[0])
    assert changed == 1
    (scratch / "code.py").write_text(lines, encoding="utf-8")
    np.savez(scratch / "given.npz", **{f"n{n}": x for n, x in enumerate(given)})
    run(
        SCRIPT.format(
            torch="torch" in lines,
            given=scratch / "given.npz",
            code=scratch / "code.py",
            found=scratch / "found.npz",
        ),
        folder,
    )
    with np.load(scratch / "found.npz") as found:
        return [_result(found, f"n{n}") for n in range(len(given))]


def run_blocks(folder: Path) -> None:
    """Run each block of the README by itself, without the names of the others."""
    run(f"for code in {blocks(folder)!r}:\n    exec(code, {{}})\n", folder)


def _result(found: np.lib.npyio.NpzFile, name: str) -> tuple[list[np.ndarray], np.ndarray]:
    count = sum(key.startswith(f"{name}-codes-") for key in found.files)
    return [found[f"{name}-codes-{k}"] for k in range(count)], found[f"{name}-sound"]


def run(code: str, folder: Path) -> str:
    """Run Python in a folder, without the environment's paths; return what it prints."""
    command = [sys.executable, "-I", "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
