"""`vocable train codec`: run a recipe on a manifest of recordings; Ctrl-C saves."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.open_codec import check_device
from vocable.cli.units import duration, times_real_time


@click.group("train")
def command() -> None:
    """Train a model on recordings."""


@command.command("codec")
@click.option("--recipe", required=True, metavar="NAME_OR_TOML", help="What to train, and how.")
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, dir_okay=False),
    metavar="MANIFEST",
    help="The recordings, as `vocable data scan` lists them.",
)
@click.option(
    "-o", "--out", metavar="FOLDER", help="Where the run is kept.  [default: runs/RECIPE]"
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a recipe's value, as in --set schedule.steps=200.",
)
@click.option("--resume", is_flag=True, help="Go on with the run that FOLDER holds.")
@options.machine
@options.output
def codec(
    recipe: str,
    data: str,
    out: str | None,
    overrides: tuple[str, ...],
    resume: bool,
    device: str | None,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Train or fine-tune a codec. FOLDER then opens with --codec FOLDER."""
    voice = Console(as_json=as_json, quiet=quiet)
    _check_recipe(recipe, overrides)
    out = out or os.path.join("runs", os.path.splitext(os.path.basename(recipe))[0])
    from vocable.train import checkpoint
    from vocable.train.codec import run

    folder = Path(out)
    if not resume:
        _check_folder(out, checkpoint.held(folder))
    if device is not None:
        check_device(device)

    def progress(line: dict[str, Any]) -> None:
        voice.line(described(line))
        voice.result(line)

    try:
        run(
            recipe,
            data,
            out,
            resume=resume,
            overrides=overrides,
            threads=threads,
            device=device,
            progress=progress,
        )
    except KeyboardInterrupt as stop:  # with words, if all is saved
        if checkpoint.held(folder) == "run":
            again = shlex.join(["vocable", *_with_resume(sys.argv[1:])])
            voice.line(f"{str(stop) or 'stopped at once'}\ngo on with: {again}")
        else:
            voice.line("stopped before the run had anything to save")
        return 130
    voice.line(f"done; try it: vocable roundtrip AUDIO -o OUT --codec {shlex.quote(out)}")
    return 0


def _check_recipe(recipe: str, overrides: tuple[str, ...]) -> None:
    """Refuse a recipe that cannot be read before torch is loaded and recordings are decoded."""
    from vocable.errors import RecipeError
    from vocable.train.recipe import read_recipe

    try:
        read_recipe(recipe, overrides)
    except (RecipeError, OSError) as error:
        raise Refusal(message_of(error)) from error


def _check_folder(out: str, held: str) -> None:
    """Refuse a folder that holds what a new run would overwrite."""
    if held:
        again = "go on with it by --resume, or " if held == "run" else ""
        raise Refusal(f"{out} holds a {held}; {again}name another folder")


def _with_resume(arguments: list[str]) -> list[str]:
    return arguments if "--resume" in arguments else [*arguments, "--resume"]


def described(line: dict[str, Any]) -> str:
    """Return one line of a run's log for people."""
    facts = {key: value for key, value in line.items() if key not in ("step", "kind")}
    words = [f"step {line['step']}"]
    if left := facts.pop("left", None):
        words.append(f"{duration(left)} left")
    if "times_real_time" in facts:
        words.append(times_real_time(facts.pop("times_real_time")))
    if line["kind"] != "train":
        words.append(line["kind"].replace("_", " "))
    facts.pop("seconds", None)
    return "  ".join(words + _values(facts))


def _values(facts: dict[str, Any]) -> list[str]:
    """Return `name value` for numbers and texts, one level deep; longer things stay in the log."""
    words = []
    for name, value in facts.items():
        if isinstance(value, dict):
            words += _values(value)
        elif isinstance(value, float):
            words.append(f"{name} {value:.4g}")
        elif isinstance(value, int | str):
            words.append(f"{name} {value}")
    return words
