"""Run a recipe: from a manifest of recordings to a codec that `vocable.load` reads."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from vocable.codecs import Codec, CodecModel
from vocable.errors import RecipeError
from vocable.train import checkpoint
from vocable.train.build import build
from vocable.train.codec_task import CodecTask
from vocable.train.export import check_space, write
from vocable.train.loop import Loop
from vocable.train.manifest import Clip, read_manifest
from vocable.train.place import Place
from vocable.train.recipe import Recipe, read_recipe
from vocable.train.recordings import Recordings, decode_once

_log = logging.getLogger(__name__)


def run(
    recipe: str | Path | Recipe,
    manifest: str | Path,
    out: str | Path,
    *,
    resume: bool = False,
    overrides: Sequence[str] = (),
    threads: int | None = None,
    device: str | None = None,
    progress: Callable[[dict[str, Any]], None] | None = None,
) -> Codec:
    """Train a codec, leave it in `out` as a model that `vocable.load` reads, and return it.

    `recipe` is a bundled name, a TOML file or a Recipe; `manifest` lists the recordings (`scan`
    makes it); `out` must hold neither run nor model unless `resume`; `device` is by default what
    Accelerate finds. `progress` is called with each line of the log. Raises RecipeError for what
    cannot be run, `loop.Stopped` (a KeyboardInterrupt) after Ctrl-C, when all is saved, and a plain
    KeyboardInterrupt where nothing is trained yet, or after a second Ctrl-C.
    """
    plan = recipe if isinstance(recipe, Recipe) else read_recipe(recipe, overrides)
    folder = Path(out)
    held = "" if resume else checkpoint.held(folder)
    if held:
        again = "resume it, or " if held == "run" else ""
        raise RecipeError(f"{folder} holds a {held}; {again}give another folder")
    if threads:
        torch.set_num_threads(threads)
    place = Place(device)
    clips = read_manifest(manifest)
    torch.manual_seed(plan.seed)
    codec = build(plan)
    check_space(codec, plan)
    train, held_out = _recordings(plan, clips, codec.spec.rate, folder, place)
    _log.info("%.2f h to train on, %.2f h held out", train.seconds / 3600, held_out.seconds / 3600)
    torch.manual_seed(plan.seed + 1000 * place.rank)
    task = CodecTask(codec, plan, train, held_out, place)
    loop = Loop(task, plan, folder, place=place, resume=resume, progress=progress)
    trained = loop.run()
    assert isinstance(trained, CodecModel)
    if place.first:
        write(trained, plan, folder, loop.step, loop.seconds)
    return Codec(trained)


def _recordings(
    recipe: Recipe, clips: list[Clip], rate: int, folder: Path, place: Place
) -> tuple[Recordings, Recordings]:
    """Return what to train on and what to judge by; the first replica decodes for all."""
    train, held = split(recipe, clips)
    folder.mkdir(parents=True, exist_ok=True)

    def decoded() -> tuple[Recordings, Recordings]:
        return (
            decode_once(train, rate, recipe.augment, folder / "train.int16"),
            decode_once(held, rate, recipe.augment, folder / "held_out.int16"),
        )

    found = decoded() if place.first else None
    place.gather(None)  # the others wait here, then read what the first has written
    return found or decoded()


def split(recipe: Recipe, clips: list[Clip]) -> tuple[list[Clip], list[Clip]]:
    """Return the clips to train on and those held out, by their `split`, else by share."""
    if recipe.data.held_out:
        return clips, read_manifest(recipe.data.held_out)
    held = [clip for clip in clips if clip.split not in ("", "train")]
    train = [clip for clip in clips if clip.split in ("", "train")]
    if not held:
        every = max(2, round(1 / recipe.data.held_out_share))
        held, train = train[::every], [c for i, c in enumerate(train) if i % every]
    if not train:
        raise RecipeError(f"{len(clips)} recordings leave none to train on; give at least 2")
    return train, held
