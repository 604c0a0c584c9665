"""Train a codec: the task that the loop runs, and `run`, which does the whole of it."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vocable.errors import RecipeError
from vocable.train.data import Recordings, Segments, decode_once
from vocable.train.heldout import judge
from vocable.train.loop import Loop
from vocable.train.losses import Reconstruction
from vocable.train.manifest import Clip, read_manifest
from vocable.train.recipe import Recipe, read_recipe

_log = logging.getLogger(__name__)


class CodecTask:
    """A codec, its segments, its losses and its held-out clips."""

    def __init__(
        self, codec: nn.Module, recipe: Recipe, train: Recordings, held: Recordings
    ) -> None:
        self.model, self.recipe, self.rate = codec, recipe, train.rate
        self.segments = Segments(
            train,
            recipe.augment,
            batch=recipe.data.batch,
            segment=round(recipe.data.segment * train.rate),
            seed=recipe.seed,
            weights=recipe.data.weights,
        )
        self.audio_seconds = train.seconds
        self.seconds = recipe.data.batch * recipe.data.segment
        self.compare = Reconstruction(recipe.loss, train.rate)
        self.weights = {
            **{name: getattr(recipe.loss, name) for name in ("time", "mel", "low_band", "complex")},
            **recipe.loss.codec,
        }
        plan = recipe.checkpoints
        places = range(0, len(held), max(1, len(held) // plan.clips))[: plan.clips]
        self.held = [held.clip(i)[: round(plan.clip_seconds * train.rate)] for i in places]
        self._health: Any = None
        self._freeze()

    def draw(self) -> Tensor:
        return self.segments.draw()

    def losses(self, batch: Tensor) -> dict[str, Tensor]:
        """Return all losses by name, unweighted."""
        with self._precision():
            output = self.model(batch)
        self._health = output.health if self._health is None else self._health + output.health
        return {**self.compare(batch, output.audio), **output.losses}

    def report(self) -> dict[str, Any]:
        """Return the health of the codebooks since the last report, one number a level."""
        health, self._health = self._health, None
        if health is None:
            return {}
        names = ("used", "perplexity", "residual_db")
        return {name: getattr(health, name).tolist() for name in names}

    def evaluate(self, model: nn.Module) -> dict[str, Any]:
        return judge(model, self.held, self.rate)

    def begin(self, *, resumed: bool) -> None:
        """Let all but the frozen parts learn; a frozen quantizer keeps its codebooks.

        A codec with `prepare(batches)` learns from some of them before the first step.
        """
        prepare = getattr(self.model, "prepare", None)
        if prepare is not None and not resumed and not self.recipe.codec.start:
            limit = min(self.recipe.data.prepare_seconds, 4 * self.audio_seconds)
            prepare(self.draw() for _ in range(math.ceil(limit / self.seconds)))
        self.model.train()
        for part in self.recipe.codec.freeze:
            self.model.get_submodule(part).eval()

    def state(self) -> str:
        return self.segments.state()

    def restore(self, state: str) -> None:
        self.segments.restore(state)

    def _freeze(self) -> None:
        for part in self.recipe.codec.freeze:
            try:
                self.model.get_submodule(part).requires_grad_(False)
            except AttributeError as error:
                raise RecipeError(
                    f"codec.freeze names {part}; a codec has encoder, quantizer, decoder"
                ) from error

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        if self.recipe.precision == "fp32":
            return contextlib.nullcontext()
        kind = next(self.model.parameters()).device.type
        return torch.autocast(kind, dtype=torch.bfloat16)


def run(
    recipe: str | Path | Recipe,
    manifest: str | Path,
    out: str | Path,
    *,
    resume: bool = False,
    overrides: Sequence[str] = (),
    codec: nn.Module | None = None,
    threads: int | None = None,
    progress: Callable[[dict[str, Any]], None] | None = None,
) -> Path:
    """Train a codec and return the folder of the run.

    `recipe` is a bundled name, a TOML file or a Recipe; `manifest` lists the recordings (`scan`
    makes it); `out` must not hold a run yet unless `resume`; `codec` takes the place of the
    recipe's own.
    `progress` is called with each line of the log. Raises RecipeError for what cannot be run, and
    `loop.Stopped` (a KeyboardInterrupt) after Ctrl-C, when all is saved.
    """
    plan = recipe if isinstance(recipe, Recipe) else read_recipe(recipe, overrides)
    folder = Path(out)
    if not resume and (folder / "checkpoint.pt").exists():
        raise RecipeError(f"{folder} holds a run; resume it, or give another folder")
    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(plan.seed)
    model = codec if codec is not None else build(plan)
    train, held = _recordings(plan, read_manifest(manifest), int(model.spec.rate), folder)
    _log.info("%.2f h to train on, %.2f h held out", train.seconds / 3600, held.seconds / 3600)
    task = CodecTask(model, plan, train, held)
    Loop(task, plan, folder, resume=resume, progress=progress).run()
    return folder


def build(recipe: Recipe) -> nn.Module:
    """Return the untrained codec that the recipe describes."""
    from vocable.codecs import build as build_codec

    return build_codec(recipe.codec.architecture, recipe.codec.config)


def _recordings(
    recipe: Recipe, clips: list[Clip], rate: int, folder: Path
) -> tuple[Recordings, Recordings]:
    train, held = split(recipe, clips)
    folder.mkdir(parents=True, exist_ok=True)
    return (
        decode_once(train, rate, folder / "train.int16"),
        decode_once(held, rate, folder / "held_out.int16"),
    )


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
