"""A codec that hears, beside sound, what a teacher makes of it: X-Codec's form at a small size.

"Codec Does Matter: Exploring the Semantic Shortcoming of Codec for Audio Language Model" (Ye et al.
2024, arXiv:2408.17175).

    SEANet's encoder                           [B, F, latent]
    a teacher that is fixed, two convolutions  [B, F, told]
    both side by side, a map, RVQ, SEANet's decoder

The teacher is needed to encode, so it is a part of the codec: the network of `units-16k`, whose
weights a run copies (`vocable.train.codec.distil`), up to one of its layers.

Differences from the paper: a streaming teacher of a few million weights in place of HuBERT or
WavLM; the decoder gets what the quantizer gives, without a map between them. Sound is waited for
65 ms more than by the encoder alone: so far the teacher looks ahead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.seanet import DECODER_ONLY, decoder, encoder
from vocable.codecs.seanet_rvq import SEANetRVQConfig, quantizer, token_spec
from vocable.errors import ModelError
from vocable.nn.activation import ELU
from vocable.nn.block import Block, Stack, State, join
from vocable.nn.conv import Conv1d
from vocable.nn.linear import Linear
from vocable.units.log_mel_frames import HOP, RATE
from vocable.units.streaming import StreamingUnitsConfig, UnitsEncoder


@dataclass(frozen=True)
class InformedConfig(SEANetRVQConfig):
    """The sizes of a SEANet and an RVQ, and these."""

    rate: int = RATE
    semantic: int = 1
    teacher: StreamingUnitsConfig = StreamingUnitsConfig(layers=5)  # up to the layer that is heard
    told: int = 64  # channels of a frame that what the teacher says becomes


class Informed(CodecModel):
    """A codec with a teacher, as its config says."""

    not_exported: ClassVar[str] = (
        "its teacher attends in windows, whose number a graph cannot leave open"
    )

    not_in_codes = DECODER_ONLY | {"dropout"}

    def __init__(self, config: InformedConfig) -> None:
        c = config
        if c.rate != RATE or c.frame % HOP or c.channels != 1:
            raise ModelError(
                f"an informed codec reads mono at {RATE} Hz in frames of a multiple of {HOP} "
                f"samples, got {c.channels} channels at {c.rate} Hz in frames of {c.frame}"
            )
        found = quantizer(c)
        super().__init__(c, token_spec("informed", c, found))
        self.encoder = Stack(Beside(encoder(c), told(c)), Linear(c.latent + c.told, c.latent))
        self.quantizer, self.decoder = found, decoder(c)

    def take_teacher(self, config: StreamingUnitsConfig, tensors: Mapping[str, Tensor]) -> None:
        """Copy the encoder of a `StreamingUnits`, by its own keys, up to the layer that is heard.

        config: the teacher's. Raises ModelError for another one than the codec's, even in what no
        tensor shows (heads, context).
        """
        wanted = replace(self.config.teacher, layers=config.layers, units=config.units)
        if config != wanted:
            raise ModelError(
                f"the teacher is {config}, but codec.config.teacher is {self.config.teacher}; set "
                "them alike"
            )
        self.teacher.load_state_dict({key: tensors[key] for key in self.teacher.state_dict()})

    @property
    def teacher(self) -> Stack:
        """What is heard beside the sound: samples to frames of a layer, which does not learn."""
        (beside, _) = self.encoder.blocks  # type: ignore[misc]
        return beside.second.blocks[0]  # type: ignore[no-any-return]


def told(config: InformedConfig) -> Stack:
    """Return samples to what the teacher says, `[B, T, 1] -> [B, T / frame, told]`."""
    c, stride = config, config.frame // HOP
    whole = UnitsEncoder(c.teacher)
    teacher = Stack(whole.frames, whole.entry, whole.layers, whole.norm).requires_grad_(False)
    last = Conv1d(c.told, c.told, max(3, 2 * stride), stride=stride)
    return Stack(teacher, Conv1d(c.teacher.channels, c.told, 3), ELU(), last)


class Beside(Block):
    """Two blocks on the same rows, of one rate, side by side in the channels.

    What the first gives waits for the second. At the end the second hears silence for one stride,
    so that a teacher whose last window is cut short says something of the last frame, too.
    """

    def __init__(self, first: Block, second: Block) -> None:
        super().__init__()
        if first.ratio != second.ratio:
            raise ModelError(
                f"blocks side by side keep one rate, got {first.ratio} and {second.ratio} rows per "
                "row"
            )
        self.first, self.second, self.ratio = first, second, first.ratio
        self.channels_out = (first.channels_out or 0) + (second.channels_out or 0)
        self.stride_in = math.lcm(first.stride_in, second.stride_in)
        ahead = first.lookahead, second.lookahead
        self.lookahead = None if None in ahead else max(n for n in ahead if n is not None)
        self.receptive = self.reach(1)

    def initial_state(self, batch: int) -> State:
        """Return the states of both, and the rows of each that wait (none yet)."""
        none = self.zeros(batch, 0, 0)
        return self.first.initial_state(batch), self.second.initial_state(batch), none, none

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Return the rows that both have."""
        first, second, *waiting = state
        (a, first), (b, second) = self.first.step(x, first), self.second.step(x, second)
        a, b = join(waiting[0], a), join(waiting[1], b)
        both = min(a.shape[1], b.shape[1])
        rest = a[:, both:].clone(), b[:, both:].clone()
        return self._joined(a, b, both), (first, second, *rest)

    def finish(self, state: State) -> Float[Tensor, "batch rest channels_out"]:
        """Return the last rows."""
        first, second, *waiting = state
        a = join(waiting[0], self.first.finish(first))
        silence = self.zeros(len(a), self.stride_in, 1)
        b, second = self.second.step(silence, second)
        b = join(join(waiting[1], b), self.second.finish(second))
        return self._joined(a, b, a.shape[1])

    def _joined(self, a: Tensor, b: Tensor, rows: int) -> Tensor:
        """Return so many rows of both; of no rows nobody may know the channels."""
        if not rows:
            return self.zeros(len(a), 0, self.channels_out or 0)
        return torch.cat((a[:, :rows], b[:, :rows]), 2)

    def settled(self, rows: int) -> int:
        """Return how many output rows are final: those of the later one."""
        return min(self.first.settled(rows), self.second.settled(rows))

    def reach(self, rows: int) -> int | None:
        """Return how many input rows so many output rows depend on: those of the farther one."""
        both = self.first.reach(rows), self.second.reach(rows)
        return None if None in both else max(n for n in both if n is not None)
