"""Give the layers of a tokenizer of units as features, as an encoder gives its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.codecs import Tokenizer
from vocable.codecs.recording import Recording
from vocable.errors import ModelError
from vocable.nn.block import Block, Stack, State, join
from vocable.quantize.precision import full_precision
from vocable.units.inputs import Features, as_list, joined, one_channel
from vocable.units.log_mel_frames import HOP, RATE, WINDOW
from vocable.units.streaming import StreamingUnits, StreamingUnitsConfig


def has_layers(tokenizer: object) -> bool:
    """Return whether `TokenizerLayers` takes it."""
    return isinstance(tokenizer, Tokenizer) and isinstance(tokenizer.model, StreamingUnits)


class TokenizerLayers:
    """Give the frames of a layer of a tokenizer whose units are made while one speaks.

        layers = TokenizerLayers(vocable.load("RUN"))
        (frames,) = layers.features("talk.flac", layer=3)

    Layer L is the output of block L, 1 to `layers`, and 0 the input to block 1, each frame brought
    to mean 0 and variance 1. The tokenizer's own units are of the last, with each channel
    standardised too: `before_units`.
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
        parts = self.feature_parts(sources, rate, layer=layer, mix=mix, allow_loud=allow_loud)
        return joined(parts, len(as_list(sources)))

    def feature_parts(
        self,
        sources: Any,
        rate: int | None = None,
        *,
        layer: int,
        mix: bool = False,
        allow_loud: bool = False,
    ) -> Iterator[tuple[int, Features]]:
        """Yield `(number of the recording, its next frames)`: `features`, as they are computed."""
        self._check(layer)
        encoder = self.model.encoder
        wanted = cast("list[Block]", list(encoder.layers.blocks)[:layer])
        blocks = Stack(encoder.frames, encoder.entry, *wanted, encoder.norm)
        with ExitStack() as cleanup:
            for number, source in enumerate(as_list(sources)):
                one = one_channel(source, cleanup, rate, mix=mix, allow_loud=allow_loud)
                yield from ((number, rows) for rows in self._run(blocks, one))

    def before_units(self, source: Any, rate: int | None = None) -> Features:
        """Return what the tokenizer's own units are the nearest centres of, one channel's."""
        with ExitStack() as cleanup:
            one = one_channel(source, cleanup, rate, mix=False, allow_loud=False)
            (found,) = joined(((0, rows) for rows in self._run(self.model.encoder, one)), 1)
        return found

    def _run(self, blocks: Stack, recording: Recording) -> Iterator[Features]:
        """Yield the frames of a recording, which is filled up with silence as units are made."""
        state, samples, given = blocks.initial_state(1), 0, 0
        for block in recording.at(RATE):
            rows, state = self._step(blocks, block, state)
            samples, given = samples + len(block), given + rows.shape[1]
            yield rows[0].cpu().numpy()
        rows, state = self._step(blocks, torch.zeros(-samples % HOP), state)
        with torch.inference_mode(), full_precision(self.model.device.type):
            rows = join(rows, blocks.finish(state))
        yield rows[0, : max(0, self.model.spec.frames(samples) - given)].cpu().numpy()

    def _step(
        self, blocks: Stack, block: Float[Tensor, " samples"], state: State
    ) -> tuple[Float[Tensor, "1 frames channels"], State]:
        device = self.model.device
        with torch.inference_mode(), full_precision(device.type):
            return blocks.step(block.to(device)[None, :, None], state)

    def _check(self, layer: int) -> None:
        if layer not in range(self.layers + 1):
            raise ModelError(
                f"layer is {layer!r} but {self.name} has layers 1 to {self.layers}, the outputs of "
                "its blocks, and 0, the input to block 1"
            )
