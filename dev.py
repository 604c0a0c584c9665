#!/usr/bin/env python3
"""Set up, test and show vocable. Needs only Python and a package index.

    python3 dev.py VERB [ARGUMENTS]

Packages are installed into .venv, in the versions of constraints.txt. If another environment is
active, they are installed there instead, and its torch is kept if it satisfies pyproject.toml.
The codecs that ours are compared with go into .venv-parity, whatever is active, and the readers of
trainers into .venv-readers.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PARITY = ROOT / ".venv-parity"  # the references want packages that nothing else here does
READERS = ROOT / ".venv-readers"  # so do those that read a corpus to train on it
PEERS = {
    PARITY: ROOT / "tests" / "parity" / "requirements.txt",
    READERS: ROOT / "tests" / "corpus" / "readers" / "requirements.txt",
}
WANTED = ".[all,test]"
PYTHONS = ((3, 11), (3, 13))  # oldest and newest
VERSION = "{}.{}".format(*sys.version_info)
WINDOWS = sys.platform == "win32"
CPU_BUILDS = "https://download.pytorch.org/whl/cpu"


def main(arguments: Sequence[str]) -> int:
    """Run a verb; without one, list them."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        list_verbs()
        return 0
    verb, rest = arguments[0], arguments[1:]
    if verb not in VERBS:
        say(f'no verb "{verb}"')
        list_verbs()
        return 2
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        oldest, newest = (f"{major}.{minor}" for major, minor in PYTHONS)
        say(f"Python {oldest} to {newest} is needed, this is {VERSION}")
        return 2
    try:
        return VERBS[verb][0](rest)
    except KeyboardInterrupt:
        return 130
    except Failed as failure:
        say(str(failure))
        return 1


def list_verbs() -> None:
    """Print the verbs."""
    print("python3 dev.py VERB [ARGUMENTS]\n")
    for verb, (_, meaning) in VERBS.items():
        print(f"  {verb:9} {meaning}")


# The verbs


def setup(_: Sequence[str] = ()) -> int:
    """Make the environment, unless its stamp shows that nothing has changed since the last time."""
    stamp = environment() / "vocable-dev.stamp"
    if stamp.exists() and stamp.read_text() == fingerprint():
        return 0
    stamp.unlink(missing_ok=True)
    if environment() == VENV and not venv_is_usable(VENV):
        make_venv(VENV)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        pins = write_pins(Path(folder) / "constraints.txt")
        say("installing torch (the longest part)")
        install_torch(pins)
        say(f"installing vocable {WANTED[1:]} and what it needs")
        install(pins, "-e", WANTED)
        if environment() in PEERS:
            say("installing what ours is compared with")
            install(pins, "--no-deps", "-r", str(PEERS[environment()]))
        else:
            install_pesq(pins)
    stamp.write_text(fingerprint())
    say(f"the environment is ready ({time.monotonic() - began:.0f} s)")
    return 0


def demo(_: Sequence[str]) -> int:
    """Turn the recording in examples/ into tokens and back; all of it is in demo/."""
    setup()
    (ROOT / "demo").mkdir(exist_ok=True)
    shutil.copy(ROOT / "examples" / "speech.flac", ROOT / "demo")
    status = run(
        script("vocable"), "roundtrip", "demo/speech.flac", "-o", "demo/roundtrip.wav",
        "--tokens", "demo/roundtrip.vcb", "--report", "demo/roundtrip.png", "--force",
    )  # fmt: skip
    if status == 0:
        say("demo/ has speech.flac, its tokens roundtrip.vcb, their sound .wav, a picture .png")
    return status


def test(arguments: Sequence[str]) -> int:
    """Check the source, then run the tests; arguments go to pytest."""
    return check() or run_tests(*arguments)


def test_all(arguments: Sequence[str]) -> int:
    """Check the source, then run all tests, the slow ones too; arguments go to pytest.

    Types and shapes are checked in every call, where `test` checks shapes in the laws.
    """
    every_type = "--jaxtyping-packages=vocable,beartype.beartype"
    return check() or run_tests("-m", "slow or not slow", every_type, *arguments)


def check(_: Sequence[str] = ()) -> int:
    """Check lint, format, types and import contract; all of them, even if one fails."""
    setup()
    return max(
        run(script("ruff"), "check", "."),
        run(script("ruff"), "format", "--check", "."),
        run(script("mypy")),
        run(script("lint-imports")),
    )


