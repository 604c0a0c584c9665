"""How many small faults in the arithmetic does the test suite notice?

    python -m benchmarks.mutants --count 360 --jobs 2 -o mutants.jsonl
    python -m benchmarks.mutants --only src/vocable/nn/conv.py

A mutant is the source with one operator, comparison or number changed. It is drawn from the
packages of PLAN, evenly over their places, by a seed; what only stands in a message, an annotation
or an `assert` is left out. Each runs in a forked child against a copy of the source, over the tests
that PLAN names for its package, until one fails. Survivors are printed with their lines: each is a
missing test, or a change that makes no difference. A mutant that outlasts the limit counts as
noticed. With -o every result is kept, and a second run goes on where the first ended.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 400  # seconds
_LAWS, _GOLDEN = "tests/laws", "tests/golden"
PLAN = {  # package: its tests, the most likely to fail first
    "signal": (
        "tests/signal",
        "tests/golden/model",
        "tests/codecs/test_speech.py",
        "tests/train/codec",
    ),
    "nn": ("tests/nn", _LAWS, "tests/codecs/test_seanet.py"),
    "quantize": ("tests/quantize", "tests/laws/test_nested.py", "tests/laws/test_ties.py"),
    "tokens": ("tests/tokens", _GOLDEN, "tests/laws/test_no_loss.py"),
    "codecs": ("tests/codecs", _GOLDEN, _LAWS),
    "train": ("tests/train",),
}
OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitXor: ast.BitOr, ast.BitAnd: ast.BitOr,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: where it stands, what was there, what is there now."""

    path: str  # from the root
    line: int
    column: int
    before: str
    after: str


class Finder(ast.NodeVisitor):
    """Collects the places of a file that can be changed, and changes one of them."""

    def __init__(self, path: str, target: Mutant | None = None) -> None:
        self.path, self.target = path, target
        self.found: list[Mutant] = []

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.Raise | ast.Assert | ast.JoinedStr | ast.Import | ast.ImportFrom):
            return
        if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign):
            self._operator(node, "op")
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            self._comparison(node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            self._change(node, lambda: setattr(node, "op", ast.UAdd()))
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            self._change(node, lambda: setattr(node, "value", _other(node.value)))
        for name, child in ast.iter_fields(node):
            if name not in ("annotation", "returns", "decorator_list", "bases"):
                for each in child if isinstance(child, list) else [child]:
                    if isinstance(each, ast.AST):
                        self.visit(each)

    def _operator(self, node: ast.AST, name: str) -> None:
        other = OPERATORS.get(type(getattr(node, name)))
        if other is not None and not _joins_types(node):
            self._change(node, lambda: setattr(node, name, other()))

    def _comparison(self, node: ast.Compare) -> None:
        other = OPERATORS.get(type(node.ops[0]))
        if other is not None:
            self._change(node, lambda: node.ops.__setitem__(0, other()))

    def _change(self, node: ast.AST, change: object) -> None:
        before = ast.unparse(node)
        here = Mutant(self.path, node.lineno, node.col_offset, before, "")
        if self.target is None:
            self.found.append(here)
        elif (here.line, here.column, before) == (
            self.target.line, self.target.column, self.target.before
        ):  # fmt: skip
            assert callable(change)
            change()


def _other(value: int | float) -> int | float:
    """Return the next whole number, or twice a fraction."""
    return value + 1 if isinstance(value, int) else 2 * value or 1.0


def _joins_types(node: ast.AST) -> bool:
    """Say whether an operator joins types, as in `int | None` at run time."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)


def mutants(package: str) -> list[Mutant]:
    """Return every place of a package that can be changed."""
    found: list[Mutant] = []
    for path in sorted((ROOT / "src/vocable" / package).rglob("*.py")):
        finder = Finder(path.relative_to(ROOT).as_posix())
        finder.visit(ast.parse(path.read_text(encoding="utf-8")))
        found += finder.found
    return found


def drawn(count: int, seed: int) -> list[Mutant]:
    """Return so many mutants over all packages, each package by the root of its places."""
    places = {package: mutants(package) for package in PLAN}
    shares = {package: len(found) ** 0.5 for package, found in places.items()}
    chosen: list[Mutant] = []
    for package, found in places.items():
        share = round(count * shares[package] / sum(shares.values()))
        chosen += random.Random(f"{seed} {package}").sample(found, min(share, len(found)))
    return chosen


def mutated(mutant: Mutant) -> tuple[str, str]:
    """Return the changed source of a file, and what stands at the place now."""
    tree = ast.parse((ROOT / mutant.path).read_text(encoding="utf-8"))
    Finder(mutant.path, mutant).visit(tree)
    text = ast.unparse(tree)
    lines = ast.unparse(ast.parse((ROOT / mutant.path).read_text(encoding="utf-8"))).splitlines()
    changed = [new for new, old in zip(text.splitlines(), lines, strict=False) if new != old]
    return text, (changed or [""])[0].strip()


@contextlib.contextmanager
def source_copy(mutant: Mutant | None) -> Iterator[Path]:
    """Yield a copy of the source that has the change, if there is one."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder) / "src"
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
        if mutant is not None:
            (copy.parent / mutant.path).write_text(mutated(mutant)[0], encoding="utf-8")
        yield copy


def _package(path: object) -> str:
    return str(path).split("/")[2]


def examine(mutant: Mutant) -> str:
    """Run the tests against a mutant: "killed", "survived", or "slow"."""
    with source_copy(mutant) as copy:
        child = os.fork()
        if not child:
            _run_tests(copy, PLAN[_package(mutant.path)])
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return "survived" if status == 0 else "killed"
            time.sleep(0.1)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return "slow"


def _run_tests(copy: Path, tests: tuple[str, ...]) -> None:
    """Run pytest in this process, which has torch loaded and vocable not, and end it."""
    import pytest

    os.setsid()
    os.chdir(ROOT)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(copy), str(ROOT)])
    sys.path[:0] = [str(copy), str(ROOT)]
    sys.dont_write_bytecode = True
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    arguments = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    os._exit(int(pytest.main(arguments) != 0))


