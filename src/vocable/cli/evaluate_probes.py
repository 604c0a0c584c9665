"""`vocable evaluate probes CODEC… --data MANIFEST… -o FOLDER`: what tokens tell, by probes."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.exit_codes import FAILED
from vocable.cli.open_codec import open_codec
from vocable.cli.units import columns
from vocable.errors import VocableError

if TYPE_CHECKING:
    from vocable.evaluate.probes import Asked, Kept, Outcome, Row, Store

# The published sets, read from their own folders (vocable.evaluate.probes.datasets).
DATASETS = (
    "librispeech", "voxceleb", "iemocap", "speech-commands", "slurp", "ljspeech", "libri2mix"
)  # fmt: skip
FOLDER = click.Path(exists=True, file_okay=False)
HEADINGS = ("task", "set", "input", "levels", "head", "measure", "mean ± sd", "95 %", "usual", "n")


@click.command("probes")
@click.argument("codecs", nargs=-1, required=True, metavar="CODEC...")
@click.option(
    "--data",
    multiple=True,
    type=click.Path(exists=True),
    metavar="MANIFEST",
    help="Recordings and what is known of them; each manifest is a set. May be given again.",
)
@click.option(
    "--tasks", multiple=True, metavar="TASK", help="Only this task.  [default: all that sets allow]"
)
@click.option(
    "--heads", multiple=True, metavar="HEAD", help="Only this head.  [default: two for each task]"
)
@click.option(
    "--levels",
    multiple=True,
    default=["all"],
    show_default=True,
    metavar="LEVELS",
    help='"all", "each" by itself, or by number from 0, as "2" or "0-3".',
)
@click.option("--seeds", type=click.IntRange(1, 100), default=3, show_default=True)
@click.option("--decoded", is_flag=True, help="Judge decoded recordings, rather than tokens.")
@click.option(
    "--words",
    metavar="RECOGNISER",
    help="With --decoded: count word errors, say by whisper-tiny.en.",
)
@click.option(
    "--voices", metavar="EMBEDDING", help="With --decoded: compare voices, say by resemblyzer."
)
@click.option("-o", "--out", required=True, type=click.Path(file_okay=False), metavar="FOLDER")
@options.machine
@options.output
def command(
    codecs: tuple[str, ...],
    data: tuple[str, ...],
    tasks: tuple[str, ...],
    heads: tuple[str, ...],
    levels: tuple[str, ...],
    seeds: int,
    decoded: bool,
    words: str | None,
    voices: str | None,
    out: str,
    device: str | None,
    threads: int | None,
    as_json: bool,
    quiet: bool,
    **datasets: str | None,
) -> int:
    """Train small nets on frozen tokens, and test what they tell (probes, as in DASB).

    FOLDER keeps each probe in probes.jsonl, so that only missing ones are trained, and tables of
    all seeds in probes.csv and probes.json. Exit code 1: some probe could not be trained.
    """
    if not data and not any(datasets.values()):
        raise Refusal("probes need recordings; give --data MANIFEST or the folder of a set")
    opened = [open_codec(name, device, threads) for name in codecs]
    from vocable.evaluate.probes import Settings

    asked = _asked(data, tasks, datasets)
    console = Console(as_json=as_json, quiet=quiet)
    folder = Path(out)
    kept, store = _opened(folder)
    how: dict[str, Any] = {"seeds": seeds, "how": Settings(device=device or "cpu")}
    how["progress"] = lambda outcome: console.line(_line(outcome))
    try:
        if decoded:
            found = _judge_decoded(asked, opened, levels, kept, store, words, voices, how)
        else:
            found = _probe(asked, opened, levels, kept, store, heads, how)
    except (VocableError, FileExistsError) as error:
        raise Refusal(message_of(error)) from error
    return _report(found, asked, folder, console)


for _name in DATASETS:
    command = click.option(f"--{_name}", type=FOLDER, metavar="FOLDER", help="Its own folder.")(
        command
    )


def _opened(folder: Path) -> tuple[Kept, Store]:
    """Return what is kept in the folder; refuses one that is damaged, or that another run has."""
    from vocable.evaluate.probes import Kept, Store

    try:
        return Kept(folder / "heard.sqlite"), Store(folder / "probes.jsonl")
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error


def _asked(data: Sequence[str], tasks: Sequence[str], datasets: dict[str, str | None]) -> Asked:
    """Return what can be asked; refuses what cannot be read, and where nothing can be asked."""
    from vocable.audio.manifest import read_manifest
    from vocable.evaluate.probes import tasks_of
    from vocable.evaluate.probes.datasets import READERS

    sets: dict[str, Any] = {}
    try:
        given = []
        for name, folder in datasets.items():
            if folder:
                given += READERS[name.replace("_", "-")](Path(folder))
        for source in data:
            path = Path(source)
            path = path / "manifest.jsonl" if path.is_dir() else path
            sets[_set_name(path, sets)] = read_manifest(path)
        asked = tasks_of(sets, tasks, [t for t in given if not tasks or t.name in tasks])
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error
    if not asked.tasks:
        why = next(iter(asked.reasons.values()), next(iter(asked.missing.values()), ""))
        raise Refusal(f"no task can be asked of these recordings; the first reason: {why}")
    return asked


def _set_name(path: Path, taken: dict[str, Any]) -> str:
    own = path.resolve()
    name = own.parent.name if own.stem == "manifest" else own.stem
    return name if name not in taken else f"{name} ({len(taken) + 1})"


def _probe(
    asked: Asked,
    codecs: Sequence[Any],
    levels: Sequence[str],
    kept: Any,
    store: Any,
    heads: Sequence[str],
    how: dict[str, Any],
) -> list[Outcome]:
    from vocable.evaluate.probes import LogMels, TokenInput, probe
    from vocable.evaluate.probes.inputs import levels_named

    inputs = [
        TokenInput(codec.name, codec, codec.spec.space, kept, chosen)
        for codec in codecs
        for chosen in levels_named(levels, len(codec.spec.levels))
    ]
    return probe(
        asked.tasks, lambda task: [LogMels(task.rate, kept), *inputs], store, heads=heads, **how
    )


def _judge_decoded(
    asked: Asked,
    codecs: Sequence[Any],
    levels: Sequence[str],
    kept: Any,
    store: Any,
    words: str | None,
    voices: str | None,
    how: dict[str, Any],
) -> list[Outcome]:
    from vocable.evaluate.probes.decoded import Judges, first_levels, judge_decoded
    from vocable.evaluate.probes.inputs import levels_named
    from vocable.measures import load_embedding, load_recogniser

    decoders = [
        first_levels(codec.name, codec, codec.spec, chosen)
        for codec in codecs
        for chosen in levels_named(levels, len(codec.spec.levels))
    ]
    judges = Judges(
        (words, load_recogniser(words)) if words else None,
        (voices, load_embedding(voices)) if voices else None,
    )
    return judge_decoded(asked.tasks, decoders, kept, store, judges, **how)


def _line(outcome: Outcome) -> str:
    """Return one finished probe, for people."""
    of = f"{outcome.task} of {outcome.set}  {outcome.system} {outcome.levels}".rstrip()
    if outcome.fault:
        return f"{of}  {outcome.head}: {outcome.fault}"
    name, value = next(iter(outcome.scores.items()))
    return f"{of}  {outcome.head} seed {outcome.seed}  {name} {value:.3f}"


def _report(found: Sequence[Outcome], asked: Asked, folder: Path, console: Console) -> int:
    """Write the tables, print that of all seeds, and say what is missing."""
    from vocable.evaluate.probes import summarise

    rows = summarise(found)
    _write(rows, folder)
    for row in rows:
        console.result(row.to_json())
    if rows and not console.as_json and not console.quiet:
        click.echo(columns([HEADINGS, *map(_cells, rows)]))
    for task, why in asked.missing.items():
        console.line(f"{task}: {why}")
    for note in dict.fromkeys(f"{row.task} of {row.set}: {row.note}" for row in rows if row.note):
        console.line(note)
    faults = {f"{e.task} of {e.set}, {e.system} {e.levels}: {e.fault}" for e in found if e.fault}
    for line in sorted(faults):
        console.failure(line)
    return FAILED if faults else 0


def _cells(row: Row) -> tuple[str, ...]:
    names = (row.task, row.set, row.system, row.levels or "-", row.head, row.measure)
    ends = "-" if row.low != row.low else f"{row.low:.3f} to {row.high:.3f}"
    usual = "-" if row.usual != row.usual else f"{row.usual:.3f}"
    spread = "" if row.deviation != row.deviation else f" ± {row.deviation:.3f}"
    return (*names, f"{row.mean:.3f}{spread}", ends, usual, str(row.tested))


def _write(rows: Sequence[Row], folder: Path) -> None:
    from vocable.atomic import replacing

    os.makedirs(folder, exist_ok=True)
    tables = [row.to_json() for row in rows]
    with replacing(folder / "probes.json", overwrite=True) as path:
        path.write_text(json.dumps(tables, indent=1), encoding="utf-8")
    with (
        replacing(folder / "probes.csv", overwrite=True) as path,
        open(path, "w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(tables[0] if tables else [])
        for table in tables:
            weights = " ".join(f"{weight:.4f}" for weight in table["weights"])
            writer.writerow({**table, "weights": weights}.values())