def parity(arguments: Sequence[str]) -> int:
    """Compare with all published codecs in .venv-parity: tests, or with --table their figures.

    Other arguments go to pytest.
    """
    if environment() != PARITY:
        return again_in(PARITY, "parity", arguments)
    setup()
    if arguments[:1] == ["--table"]:
        return run(str(python()), "-m", "benchmarks.parity", *arguments[1:], VOCABLE_PARITY="all")
    chosen = any(argument.startswith("tests/") for argument in arguments)
    every = () if chosen else ("tests/parity",)
    return run_tests("-m", "slow or not slow", *every, *arguments, VOCABLE_PARITY="all")


def readers(arguments: Sequence[str]) -> int:
    """Open what a corpus becomes with the readers of trainers, in .venv-readers.

    Arguments go to pytest.
    """
    if environment() != READERS:
        return again_in(READERS, "readers", arguments)
    setup()
    chosen = any(argument.startswith("tests/") for argument in arguments)
    every = () if chosen else ("tests/corpus/readers",)
    return run_tests("-m", "slow or not slow", *every, *arguments, VOCABLE_READERS="all")


def bench(arguments: Sequence[str]) -> int:
    """Run one script of benchmarks/ with its arguments, or all that need none."""
    setup()
    texts = {path.stem: path.read_text() for path in sorted((ROOT / "benchmarks").glob("*.py"))}
    scripts = {name: text for name, text in texts.items() if "__main__" in text}  # not helpers
    if arguments and arguments[0] not in scripts:
        raise Failed(f"no benchmark {arguments[0]}; there are {', '.join(scripts)}")
    if arguments:
        return run(str(python()), "-m", f"benchmarks.{arguments[0]}", *arguments[1:])
    need_recordings = [name for name, text in scripts.items() if "required=True" in text]
    say(f"left out: {', '.join(need_recordings)}; they need recordings: dev.py bench NAME --help")
    chosen = [name for name in scripts if name not in need_recordings]
    return max(run(str(python()), "-m", f"benchmarks.{name}") for name in chosen)


def docs(_: Sequence[str]) -> int:
    """Build the documentation into site/."""
    setup()
    install(ROOT / "constraints.txt", requirement("mkdocs-material"))
    return run(str(python()), "-m", "mkdocs", "build", "--strict")


VERBS: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "setup": (setup, "make .venv and install what the other verbs need"),
    "demo": (demo, "turn a recording into tokens and back; the result is in demo/"),
    "test": (test, "check, then run the tests"),
    "test-all": (test_all, "check, then run the tests, slow ones included"),
    "check": (check, "lint, format, types, import contract"),
    "parity": (parity, "compare with all published codecs; --table prints how far apart they are"),
    "readers": (readers, "open corpora with the readers of trainers"),
    "bench": (bench, "run one benchmark with its arguments, or all that need none"),
    "docs": (docs, "build the documentation into site/"),
}


# The environment


def environment() -> Path:
    """Return the active environment if there is one, else .venv."""
    active = sys.prefix != sys.base_prefix or "CONDA_PREFIX" in os.environ
    return Path(sys.prefix) if active and Path(sys.prefix).resolve() != VENV else VENV


def again_in(folder: Path, verb: str, arguments: Sequence[str]) -> int:
    """Run a verb in an environment of its own, which is made if need be."""
    if not venv_is_usable(folder):
        make_venv(folder)
    return run(str(inside(folder, "python")), "dev.py", verb, *arguments)


def venv_is_usable(folder: Path) -> bool:
    """Return whether an environment exists, is complete (pip comes last) and has this Python."""
    config = folder / "pyvenv.cfg"
    if not (config.exists() and all(inside(folder, name).exists() for name in ("python", "pip"))):
        return False
    return f"version = {VERSION}." in config.read_text()


