"""`vocable train TASK`: run a recipe on data; Ctrl-C saves."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.exit_codes import INTERRUPTED
from vocable.cli.open_codec import check_device
from vocable.cli.units import duration, times_real_time

if TYPE_CHECKING:
    from vocable.train.registry import Shortcut


class Tasks(click.Group):
    """A group with one command for each task that `vocable.train` knows."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from vocable.train.registry import TASKS

        return [name for name, task in TASKS.items() if task.is_command]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return _command(name) if name in self.list_commands(ctx) else None


@click.group("train", cls=Tasks)
def command() -> None:
    """Train a model."""


def _command(task: str) -> click.Command:
    from vocable.train.registry import TASKS

    @click.command(task, help=TASKS[task].about)
    @click.option("--recipe", required=True, metavar="NAME_OR_TOML", help="What to train, and how.")
    @click.option(
        "--data",
        required=True,
        type=click.Path(exists=True),
        metavar="PATH",
        help=TASKS[task].data,
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
    @_shortcuts(TASKS[task].shortcuts)
    @click.option("--resume", is_flag=True, help="Go on with the run that FOLDER holds.")
    @options.machine
    @options.output
    def train(
        recipe: str,
        data: str,
        out: str | None,
        overrides: tuple[str, ...],
        resume: bool,
        device: str | None,
        threads: int | None,
        as_json: bool,
        quiet: bool,
        **shortcuts: str | None,
    ) -> int:
        console = Console(as_json=as_json, quiet=quiet)
        overrides += tuple(each for each in shortcuts.values() if each)
        _check_recipe(task, recipe, overrides)
        out = out or os.path.join("runs", os.path.splitext(os.path.basename(recipe))[0])
        from vocable.train import checkpoint

        if not resume:
            check_folder(out, checkpoint.existing(Path(out)))
        if device is not None:
            check_device(device)
        settings = {"resume": resume, "overrides": overrides, "threads": threads, "device": device}
        return _run(console, task, recipe, data, out, settings)

    return train


def _shortcuts(wanted: Sequence[Shortcut]) -> Callable[[Any], Any]:
    """Return what adds options to a command, each of which is given to it as an override."""

    def add(command: Any) -> Any:
        for each in reversed(wanted):
            command = click.option(
                each.option, metavar="NAME", callback=_override_of(each.key), help=each.help
            )(command)
        return command

    return add


def _override_of(key: str) -> Callable[[Any, Any, str | None], str | None]:
    def override(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
        # as TOML writes text, so that a name of digits is a name too
        return None if value is None else f"{key}={json.dumps(value, ensure_ascii=False)}"

    return override


def _run(
    console: Console, task: str, recipe: str, data: str, out: str, settings: dict[str, Any]
) -> int:
    from vocable.train import run
    from vocable.train.diagnostics import HEALTHY

    verdict = HEALTHY

    def progress(line: dict[str, Any]) -> None:
        nonlocal verdict
        verdict = line.get("verdict", verdict)
        console.line(described(line))
        console.result(line)

    done = until_stopped(
        console, out, lambda: run(recipe, data, out, progress=progress, **settings)
    )
    if not done:
        return INTERRUPTED
    but = "" if verdict == HEALTHY else f", but the run is not healthy: {verdict}"
    console.line(f"done; the model is in {shlex.quote(out)}{but}")
    return 0


def until_stopped(console: Console, out: str, run: Callable[[], Any]) -> bool:
    """Run to the end, or until Ctrl-C, and say how to go on then; return whether it has ended."""
    from vocable.train import checkpoint

    try:
        run()
    except KeyboardInterrupt as stop:  # with words, if all is saved
        if checkpoint.existing(Path(out)) == "run":
            again = shlex.join(["vocable", *_with_resume(sys.argv[1:])])
            console.line(str(stop) or "stopped at once")
            console.line(f"go on with: {again}")
        else:
            console.line("stopped before the run had anything to save")
        return False
    return True


def _check_recipe(task: str, recipe: str, overrides: tuple[str, ...]) -> None:
    """Refuse a recipe that cannot be used, before torch is loaded and data is read."""
    from vocable.errors import RecipeError
    from vocable.train import read_recipe

    try:
        wanted = read_recipe(recipe, overrides).task
    except (RecipeError, OSError) as error:
        raise Refusal(message_of(error)) from error
    if wanted != task:
        raise Refusal(f'recipe {recipe} is for the task "{wanted}"; use vocable train {wanted}')


def check_folder(out: str, existing: str) -> None:
    """Refuse a folder that holds what a new run would overwrite."""
    if existing:
        again = "go on with it by --resume, or " if existing == "run" else ""
        raise Refusal(f"{out} holds a {existing}; {again}name another folder")


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
