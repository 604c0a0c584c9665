"""Train a codec on segments of recordings, with or without discriminators."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vocable.codecs import Codec, CodecModel, CodecOutput
from vocable.errors import RecipeError
from vocable.quantize import Quantizer
from vocable.train import bf16
from vocable.train.codec.adversarial import generator_loss, losses_in_turn
from vocable.train.codec.balance import Balancer
from vocable.train.codec.discriminators import Discriminators
from vocable.train.codec.evaluation import at_rate, evaluate
from vocable.train.codec.losses import ReconstructionLoss
from vocable.train.codec.model import save
from vocable.train.codec.problems import diagnose
from vocable.train.codec.recipe import CodecRecipe
from vocable.train.codec.unit_variance import set_unit_variance
from vocable.train.data.recordings import Recordings, open_recordings
from vocable.train.data.segments import Segments
from vocable.train.distributed import Distributed
from vocable.train.task import Problem, Task

_log = logging.getLogger(__name__)
# can be balanced
AT_OUTPUT = (
    *("time", "mel", "low_band", "complex", "spectral", "pesq", "level"),
    *("adversarial", "feature"),
)


class CodecTask(Task):
    """A codec, its segments, its losses, its discriminators and its held-out clips."""

    speed = "times_real_time"  # seconds of audio a second

    model: Any  # a CodecModel, or what has one and more that learns
    codec: Any  # a CodecModel

    def __init__(self, codec: nn.Module, recipe: CodecRecipe) -> None:
        self.model = self.codec = codec
        self.recipe, self.rate = recipe, self.codec.spec.writes
        self.pretrained = bool(recipe.codec.start)
        self.items_per_batch = recipe.data.batch * recipe.data.segment
        self.weights = recipe.loss_weights
        self.balancer = Balancer(self.weights) if recipe.loss.balance else None
        for part in self._frozen():
            part.requires_grad_(False)

    def setup(self, data: Path, folder: Path, distributed: Distributed) -> None:
        """Decode the recordings of the manifest `data` to `folder`, or find them there."""
        recipe = self.recipe
        channels = self.codec.spec.channels
        train, held_out = open_recordings(
            data, recipe.data, recipe.augment, self.rate, channels, folder, distributed
        )
        _log.info(
            "%.2f h to train on, %.2f h held out", train.seconds / 3600, held_out.seconds / 3600
        )
        self.distributed, self.train_seconds = distributed, train.seconds
        self._bf16 = recipe.precision == "bf16" and _gains_from_bf16(distributed)
        self.model = self.model.to(distributed.device)
        self.reconstruction_loss = ReconstructionLoss(recipe.loss, self.rate)
        if recipe.adversarial.enabled:
            self.discriminator = Discriminators(recipe.adversarial).to(distributed.device)
            self.discriminator_optimizer = recipe.adversarial.optimizer
            distributed.broadcast_module(self.discriminator)
        segment = self._whole(round(recipe.data.segment * self.rate))
        self._compare_with_own_segments(segment)
        self.segments = Segments(
            train,
            recipe.augment,
            batch=recipe.data.batch,
            segment=segment,
            seed=recipe.seed + 1000 * distributed.rank,
            weights=recipe.data.weights,
        )
        self.clips = _some_clips(held_out, recipe)
        self._health: Any = None
        self._energy = torch.zeros(2, dtype=torch.float64, device=distributed.device)  # in, out

    def begin(self, *, resumed: bool) -> None:
        """Let all but the frozen parts learn; a frozen quantizer keeps its codebooks.

        It still draws how many levels an item uses, so that the decoder learns to decode as many.

        A new codec is first prepared: what needs no gradients is learnt from segments at once.
        """
        if not (resumed or self.pretrained):
            seconds = min(self.recipe.data.prepare_seconds, 4 * self.train_seconds)
            batches = math.ceil(seconds / self.items_per_batch)
            if self.recipe.codec.unit_variance:
                set_unit_variance(self.codec, self.input_of(self.sound()))
            self.codec.prepare(self.input_of(self.sound()) for _ in range(batches))
        self.model.train()
        for part in self._frozen():
            part.freeze() if isinstance(part, Quantizer) else part.eval()

    def _frozen(self) -> list[nn.Module]:
        """Return the parts that stay: with the encoder what finds sides in its latents.

        With the decoder all that is neither of these, nor a quantizer: FACodec's style, say.
        """
        names = self.recipe.codec.freeze
        parts = dict(self.codec.named_children())
        hears = {"encoder", "side_encoder"}
        spoken = parts.keys() - hears - {"quantizer"}
        held = {"encoder": hears, "quantizer": {"quantizer"}, "decoder": spoken}
        return [parts[part] for name in names for part in sorted(held[name]) if part in parts]

    def draw(self) -> Any:
        return self.sound()

    def sound(self) -> Tensor:
        """Return the next segments."""
        return self.segments.draw().to(self.distributed.device)

    def input_of(self, target: Tensor) -> Tensor:
        """Return what the codec reads of sound at the rate that it writes."""
        return at_rate(target, self.rate, self.codec.spec.rate)

    def losses(self, batch: Any) -> dict[str, Tensor]:
        return self.compared(batch, self.decoded(batch))

    def decoded(self, batch: Tensor) -> CodecOutput:
        """Return what the codec makes of segments."""
        with self._autocast():
            output: CodecOutput = self.codec(self.input_of(batch))
        return output

    def compared(self, batch: Tensor, output: CodecOutput) -> dict[str, Tensor]:
        """Return the losses of sound, and those that the codec reports."""
        self._input, self._output = batch, output.audio.float()
        self._observe(output.health)
        losses = self.reconstruction_loss(batch, self._output)
        if self.discriminator is not None:
            table = self.recipe.adversarial
            losses |= generator_loss(
                self.discriminator, batch, self._output, table.rule, relative=table.relative
            )
        return {**losses, **output.losses}

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        """Return the weighted sum, balanced at the output where the recipe says so."""
        if unknown := losses.keys() - self.weights.keys():
            name = min(unknown)
            raise RecipeError(
                f'the codec reports a loss "{name}" that the recipe has no weight for; '
                f"set loss.codec.{name} (0 leaves it out)"
            )
        balanced = {name: losses[name] for name in AT_OUTPUT if self.balancer and name in losses}
        # In the order of `losses`: a set's changes with the process, and so would the last bit.
        plain = [self.weights[name] * loss for name, loss in losses.items() if name not in balanced]
        if self.balancer:
            plain.append(self.balancer.total(balanced, self._output))
        return torch.stack(plain).sum()

    def discriminator_losses(self) -> dict[str, Tensor]:
        assert self.discriminator is not None
        table, pair = self.recipe.adversarial, (self._input, self._output)
        return losses_in_turn(self.discriminator, table, self.distributed, *pair)

    def report(self) -> dict[str, Any]:
        """Return the output's level and the health of the codebooks since the last report.

        `level_db` is that of the output over the input, in dB; `possible` is the perplexity that so
        many codes could have at most.
        """
        energy_in, energy_out = (self._energy + 1e-12).tolist()
        report: dict[str, Any] = {"level_db": 10 * math.log10(energy_out / energy_in)}
        if self._health is not None:
            names = ("used", "perplexity", "residual_db")
            report |= {name: getattr(self._health, name).tolist() for name in names}
            report["possible"] = [min(len(c), int(c.sum())) for c in self._health.counts]
        self._health = None
        self._energy.zero_()
        return report

    def diagnose(self, line: dict[str, Any]) -> Sequence[Problem]:
        return diagnose(line, self.recipe.adversarial.undecided)

    def evaluate(self, model: nn.Module, board: Any, step: int) -> dict[str, Any]:
        device = self.distributed.device
        return evaluate(model, self.clips, self.rate, device, board, step)

    def end(self, model: nn.Module) -> None:
        if "decoder" not in self.recipe.codec.freeze:
            device = self.distributed.device
            clips = (torch.from_numpy(clip).to(device)[None] for clip in self.clips)
            trained: Any = model  # a CodecModel
            trained.calibrate(map(self.input_of, clips))

    def export(self, model: nn.Module, folder: Path, facts: dict[str, Any]) -> str:
        """Write a model that `vocable.load` reads; return its token space."""
        assert isinstance(model, CodecModel)
        model.space = save(model, self.recipe, folder, facts)
        return model.space

    def in_use(self, model: nn.Module) -> Codec:
        """Return a codec with the weights as they are stored: what loading the export gives."""
        assert isinstance(model, CodecModel)
        for tensor in model.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(tensor.to(model.stored_dtype))
        return Codec(model)

    def state(self) -> dict[str, Any]:
        return {
            "segments": self.segments.state(),
            "train_seconds": self.train_seconds,
            "norms": self.balancer.norms if self.balancer else {},
        }

    def restore(self, state: dict[str, Any]) -> None:
        if (before := state["train_seconds"]) != self.train_seconds:
            _log.warning(
                "the run had %.4g h of recordings and now has %.4g h: it goes on, but not exactly",
                before / 3600,
                self.train_seconds / 3600,
            )
        if self.balancer:
            self.balancer.norms = state["norms"]
        self.segments.restore(state["segments"])

    def _compare_with_own_segments(self, samples: int) -> None:
        """Say where a codec that codes each of its segments by itself would learn from others."""
        own = self.codec.spec.segment
        if own and samples * self.codec.spec.rate != own.length * self.rate:
            _log.warning(
                "segments of %.4g s are drawn, but the codec codes each %.4g s by itself; set "
                "data.segment=%.4g, or it learns from what it will not meet",
                samples / self.rate, own.length / self.codec.spec.rate,
                own.length / self.codec.spec.rate,
            )  # fmt: skip

    def _whole(self, samples: int) -> int:
        """Return about as many samples, which are whole samples at the rate that is read too."""
        unit: int = self.rate // math.gcd(self.rate, self.codec.spec.rate)
        return max(unit, samples // unit * unit)

    @torch.no_grad()
    def _observe(self, health: Any) -> None:
        self._energy[0] += self._input.square().sum()
        self._energy[1] += self._output.square().sum()
        if health is not None:
            self._health = health if self._health is None else self._health + health

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        if not self._bf16:
            return contextlib.nullcontext()
        return torch.autocast(self.distributed.device.type, dtype=torch.bfloat16)


def _gains_from_bf16(distributed: Distributed) -> bool:
    """Decide, for all processes, whether a recipe's bf16 is kept; say so where it is not."""
    reason = bf16.why_not(distributed.device)
    (kept,) = distributed.broadcast_values(not reason)
    if not kept and distributed.is_main:
        _log.warning(
            "the run is in fp32, in which this machine is faster (%s); with "
            'precision = "fp32" this is not measured',
            reason,
        )
    return bool(kept)


def _some_clips(held_out: Recordings, recipe: CodecRecipe) -> list[Any]:
    """Return a handful of held-out clips, evenly over all, the same each time."""
    plan = recipe.checkpoints
    chosen = range(0, len(held_out), max(1, len(held_out) // plan.clips))[: plan.clips]
    return [held_out.clip(i)[:, : round(plan.clip_seconds * held_out.rate)] for i in chosen]
