"""Give the layers of a tokenizer of units as features, as an encoder gives its own."""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.codecs import Tokenizer
from vocable.errors import ModelError
from vocable.nn.block import Block, Stack, join
from vocable.quantize.precision import full_precision
from vocable.units.features import Features
from vocable.units.log_mel_frames import HOP, RATE, WINDOW
from vocable.units.reading import is_list, one_channel
from vocable.units.streaming import StreamingUnits, StreamingUnitsConfig

_TOGETHER = 100 * RATE // HOP * HOP  # samples that are computed at a time


def has_layers(tokenizer: object) -> bool:
    """Return whether `TokenizerLayers` takes it."""
    return isinstance(tokenizer, Tokenizer) and isinstance(tokenizer.model, StreamingUnits)


class TokenizerLayers:
    """Give the frames of a layer of a tokenizer whose units are made while one speaks.

        layers = TokenizerLayers(vocable.load("RUN"))
        (frames,) = layers.features("talk.flac", layer=3)

    Layer L is the output of block L, 1 to `layers`, and 0 the input to block 1. The tokenizer's own
    units are of the last, standardised: `before_units`.
    """

    rate, frame, window = RATE, HOP, WINDOW
    normalize = False

    def __init__(self, tokenizer: Tokenizer) -> None:
        model = tokenizer.model
        if not isinstance(model, StreamingUnits):
            raise ModelError(
                f"{tokenizer.name} is a {type(model).__name__}, which gives tokens and no features"
            )
        self.tokenizer, self.model = tokenizer, model
        self.layers = model.config.layers

    @property
    def name(self) -> str:
        """The tokenizer's name."""
        return self.tokenizer.name

    @property
    def space(self) -> str:
        """The space of the tokenizer's own units."""
        return self.tokenizer.spec.space

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.space}>"

    def channels(self, layer: int) -> int:
        """Return the channels of a layer's frames."""
        self._check(layer)
        config: StreamingUnitsConfig = self.model.config
        return config.channels

    def features(
        self,
        sources: Any,
        rate: int | None = None,
        *,
        layer: int,
        mix: bool = False,
        allow_loud: bool = False,
    ) -> list[Features]:
        """Return a layer's frames of each recording; see `FeatureEncoder.features`.

        Those of a recording of any length are exact.
        """
        self._check(layer)
        encoder = self.model.encoder
        wanted = cast("list[Block]", list(encoder.layers.blocks)[:layer])
        blocks = Stack(encoder.frames, encoder.entry, *wanted)
        given = sources if is_list(sources) else [sources]
        return [
            self._run(blocks, one_channel(each, rate, RATE, mix=mix, allow_loud=allow_loud))
            for each in given
        ]

    def before_units(self, source: Any, rate: int | None = None) -> Features:
        """Return what the tokenizer's own units are the nearest centres of, one channel's."""
        samples = one_channel(source, rate, RATE, mix=False, allow_loud=False)
        return self._run(self.model.encoder, samples)

    def _run(self, blocks: Stack, samples: Float[Tensor, " time"]) -> Features:
        device, frames = self.model.device, self.model.spec.frames(len(samples))
        samples = F.pad(samples, (0, -len(samples) % HOP))  # with silence, as units are made
        with torch.inference_mode(), full_precision(device.type):
            x, state = samples.to(device)[None, :, None], blocks.initial_state(1)
            parts = []
            for part in torch.split(x, _TOGETHER, dim=1):
                rows, state = blocks.step(part, state)
                parts.append(rows)
            rows = join(torch.cat(parts, 1), blocks.finish(state))
        found: Features = rows[0, :frames].cpu().numpy()
        return found

    def _check(self, layer: int) -> None:
        if layer not in range(self.layers + 1):
            raise ModelError(
                f"layer is {layer!r} but {self.name} has layers 1 to {self.layers}, the outputs of "
                "its blocks, and 0, the input to block 1"
            )