def work(todo: list[Mutant], report: int) -> None:
    """Examine mutants one after the other; write each result as a line into a pipe."""
    import numpy  # noqa: F401 - loaded once, before the forks
    import torch

    torch.set_num_threads(1)
    for mutant in todo:
        began = time.monotonic()
        line = {**asdict(mutant), "after": mutated(mutant)[1], "result": examine(mutant)}
        line["seconds"] = round(time.monotonic() - began, 1)
        os.write(report, (json.dumps(line) + "\n").encode())


def main() -> None:
    """Draw, examine, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=360)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--package", nargs="+", choices=list(PLAN), default=list(PLAN))
    parser.add_argument("--only", help="a file or folder: examine every place of it")
    parser.add_argument("-o", "--out", type=Path, help="keep results here, and go on from them")
    given = parser.parse_args()
    chosen = drawn(given.count, given.seed)
    if given.only:
        chosen = [m for p in PLAN for m in mutants(p) if m.path.startswith(given.only)]
    chosen = [mutant for mutant in chosen if _package(mutant.path) in given.package]
    known = _kept(given.out)
    _check_unchanged({_package(mutant.path) for mutant in chosen})
    todo = [mutant for mutant in chosen if _key(asdict(mutant)) not in known]
    for line in _examined(todo, given.jobs):
        known[_key(line)] = line
        print(f"{line['result']:8} {line['seconds']:6.1f} s  {_place(line)}", flush=True)
        if given.out:
            with given.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
    _summarise([known[_key(asdict(mutant))] for mutant in chosen])


def _check_unchanged(packages: set[str]) -> None:
    """Make sure that the tests pass without a change: else every mutant would be noticed."""
    for package in sorted(packages):
        with source_copy(None) as copy:
            child = os.fork()
            if not child:
                _run_tests(copy, PLAN[package])
            if os.waitpid(child, 0)[1]:
                sys.exit(f"the tests of {package} fail without a change; mend them first")


def _examined(todo: list[Mutant], jobs: int) -> Iterator[dict[str, object]]:
    """Share the work among processes, and yield results as they come."""
    reader, writer = os.pipe()
    for job in range(jobs):
        if not os.fork():
            os.close(reader)
            work(todo[job::jobs], writer)
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as lines:
        yield from map(json.loads, lines)


def _kept(path: Path | None) -> dict[tuple[object, ...], dict[str, object]]:
    lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
    return {_key(line): line for line in map(json.loads, lines)}


def _key(line: dict[str, object]) -> tuple[object, ...]:
    return line["path"], line["line"], line["column"], line["before"]


def _place(line: dict[str, object]) -> str:
    return f"{line['path']}:{line['line']}  {line['before']}  ->  {line['after']}"


def _summarise(lines: list[dict[str, object]]) -> None:
    print("\nsurvivors")
    for line in sorted(lines, key=_place):
        if line["result"] == "survived":
            print(f"  {_place(line)}")
    print("\n| package | mutants | noticed | share |\n| --- | --- | --- | --- |")
    for package in (*PLAN, "all"):
        own = [x for x in lines if package in ("all", _package(x["path"]))]
        counts = Counter(x["result"] for x in own)
        noticed = len(own) - counts["survived"]
        share = noticed / max(1, len(own))
        print(f"| {package} | {len(own)} | {noticed} | {share:.0%} |")


if __name__ == "__main__":
    main()
