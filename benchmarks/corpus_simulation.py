"""Simulate a corpus of 100,000 hours on 1 to 4,096 workers, out of stage times measured here.

    python -m benchmarks.corpus_simulation [--figure docs/corpus-scaling.png] [--encode 0.01 …]

A discrete-event simulation. Workers take the next piece, wait for the shared file system, which
serves bytes and operations on names at given rates, compute, and mark. A piece may be slow, by a
Pareto tail; workers are lost after exponential times, with the piece they were at, and come back
after a while. One run plans before and finishes after; with tasks one of the runs plans, and each
has its own share of the pieces. Stage times that are not given are measured here, in CPU time.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from benchmarks.corpus_stages import Stages, measured
from benchmarks.corpus_world import Outcome, World, simulate
from benchmarks.machine import describe
from benchmarks.tables import heading, row

WORKERS = (1, 4, 16, 64, 256, 1024, 4096)
SHOWN = ("one run, files", "tasks, files", "one run, tars")


def main() -> None:
    """Print two Markdown tables, and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for field in fields(Stages):
        parser.add_argument(f"--{field.name}", type=float, help=field.metadata["help"])
    for field in fields(World):
        parser.add_argument(
            f"--{field.name}", type=type(field.default), default=field.default,
            help=f"{field.metadata['help']} [{field.default}]",
        )  # fmt: skip
    parser.add_argument("--codec", default="speech-16k", help="name or folder, to be measured")
    parser.add_argument("--figure", type=Path, help="where the figure is written, as PNG")
    options = parser.parse_args()
    given = {f.name: v for f in fields(Stages) if (v := getattr(options, f.name)) is not None}
    stages = replace(measured(options.codec, without=given), **given)
    world = World(**{field.name: getattr(options, field.name) for field in fields(World)})
    print(", ".join(f"--{name} {value:.3g}" for name, value in vars(stages).items()) + "\n")
    found = {name: [simulate(way, stages, n) for n in WORKERS] for name, way in ways(world).items()}
    tell_growth(found)
    tell_changes(world, stages)
    if options.figure:
        from benchmarks.corpus_simulation_figure import draw

        draw(WORKERS, found, options.figure)
    print(f"\n{describe(threads=1)}")


def ways(world: World) -> dict[str, World]:
    """Return how a corpus may lie and be run."""
    worlds = (world, replace(world, tasks=1), replace(world, tars=1))
    return dict(zip(SHOWN, worlds, strict=True))


def tell_growth(found: dict[str, list[Outcome]]) -> None:
    """Print what each number of workers comes to."""
    parts = ["start", "plan", "finish", "file system", "lost", "slow and last"]
    print(heading(["way", "workers", "hours", "speed-up", "share", *(f"{p}, %" for p in parts)]))
    for name, outcomes in found.items():
        for count, each in zip(WORKERS, outcomes, strict=True):
            speed = outcomes[0].seconds / each.seconds
            cells = [f"{each.seconds / 3600:.2f}", f"{speed:.0f}", f"{speed / count:.2f}"]
            print(row([name, str(count), *cells, *shares(each)]))


def shares(outcome: Outcome) -> list[str]:
    """Return for what workers wait, in percent of all their time."""
    return [f"{100 * share:.1f}" for share in outcome.shares()]


def tell_changes(world: World, stages: Stages) -> None:
    """Print what one change after the other makes of the largest number of workers."""
    most = WORKERS[-1]
    changes: Sequence[tuple[str, World]] = (
        ("as above, tars", replace(world, tars=1)),
        ("pieces of a tenth", replace(world, tars=1, piece=world.piece // 10)),
        ("pieces four times as large", replace(world, tars=1, piece=world.piece * 4)),
        ("no slow pieces", replace(world, tars=1, slow=0.0)),
        ("a loss each hour", replace(world, tars=1, loss=1.0)),
        ("a tenth of the bandwidth", replace(world, tars=1, bandwidth=world.bandwidth / 10)),
        ("a tenth of the operations", replace(world, tars=1, names=world.names / 10)),
    )
    print("\n" + heading([f"{most} workers", "pieces", "hours", "losses", "last piece, s"]))
    for name, changed in changes:
        each = simulate(changed, stages, most)
        cells = [str(each.pieces), f"{each.seconds / 3600:.2f}", str(each.losses)]
        print(row([name, *cells, f"{each.last:.0f}"]))


if __name__ == "__main__":
    main()
