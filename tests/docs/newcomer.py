"""A reader at the start of a page: a folder with what the page names, and vocable installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

from tests.docs.pages import ROOT, Block, Page

CLONED = ("dev.py", "pyproject.toml", "constraints.txt", "examples")  # what README's blocks read
# as pip writes it
VOCABLE = """#!{python}
import sys
from vocable.cli import main
if __name__ == "__main__":
    sys.exit(main())
"""


def fresh_clone(folder: Path) -> Path:
    """Make a clone in which `dev.py setup` has run: the packages are those of this interpreter."""
    for name in CLONED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    environment = folder / ".venv"
    venv.create(environment, with_pip=False, symlinks=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "here.pth").write_text("\n".join([str(ROOT / "src"), *site.getsitepackages()]))
    command = environment / "bin" / "vocable"
    command.write_text(VOCABLE.format(python=environment / "bin" / "python"))
    command.chmod(0o755)
    spec = importlib.util.spec_from_file_location("dev_of_clone", folder / "dev.py")
    dev = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dev)
    (environment / "vocable-dev.stamp").write_text(dev.fingerprint())
    return folder


class Reader:
    """Runs a page's blocks in order: shell and Python see one folder and one environment.

    On README.md the reader stands in a fresh clone and activates its environment as the page says;
    elsewhere in an empty folder, after that, with copies of the files that the page names.
    """

    def __init__(self, page: Page, clone: Path, folder: Path) -> None:
        self.page = page
        self.state = folder / "state"
        at_start = page.name == "README.md"
        self.folder = clone if at_start else folder / "page"
        self.folder.mkdir(exist_ok=True)
        python3 = Path(sys._base_executable).parent
        path = os.pathsep.join([str(python3), "/usr/bin", "/bin"])
        self.variables = {"PATH": path, "HOME": str(folder), "OMP_NUM_THREADS": "1"}
        if not at_start:
            self.variables["PATH"] = f"{clone / '.venv' / 'bin'}{os.pathsep}{path}"
            for name in page.copied:
                shutil.copy(ROOT / name, self.folder)
        self.names = {"__name__": "page"}

    def run(self, block: Block) -> None:
        """Run a block as the reader would: typed into a shell or Python, or written to a file."""
        if block.language == "sh":
            self._shell(block)
        elif block.file:
            (self.folder / block.file).write_text(block.code, encoding="utf-8")
        else:
            os.chdir(self.folder)
            code = "\n" * (block.line - 1) + block.code  # so that a traceback has the page's lines
            exec(compile(code, self.page.name, "exec", dont_inherit=True), self.names)

    def _shell(self, block: Block) -> None:
        """Run lines of a shell; its folder and variables stay for the blocks after it."""
        self.variables["PWD"] = str(self.folder)
        code = f"{block.code}env -0 > '{self.state}'\n"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", code],
            cwd=self.folder, env=self.variables, capture_output=True, text=True,
        )  # fmt: skip
        where = f"{self.page.name}:{block.line}"
        assert done.returncode == 0, f"{where}\n{block.code}\n{done.stdout}{done.stderr}"
        pairs = self.state.read_text().rstrip("\0").split("\0")
        self.variables = dict(pair.split("=", 1) for pair in pairs)
        self.folder = Path(self.variables["PWD"])
