"""Run a recipe: `python -m vocable.train RECIPE --data MANIFEST --out DIR [--set a.b=c]`."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import Any

from vocable.errors import VocableError
from vocable.train.codec import run
from vocable.train.loop import Stopped


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m vocable.train", description=__doc__)
    parser.add_argument("recipe")
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--set", action="append", default=[], metavar="a.b=c")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        run(
            given.recipe,
            given.data,
            given.out,
            resume=given.resume,
            overrides=given.set,
            threads=given.threads,
            progress=_say,
        )
    except Stopped as stop:
        print(f"{stop}\ngo on with: the same command and --resume", file=sys.stderr)
        return 130
    except (VocableError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _say(line: dict[str, Any]) -> None:
    step, kind = line.pop("step"), line.pop("kind")
    text = "  ".join(f"{name} {value}" for name, value in line.items())
    print(f"step {step:6d}  {kind}  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
