"""`vocable speak finetune MODEL SET -o OUT`: from recordings of a voice to a model that has it."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.exit_codes import INTERRUPTED
from vocable.cli.open_codec import check_device
from vocable.cli.train import check_folder, described, until_stopped

if TYPE_CHECKING:
    from vocable.speak.finetune.planned import Plan
    from vocable.speak.finetune.result import Finetuned

# of a line of the log; what is wrong by the verdict comes as a warning
_FOLLOWED = ("step", "kind", "left", "lr", "bits", "likeness", "end", "quieter")
_SPOKEN = ("samples", "ended")


@click.command("finetune")
@click.argument("model")
@click.argument("prepared", metavar="SET", type=click.Path(exists=True, file_okay=False))
@click.option(
    "-o", "--out", required=True, metavar="FOLDER", help="Where adapter and run are kept."
)
@click.option("--full", is_flag=True, help="Train every weight; the default is an adapter.")
@click.option(
    "--rank", type=click.IntRange(min=1), help="Rank of the adapter.  [default: the preset's]"
)
@click.option(
    "--alpha",
    type=options.FloatRange(min=0, min_open=True),
    help="How much the adapter counts for.  [default: the preset's]",
)
@click.option(
    "--targets",
    multiple=True,
    metavar="PATTERN",
    help="Layers to adapt, by their last names or as a regular expression of the whole name; "
    "repeatable.  [default: the preset's]",
)
@click.option("--merge", is_flag=True, help="Write the whole model, with the adapter in it.")
@click.option(
    "--preset",
    metavar="NAME_OR_TOML",
    help="say, say-full, csm, csm-500, csm-full, orpheus, orpheus-full, or a recipe of yours.  "
    "[default: the model's]",
)
@click.option("--steps", type=click.IntRange(min=1), help="Steps, in place of the preset's epochs.")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override another value of the preset, as in --set rows.batch=1.",
)
@click.option("--resume", is_flag=True, help="Go on with the run that FOLDER holds.")
@options.machine
@options.output
def command(
    model: str,
    prepared: str,
    out: str,
    full: bool,
    rank: int | None,
    alpha: float | None,
    targets: tuple[str, ...],
    merge: bool,
    preset: str | None,
    steps: int | None,
    overrides: tuple[str, ...],
    resume: bool,
    device: str | None,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Fine-tune MODEL on the voice of a prepared SET.

    MODEL is say-16k, a CSM or an Orpheus: its name, folder or file. SET is what `vocable speak
    prepare` has made, with the consent of whose voice it is. What learns and the memory it takes
    are said first.
    """
    console = Console(as_json=as_json, quiet=quiet)
    own = {
        "tuning.method": "full" if full else None, "tuning.rank": rank, "tuning.alpha": alpha,
        "tuning.targets": list(targets) or None, "tuning.merge": merge or None,
        "schedule.steps": steps,
    }  # fmt: skip
    own_overrides = [
        f"{key}={json.dumps(value)}" for key, value in own.items() if value is not None
    ]
    if device is not None:
        check_device(device)
    made = _plan(model, prepared, preset, full, [*own_overrides, *overrides], device)
    if not resume:
        from vocable.train import checkpoint

        check_folder(out, checkpoint.existing(Path(out)))
    _tell(console, made)
    settings = {"resume": resume, "device": device, "threads": threads}
    return _run(console, made, prepared, out, settings)


def _plan(
    model: str,
    prepared: str,
    preset: str | None,
    full: bool,
    overrides: list[str],
    device: str | None,
) -> Plan:
    """Return what a run will do; refuse, before any work, one that cannot be."""
    from vocable.errors import VocableError
    from vocable.speak.finetune.run import plan, preset_of

    try:
        preset = preset or preset_of(model, full=full)
        return plan(model, prepared, preset=preset, overrides=overrides, device=device)
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error


def _tell(console: Console, made: Plan) -> None:
    for part in made.parts:
        console.line(f"{part.name}  {part.layers} layers  {part.parameters / 1e6:.2f} M weights")
    share = made.learning / made.weights
    console.line(
        f"{made.learning / 1e6:.2f} M of {made.weights / 1e6:.1f} M weights learn ({share:.2%}), "
        f"in at most {made.recipe.schedule.steps} steps; memory: {made.memory.text}"
    )
    table, often = made.recipe.held_out, made.recipe.checkpoints.evaluate_steps
    spoken = f", and {table.samples} of their texts are spoken" if table.samples else ""
    console.line(f"every {often} steps {table.rows} held-out snippets, or all, are judged{spoken}")


def _run(console: Console, made: Plan, prepared: str, out: str, settings: dict[str, Any]) -> int:
    from vocable.train import run

    found: list[Finetuned] = []

    def progress(line: dict[str, Any]) -> None:
        console.result(line)
        if gradients := line.get("gradients"):
            name, least = min(gradients.items(), key=lambda pair: pair[1])
            console.line(f"a gradient reaches every layer; the least, {least:.2g}, {name}")
        console.line(described(_shown(line)))

    def train() -> None:
        found.append(run(made.recipe, prepared, out, progress=progress, **settings))

    if not until_stopped(console, out, train):
        return INTERRUPTED
    _conclude(console, found[0])
    return 0


def _shown(line: dict[str, Any]) -> dict[str, Any]:
    """Return what people follow of a line: losses of single levels stay in the log."""
    asked = _SPOKEN if line.get("samples") else ()
    return {key: line[key] for key in (*_FOLLOWED, *asked) if key in line}


def _conclude(console: Console, found: Finetuned) -> None:
    for name, why in found.left_out.items():
        console.line(f"left out: {name}: {why}")
    best = f"the weights of step {found.best}, " if found.best >= 0 else ""
    if found.best in found.likeness:
        best += f"likeness {found.likeness[found.best]:.3f} by {found.speakers}, "
    console.line(f"done; {best}{found.rows} snippets, in {shlex.quote(str(found.folder))}")
    console.line(f"verdict: {found.verdict}")
    console.result({**asdict(found), "folder": str(found.folder)})
