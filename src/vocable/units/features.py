"""Turn recordings into feature frames: what a user holds, around an encoder that computes."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from vocable.errors import ModelError
from vocable.notebook import card
from vocable.quantize.precision import full_precision
from vocable.units.encoder import EncoderModel
from vocable.units.reading import is_list, one_channel
from vocable.units.twin import twin_of
from vocable.units.windows import Window, windows
from vocable.weights import digest

WINDOW = 100.0  # seconds that are seen at once: what fairseq's readers cut recordings into
CONTEXT = 5.0  # seconds on either side of a window whose frames are left to its neighbours
Features = Float32[np.ndarray, "_ _"]  # frames, channels
_log = logging.getLogger("vocable")


class FeatureEncoder:
    """Give the frames of a layer of an encoder, of recordings of any length.

    It holds a model and owns how that is used: in evaluation mode, in fp32, on the device of its
    weights. Layer L is the output of block L, 1 to `layers`; 0 is the input to block 1.
    """

    def __init__(self, model: EncoderModel, licence: str = "") -> None:
        if not isinstance(model, EncoderModel):
            raise ModelError(f"FeatureEncoder holds an EncoderModel, got {type(model).__name__}")
        self.model, self.licence = model, licence
        self._twin, self._kept = twin_of(model)
        self._space: tuple[Any, str] = (None, "")

    @property
    def name(self) -> str:
        """The encoder's name, by family and size: what stands before the `@` of its space."""
        return self.model.name

    @property
    def space(self) -> str:
        """`name@1:digest` over weights and config: what features, and units of them, come from."""
        state = [(tensor.data_ptr(), tensor._version) for tensor in self.model.parameters()]
        if self._space[0] != state:
            about = json.dumps(asdict(self.model.config), sort_keys=True)
            found = digest(self.model.state_dict(), about)
            self._space = state, f"{self.name}@1:{found}"
        return self._space[1]

    @property
    def rate(self) -> int:
        """Hz that the encoder reads."""
        return self.model.rate

    @property
    def frame(self) -> int:
        """Samples from one frame to the next, at its rate."""
        return self.model.hop

    @property
    def window(self) -> int:
        """Samples that a frame is made of before frames see one another."""
        return self.model.window

    @property
    def layers(self) -> int:
        """The blocks: layers are 1 to this, and 0."""
        return self.model.layers

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.device

    def channels(self, layer: int) -> int:
        """Return the channels of a layer's frames; ModelError for a layer that it has not."""
        self.model.check_layer(layer)
        return self.model.channels(layer)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.space} on {self.device}>"

    def _repr_html_(self) -> str:
        weights = sum(tensor.numel() for tensor in self.model.parameters())
        rows = [
            ("frames", f"{self.rate / self.frame:g} a second, of {self.window} samples each"),
            ("layers", f"1 to {self.layers}, of {self.channels(self.layers)} channels"),
            ("input", "normalised" if self.model.normalize else "as it is"),
            ("architecture", f"{type(self.model).__name__}, {weights / 1e6:.2f} M parameters"),
        ]
        return card(type(self).__name__, self.name, rows)

    def features(
        self,
        sources: Any,
        rate: int | None = None,
        *,
        layer: int,
        final_norm: bool = False,
        mix: bool = False,
        allow_loud: bool = False,
        window: float = WINDOW,
        context: float = CONTEXT,
    ) -> list[Features]:
        """Return a layer's frames of each recording, `[frames, channels]`.

        sources: a recording or a list of them, as `Tokenizer.encode` takes them. mix: average the
        channels of one that has several, which is refused otherwise. A recording too short for a
        frame gives none. final_norm: apply the norm that a pre-LN model has behind its last block.
        Recordings in a list give what each gives alone.

        window, context: seconds. A longer recording than `window` is seen in overlapping windows,
        of each of which `context` on either side is left to its neighbours: frames, input
        normalisation and norms over time are exact, attention sees the window. Raises AudioError
        for a recording that cannot be used, ModelError for a layer that the encoder has not.
        """
        self.model.check_layer(layer, final_norm)
        cut = Window.of_seconds(self.model, window, context)
        given = sources if is_list(sources) else [sources]
        items = [
            one_channel(source, rate, self.rate, mix=mix, allow_loud=allow_loud) for source in given
        ]
        for kept in self._kept:
            kept.look_again()
        found: list[Features] = [np.zeros((0, 0), np.float32)] * len(items)
        with torch.inference_mode(), full_precision(self.device.type):
            for indices in self._together(items, cut):
                group = [items[i].to(self.device) for i in indices]
                for i, rows in zip(indices, self._run(group, layer, final_norm, cut), strict=True):
                    found[i] = self._checked(rows, layer)
        return found

    def _together(self, items: Sequence[Tensor], cut: Window) -> Iterator[list[int]]:
        """Yield the indices of recordings that together have no more frames than a window."""
        group: list[int] = []
        rows = 0
        for i, item in enumerate(items):
            frames = self.model.frames(len(item))
            if group and rows + frames > cut.frames:
                yield group
                group, rows = [], 0
            group.append(i)
            rows += frames
        if group:
            yield group

    def _run(
        self, group: Sequence[Tensor], layer: int, final_norm: bool, cut: Window
    ) -> list[Tensor]:
        short = len(group) > 1 or self.model.frames(len(group[0])) <= cut.frames
        if short or self.model.restarts:
            return self._twin.each(group, layer, final_norm)
        return [torch.cat(list(windows(self._twin, group[0], layer, final_norm, cut)))]

    def _checked(self, rows: Tensor, layer: int) -> Features:
        """Return rows as an array; say where their values are beyond what encoders give."""
        loudest = float(rows.abs().max()) if rows.numel() else 0.0
        if not math.isfinite(loudest):
            raise ModelError(
                f"features of layer {layer} of {self.name} are not finite; take an earlier layer, "
                "or fetch its weights again"
            )
        if loudest > self.model.loudest:
            _log.warning(
                "features of layer %d of %s reach %.3g; a few channels will decide over units, so "
                "take an earlier layer, or standardise each channel", layer, self.name, loudest,
            )  # fmt: skip
        return rows.cpu().numpy()
