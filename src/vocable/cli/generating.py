"""What `vocable continue` and `vocable generate` share: a model of tokens, and its sound."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.open_codec import open_codec, set_up
from vocable.cli.units import duration, times_real_time
from vocable.errors import ModelError

MODEL = click.option(
    "--model",
    default="audiolm-16k",
    show_default=True,
    metavar="NAME_OR_FOLDER",
    help="What goes on: a model of tokens, or a folder with AudioLM's stages.",
)
CODEC = click.option(
    "--codec",
    metavar="NAME_OR_FOLDER",
    help="Whose tokens it writes, where they have not the name of a model that is here.",
)
SECONDS = click.option(
    "--seconds",
    type=options.FloatRange(min=0, min_open=True, max=3600),
    default=5.0,
    show_default=True,
    help="How much is generated.",
)
SEED = click.option(
    "--seed", type=options.SEED, default=0, show_default=True, help="Equal seeds, equal sound."
)
CONTEXT = click.option(
    "--context",
    type=click.Choice(["full", "ring", "sinks"]),
    default="full",
    show_default=True,
    help="What the model sees: all, as far as it reaches; the last of it, without end; that and "
    "the first positions.",
)
writing = options.combined(
    MODEL, CODEC, SECONDS, CONTEXT, SEED, options.machine, options.force, options.output
)


def open_model(
    name: str, codec: str | None, context: str, device: str | None, threads: int | None
) -> Any:
    """Return a model that generates tokens of its own accord. Refusal for another kind."""
    set_up(device, threads)
    import vocable
    from vocable.language.audiolm import AudioLM
    from vocable.language.home import ContinuingGenerator

    try:
        found = vocable.load(name, device=device)
    except (ModelError, OSError) as error:
        raise Refusal(message_of(error)) from error
    if not isinstance(found, AudioLM | ContinuingGenerator):
        raise Refusal(f"{name} does not go on with recordings; train a model of tokens for this")
    if isinstance(found, AudioLM) and context != "full":
        raise Refusal(f"{name} takes no --context; it goes on beyond what its stages see by itself")
    if codec is not None:
        if isinstance(found, AudioLM):
            raise Refusal(f"{name} takes no --codec; it has those that it was trained with")
        try:
            found.attach(open_codec(codec, device, threads))
        except ModelError as error:
            raise Refusal(f"--codec: {message_of(error)}") from error
    return found


def write(
    console: Console, model: Any, begin: Any, out: str, *, seconds: float, context: str, seed: int,
    force: bool,
) -> dict[str, Any]:  # fmt: skip
    """Generate behind what is given, decode all of it, and write it and its tokens."""
    began = time.perf_counter()
    more = {}
    if context != "full":
        more["engine"] = model.start_endless(**({"sinks": 0} if context == "ring" else {}))
    run = model.generate(begin, seconds=seconds, seed=seed, **more)
    codec = model.with_codec() if hasattr(model, "with_codec") else model.codec
    wanted = max(1, round(seconds * float(codec.spec.frame_rate)))
    frames = []
    with console.progress(out) as progress:
        for frame in run:
            frames.append(frame)
            progress(len(frames) / wanted)
    tokens = model.joined(begin, frames)
    codec.decode(tokens).save(out, overwrite=force)
    beside = Path(out).with_suffix(".vcb")
    tokens.save(beside, overwrite=force)
    took = time.perf_counter() - began
    fresh = len(frames) / float(codec.spec.frame_rate)
    facts = {
        "out": out, "tokens": str(beside), "seconds": float(tokens.seconds), "generated": fresh,
        "seed": seed, "reason": run.reason,
    }  # fmt: skip
    console.line(
        f"{out}  {duration(facts['seconds'])}, of which {duration(fresh)} new  "
        f"{times_real_time(fresh / max(took, 1e-9))}  tokens in {beside}"
    )
    console.result(facts)
    return facts


def targets(out: str) -> list[str | None]:
    """Return the files that are written."""
    return [out, str(Path(out).with_suffix(".vcb"))]
