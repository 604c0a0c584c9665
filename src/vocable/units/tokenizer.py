"""Turn recordings into units: the features of a layer, and the nearest of the centres of each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from vocable.audio import Audio
from vocable.codecs.convert import read_source
from vocable.errors import ModelError
from vocable.tokens import AudioTokens, Source, TokenSpec
from vocable.units.centres import Centres, Origin, centres_of
from vocable.units.kmeans_files import read_kmeans


@runtime_checkable
class Encodes(Protocol):
    """What gives features: a `FeatureEncoder`, a `SignalEncoder`, or anything alike."""

    @property
    def space(self) -> str:
        """Identity of what it computes, `name@version:digest`."""
        ...

    @property
    def rate(self) -> int:
        """Hz that it reads."""
        ...

    @property
    def frame(self) -> int:
        """Samples from one frame to the next."""
        ...

    @property
    def window(self) -> int:
        """Samples that a frame is made of."""
        ...

    def channels(self, layer: int) -> int:
        """Return the channels of a layer's frames; ModelError for a layer that it has not."""
        ...

    def features(
        self, sources: Any, rate: int | None = None, *, layer: int, mix: bool = False
    ) -> list[Any]:
        """Return `[frames, channels]` of each recording."""
        ...


def origin_of(encoder: Encodes, layer: int) -> Origin:
    """Return what centres of an encoder's layer say of themselves."""
    normalize = bool(getattr(getattr(encoder, "model", encoder), "normalize", False))
    facts = encoder.space, layer, normalize, encoder.rate, encoder.frame, encoder.window
    return Origin(*facts)


def convert_kmeans(path: str | os.PathLike[str], encoder: Encodes, layer: int) -> Centres:
    """Return the centres in a file of scikit-learn's k-means, as those of a layer of an encoder.

    Nothing in the file is run. ModelError for another file, a layer that the encoder has not, and
    centres that are not of that layer's channels.
    """
    array = read_kmeans(path)
    channels = encoder.channels(layer)
    if array.shape[1] != channels:
        name = encoder.space.partition("@")[0]
        raise ModelError(
            f"{path} has centres of {array.shape[1]} channels but layer {layer} of {name} has "
            f"{channels}; name the encoder and layer that it was published for"
        )
    return centres_of(origin_of(encoder, layer), [array])


class UnitTokenizer:
    """Encode recordings as units. There is no way back: units have no decoder of their own.

    Raises ModelError for centres of another encoder or layer, or of another number of channels.
    """

    def __init__(self, encoder: Encodes, centres: Centres, layer: int | None = None) -> None:
        asked = centres.origin.layer if layer is None else layer
        centres.check_origin(encoder.space, asked)
        channels = encoder.channels(asked)
        if centres.channels != channels:
            raise ModelError(
                f"centres are of {centres.channels} channels but layer {asked} of {encoder.space} "
                f"has {channels}; fetch them again, or fit centres to these features"
            )
        self.encoder, self.centres = encoder, centres

    @property
    def spec(self) -> TokenSpec:
        """What the units are; their space names encoder, layer and centres."""
        return self.centres.spec

    @property
    def name(self) -> str:
        """The encoder's name."""
        return self.spec.name

    def features(self, source: Any, rate: int | None = None) -> Tensor:
        """Return what the units of a recording are made of, `[frames, channels]`.

        The frames of the layer, standardised where the centres were fitted to such.
        """
        (rows,) = self.encoder.features([source], rate, layer=self.centres.origin.layer)
        return self.centres.standardised(torch.as_tensor(rows, dtype=torch.float32))

    def __repr__(self) -> str:
        return f"<UnitTokenizer {self.centres.space}>"

    def encode(
        self, source: Any, *, rate: int | None = None, mix: bool = False, allow_loud: bool = False
    ) -> AudioTokens:
        """Encode a recording, each channel as a stream; see `Tokenizer.encode`.

        A recording too short for a frame has no units.
        """
        return self.encode_batch([source], rate=rate, mix=mix, allow_loud=allow_loud)[0]

    def encode_batch(
        self,
        sources: Sequence[Any],
        *,
        rate: int | None = None,
        mix: bool = False,
        allow_loud: bool = False,
    ) -> list[AudioTokens]:
        """Encode several recordings; the same units as one by one."""
        items = [read_source(source, rate, allow_loud=allow_loud) for source in sources]
        items = [audio.mono() for audio in items] if mix else items
        channels = [Audio(row[None], audio.rate) for audio in items for row in audio.samples]
        layer = self.centres.origin.layer
        frames = iter(self.encoder.features(channels, layer=layer))
        spec = self.spec
        return [self._tokens(spec, audio, [next(frames) for _ in audio.samples]) for audio in items]

    def _tokens(self, spec: TokenSpec, audio: Audio, features: Sequence[Any]) -> AudioTokens:
        streams = [self.centres.units(rows) for rows in features]
        stacks = [np.stack(level) for level in zip(*streams, strict=True)]
        source = Source(audio.samples.shape[1], audio.rate, audio.channels)
        return AudioTokens(spec, stacks, source=source)
