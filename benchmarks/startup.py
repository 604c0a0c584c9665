"""Time how long a user waits before anything happens, and say whether torch was loaded.

python -m benchmarks.startup
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

from benchmarks.machine import describe
from benchmarks.tables import heading, row

CASES = {
    "python -c pass": "pass",
    "import vocable": "import vocable",
    "vocable --help": (
        "import sys; sys.argv = ['vocable', '--help']; from vocable.cli import main; main()"
    ),
}


def main() -> None:
    """Print a Markdown table of medians, cases in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=9)
    turns = parser.parse_args().turns
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(turns + 1):
        for name, code in CASES.items():
            times[name].append(run(code))
    head = ["what", "median, s", "longest, s", "torch loaded", "modules"]
    print(heading(head))
    for name, code in CASES.items():
        warm, loaded = times[name][1:], modules(code)
        torch = "yes" if "torch" in loaded else "no"
        cells = [f"{statistics.median(warm):.3f}", f"{max(warm):.3f}", torch, str(len(loaded))]
        print(row([name, *cells]))
    print(f"\n{turns} turns after one to warm up, load {os.getloadavg()[0]:.2f}; {describe()}")


def run(code: str) -> float:
    """Return the seconds that a fresh Python takes for the code."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.perf_counter() - start


def modules(code: str) -> set[str]:
    """Return the names of all modules that the code loads, as Python itself reports them."""
    command = [sys.executable, "-X", "importtime", "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {x.rpartition("|")[2].strip() for x in done.stderr.splitlines() if "|" in x}


if __name__ == "__main__":
    main()
