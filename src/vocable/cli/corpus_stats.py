"""`vocable corpus stats FOLDER`: what a corpus holds, what it took, how its codes are used."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.units import columns, duration, file_size, table

if TYPE_CHECKING:
    from vocable.corpus.stats import Cost, Stats

_SHOWN = 10  # speakers and languages


@click.command("stats")
@click.argument("folder", metavar="FOLDER", type=click.Path(file_okay=False))
@click.option("--price", type=options.FloatRange(min=0), help="What an hour of one core costs.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Draws the pieces whose codes count."
)
@options.as_json
def command(folder: str, price: float | None, seed: int, as_json: bool) -> None:
    """Show hours, tokens and rates of a corpus, what it cost, and how each level is used.

    Codes are counted in 16 pieces at most.
    """
    from vocable.corpus import corpus_stats

    found = corpus_stats(folder, price=price, seed=seed)
    if as_json:
        Console(as_json=True).result({"input": folder, **found.to_dict()})
    else:
        click.echo("\n".join(_blocks(found)))


def _blocks(found: Stats) -> Iterator[str]:
    yield table([*_sums(found), *(_cost(found.cost) if found.cost else ())])
    for title, hours in (("speaker", found.speakers), ("language", found.languages)):
        if hours:
            rows = ((name, f"{each:.2f}") for name, each in islice(hours.items(), _SHOWN))
            yield "\n" + columns([(title, "hours"), *rows])
            if len(hours) > _SHOWN:
                yield f"and {len(hours) - _SHOWN} more"
    if found.use:
        levels = (
            (str(level), str(use.size), f"{use.used:.1%}", f"{use.perplexity:.1f}")
            for level, use in enumerate(found.use)
        )
        yield f"\nIn {found.counted} tokens of {found.sampled} pieces:"
        yield columns([("level", "entries", "used", "perplexity"), *levels])


def _sums(found: Stats) -> Iterator[tuple[str, str]]:
    report = found.report
    yield "recordings", f"{report['recordings']}, {report['copies']} of them copies"
    yield "failed", str(report["failed"])
    yield "sound", duration(report["seconds"])
    yield "tokens", str(report["tokens"])
    yield "on disk", file_size(report["bytes"])
    if report["seconds"]:
        yield "silence", f"{report['silent_share']:.1%}"
        rates = report["bits_per_second"], report["bits_per_second_on_disk"]
        yield "bit rate", f"{rates[0]:.0f} bit/s nominal, {rates[1]:.0f} on disk"
    yield "rates", ", ".join(f"{count} of {rate} Hz" for rate, count in report["rates"].items())


def _cost(cost: Cost) -> Iterator[tuple[str, str]]:
    yield "runs", str(cost.runs)
    yield "a worker", f"{cost.tokens_per_second:.0f} tokens/s, {cost.real_time:.1f}× real time"
    money = "" if cost.price is None else f", which cost {cost.price:.2f}"
    yield "1,000 hours", f"{cost.core_hours:.2f} core hours{money}"
