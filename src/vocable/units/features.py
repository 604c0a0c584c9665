"""Turn recordings into feature frames: what a user holds, around an encoder that computes."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from itertools import chain
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vocable.codecs.recording import Recording
from vocable.errors import ModelError
from vocable.notebook import card
from vocable.quantize.precision import full_precision
from vocable.units.encoder import EncoderModel
from vocable.units.inputs import Features, as_list, joined, one_channel
from vocable.units.twin import twin_of
from vocable.units.windows import Window, pieces_together
from vocable.weights import digest

WINDOW = 100.0  # seconds that are seen at once: what fairseq's readers cut recordings into
CONTEXT = 5.0  # seconds on either side of a window whose frames are left to its neighbours
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
        normalisation and norms over time are exact, attention sees the window. Such a file is read
        in blocks, twice where something is normalised over all of it: memory is that of a window
        and of the frames. Raises AudioError for a recording that cannot be used, ModelError for a
        layer that the encoder has not.
        """
        parts = self.feature_parts(
            sources, rate, layer=layer, final_norm=final_norm, mix=mix, allow_loud=allow_loud,
            window=window, context=context,
        )  # fmt: skip
        return joined(parts, len(as_list(sources)))

    def feature_parts(
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
    ) -> Iterator[tuple[int, Features]]:
        """Yield `(number of the recording, its next frames)`: `features`, as they are computed.

        Memory is that of a window, and of the recordings that are shorter.
        """
        self.model.check_layer(layer, final_norm)
        seen = Window.of_seconds(self.rate / self.frame, window, context)
        loud: set[int] = set()
        with ExitStack() as cleanup:
            recordings = [
                one_channel(each, cleanup, rate, mix=mix, allow_loud=allow_loud)
                for each in as_list(sources)
            ]
            items = [self._taken(each, seen) for each in recordings]
            for kept in self._kept:
                kept.look_again()
            for group in self._together(items, seen):
                for i, rows in self._run(group, layer, final_norm, seen):
                    yield i, self._checked(rows, layer, i, loud)

    def _taken(self, recording: Recording, seen: Window) -> Tensor | _Long:
        """Return the samples of a recording of a window or less; of another, what is known."""
        blocks, begun, count = recording.at(self.rate), [], 0
        for block in blocks:
            begun.append(block)
            count += len(block)
            if self.model.frames(count) > seen.frames:
                every = (each.to(self.device) for each in chain(begun, blocks))
                with torch.inference_mode(), full_precision(self.device.type):
                    return _Long(recording, self._twin.look(every))
        return torch.cat(begun)

    def _together(
        self, items: Sequence[Tensor | _Long], seen: Window
    ) -> Iterator[dict[int, Tensor | _Long]]:
        """Yield recordings by their numbers, which together have no more frames than a window."""
        group: dict[int, Tensor | _Long] = {}
        rows = 0
        for i, item in enumerate(items):
            frames = seen.frames if isinstance(item, _Long) else self.model.frames(len(item))
            if group and rows + frames > seen.frames:
                yield group
                group, rows = {}, 0
            group[i] = item
            rows += frames
        if group:
            yield group

    def _run(
        self, group: dict[int, Tensor | _Long], layer: int, norm: bool, seen: Window
    ) -> Iterator[tuple[int, Tensor]]:
        short = {i: item for i, item in group.items() if isinstance(item, Tensor)}
        with torch.inference_mode(), full_precision(self.device.type):
            found = self._twin.each([x.to(self.device) for x in short.values()], layer, norm)
        yield from zip(short, found, strict=True)
        for i, item in group.items():
            if isinstance(item, _Long):
                for rows in self._windows(item, layer, norm, seen):
                    yield i, rows

    def _windows(self, item: _Long, layer: int, norm: bool, seen: Window) -> Iterator[Tensor]:
        anew = self.model.restarts
        cut = pieces_together(anew) if anew else seen.cut(self.frame, self.window)
        for samples, before in cut.parts(item.recording.at(self.rate)):
            first = before // self.frame
            if self.model.frames(len(samples)) > first:
                rows = self._seen(samples, item.whole, layer, norm)
                yield rows[first : first + cut.fresh // self.frame]

    def _seen(self, samples: Tensor, whole: Any, layer: int, norm: bool) -> Tensor:
        """Return the frames of a part of a recording."""
        with torch.inference_mode(), full_precision(self.device.type):
            x = samples.to(self.device)
            if self.model.restarts:
                return self._twin.each([x], layer, norm)[0]
            rows = self._twin.front(x, whole)
            return self._twin.body(rows, [rows.shape[1]], layer, norm)[0]

    def _checked(self, rows: Tensor, layer: int, number: int, loud: set[int]) -> Features:
        """Return rows as an array; say, once a recording, where values are beyond the usual."""
        loudest = float(rows.abs().max()) if rows.numel() else 0.0
        if not math.isfinite(loudest):
            raise ModelError(
                f"features of layer {layer} of {self.name} are not finite; take an earlier layer, "
                "or fetch its weights again"
            )
        if loudest > self.model.loudest and number not in loud:
            loud.add(number)
            _log.warning(
                "features of layer %d of %s reach %.3g; a few channels will decide over units, so "
                "take an earlier layer, or standardise each channel", layer, self.name, loudest,
            )  # fmt: skip
        return rows.cpu().numpy()


class _Long(NamedTuple):
    """A recording that is seen in windows, and what is known of all of it."""

    recording: Recording
    whole: Any
