"""Say on which machine and with which versions figures were measured, under every table."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("vocable", "torch", "numpy")


def describe(*packages: str, threads: int | None = None) -> str:
    """Return one line: command, processor, cores, load, threads, versions, commit."""
    load = ", ".join(f"{x:.2f}" for x in os.getloadavg())
    parts = [
        f"`{command()}`",
        f"{processor()}, {os.cpu_count()} cores, load {load}",
        f"{threads} torch threads" if threads else "",
        f"Python {platform.python_version()}",
        ", ".join(f"{name} {_version(name)}" for name in (*PACKAGES, *packages)),
        f"commit {commit()}",
    ]
    return "; ".join(filter(None, parts))


def command() -> str:
    """Return the command as typed, absolute paths shortened to their last part."""
    name = Path(sys.argv[0]).stem
    shown = (Path(a).name if a.startswith("/") else a for a in sys.argv[1:])
    return " ".join(["python -m", f"benchmarks.{name}", *shown])


def processor() -> str:
    """Return the processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), "CPU")


def commit() -> str:
    """Return the short commit of the working tree, with a + if the tree has changes."""
    git = ["git", "-C", str(Path(__file__).parent)]
    command = [*git, "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