def make_venv(folder: Path) -> None:
    """Make an environment with this Python, replacing one with another Python."""
    say(f"making {folder.name} with Python {VERSION}")
    try:
        venv.create(folder, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failed(
            f"could not make {folder.name} ({error}); where Python comes without venv, as in "
            "Debian, install the package python3-venv first"
        ) from error


def inside(folder: Path, name: str) -> Path:
    """Return the path of a command in an environment that dev.py made."""
    return folder / (f"Scripts/{name}.exe" if WINDOWS else f"bin/{name}")


def python() -> Path:
    """Return the environment's interpreter."""
    return inside(VENV, "python") if environment() == VENV else Path(sys.executable)


def script(name: str) -> str:
    """Return the path of a command in the environment."""
    return str(python().parent / (name + (".exe" if WINDOWS else "")))


def fingerprint() -> str:
    """Return a hash of everything that decides what is installed."""
    files = [ROOT / "pyproject.toml", ROOT / "constraints.txt", Path(__file__)]
    files += [PEERS[environment()]] if environment() in PEERS else []
    joined = b"".join(path.read_bytes() for path in files) + VERSION.encode()
    return hashlib.sha256(joined).hexdigest()


def write_pins(path: Path) -> Path:
    """Write the pinned versions: all for ours, only torch for an environment of the user's."""
    pins = (ROOT / "constraints.txt").read_text()
    if environment() not in (VENV, *PEERS):
        kept = installed_torch()
        pins = f"torch=={kept}\n" if kept else "".join(re.findall(r"^torch==.*\n", pins, re.M))
        if kept:
            say(f"keeping torch {kept} of {environment()}")
    path.write_text(pins)
    return path


def installed_torch() -> str | None:
    """Return the version of the active environment's torch if it satisfies pyproject.toml."""
    try:
        found = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None
    least = requirement("torch").partition(">=")[2]
    return found if numbers(found) >= numbers(least) else None


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version: "2.13.0+cpu" gives (2, 13, 0)."""
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0]))


def requirement(name: str) -> str:
    """Return the requirement of a package in pyproject.toml: "torch>=2.5"."""
    found = re.search(rf'"({name}[><=][^"]*)"', (ROOT / "pyproject.toml").read_text())
    assert found, f"pyproject.toml does not name {name}"
    return found[1]


def install(pins: Path, *what: str) -> None:
    """Install packages in the pinned versions."""
    if run(str(python()), "-m", "pip", "install", "-q", "--disable-pip-version-check",
           "-c", str(pins), *what):  # fmt: skip
        raise Failed(f"could not install {what[-1]}; pip's output above says why")


def install_torch(pins: Path) -> None:
    """Install torch, where no NVIDIA driver is in its CPU build: 0.2 GB instead of 5.6."""
    if sys.platform == "linux" and shutil.which("nvidia-smi") is None:
        found = install_if_possible(
            pins, "--index-url", CPU_BUILDS, "--no-deps", "--retries", "1", "--timeout", "15",
            requirement("torch"),
        )  # fmt: skip
        if found:
            return
        say("PyTorch's CPU builds cannot be reached; the usual one may bring CUDA too, 5.6 GB")
    install(pins, requirement("torch"))


def install_pesq(pins: Path) -> None:
    """Install pesq if this machine can compile it; all else works without it."""
    if not install_if_possible(pins, requirement("pesq")):
        say("pesq could not be built (it needs a C compiler): tests that need PESQ are skipped")


def install_if_possible(pins: Path, *what: str) -> bool:
    """Install packages in the pinned versions, without a word; return whether that was possible."""
    command = [str(python()), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    done = subprocess.run([*command, "-c", str(pins), *what], cwd=ROOT, capture_output=True)
    return done.returncode == 0


# Running things


def run_tests(*arguments: str, **variables: str) -> int:
    """Run pytest on all cores, each worker with one thread."""
    command = (str(python()), "-m", "pytest", "-q", "-n", str(min(os.cpu_count() or 1, 8)))
    # neighbours stay together, and with them what they share, until a worker is idle
    return run(*command, "--dist", "worksteal", *arguments, OMP_NUM_THREADS="1", **variables)


def run(*command: str, **variables: str) -> int:
    """Print a command, run it in the project's folder, and return its exit status."""
    first = Path(command[0]).name
    settings = [f"{key}={value}" for key, value in variables.items()]
    print("$", *settings, first, *command[1:], flush=True)
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}).returncode


def say(text: str) -> None:
    """Print a message on stderr."""
    print(f"dev.py: {text}", file=sys.stderr, flush=True)


class Failed(Exception):
    """A step failed; the message says why."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
