"""Turn recordings into units: the features of a layer, and the nearest of the centres of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from vocable.atomic import check_target
from vocable.codecs.bundle import Bundle
from vocable.codecs.recording import Recording, open_recording
from vocable.errors import ModelError, TokenError
from vocable.tokens import AudioTokens, Source, TokenSpec
from vocable.tokens.array_files import ENDINGS
from vocable.tokens.file.coding_model import CodingModel
from vocable.units.centres import Centres, Origin, centres_of
from vocable.units.kmeans_files import read_kmeans
from vocable.units.resolutions import in_steps, pooled

Units: TypeAlias = tuple[np.ndarray, ...]  # of each block of centres, `[tokens]`


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

    def feature_parts(
        self, sources: Any, rate: int | None = None, *, layer: int, mix: bool = False
    ) -> Iterator[tuple[int, Any]]:
        """Yield the same in order, `(number of the recording, its next frames)`."""
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

    @property
    def vectors(self) -> Tensor:
        """The centres `[size, channels]`; ModelError for units of several blocks."""
        if len(self.centres.blocks) > 1:
            raise ModelError(f"{self.name} has centres in {len(self.centres.blocks)} blocks, not 1")
        return self.centres.blocks[0]

    def features(self, source: Any, rate: int | None = None) -> Tensor:
        """Return what the units of a recording's first level are made of, `[tokens, channels]`.

        The frames of the layer, or the means of so many as the level has strides, standardised
        where the centres were fitted to such.
        """
        (rows,) = self.encoder.features([source], rate, layer=self.centres.origin.layer)
        first = self.spec.levels[0].stride
        return self.centres.standardised(pooled(torch.as_tensor(rows, dtype=torch.float32), first))

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
        with ExitStack() as cleanup:
            given = [
                open_recording(each, cleanup, rate=rate, allow_loud=allow_loud) for each in sources
            ]
            items = [each.mono() if mix else each for each in given]
            streams = [one for each in items for one in each.apart()]
            units: list[list[Units]] = [[] for _ in streams]
            for number, rows in self._features(streams):
                units[number].append(self.centres.units(rows))
        found = iter(units)
        return [self._tokens(each, [next(found) for _ in range(each.channels)]) for each in items]

    def token_parts(self, recording: Recording) -> Iterator[AudioTokens]:
        """Yield the units of a recording of any length as they come, in bounded memory."""
        streams = [self._features([one]) for one in recording.apart()]
        for together in zip(*streams, strict=True):
            yield AudioTokens(
                self.spec, _stacks([self.centres.units(rows) for _, rows in together])
            )

    def encode_to(
        self,
        source: Any,
        target: str | os.PathLike[str],
        *,
        mix: bool = False,
        allow_loud: bool = False,
        overwrite: bool = False,
        progress: Callable[[float], None] | None = None,
        model: CodingModel | None = None,
    ) -> None:
        """Encode a file of any length to a token file in bounded memory; see `Tokenizer.encode_to`.

        progress: is given the share that is done, 0 to 1. model: codes the units, see
        `vocable.load.load_coder`.
        """
        if model is not None and Path(target).suffix.lower() in ENDINGS:
            raise TokenError(f"{target}: arrays are not coded by a model; write a .vcb file")
        if Path(target).suffix.lower() in ENDINGS:
            check_target(target, overwrite=overwrite)
            self.encode(source, mix=mix, allow_loud=allow_loud).save(target, overwrite=overwrite)
            return
        Bundle({"": self}).encode_to(
            source, target, mix=mix, allow_loud=allow_loud, overwrite=overwrite, progress=progress,
            model=model,
        )  # fmt: skip

    def _features(self, streams: list[Recording]) -> Iterator[tuple[int, Tensor]]:
        parts = self.encoder.feature_parts(streams, layer=self.centres.origin.layer)
        return in_steps(parts, self.centres.step)

    def _tokens(self, recording: Recording, parts: Sequence[Sequence[Units]]) -> AudioTokens:
        """Return the units of a recording, whose parts come by stream."""
        streams = [[np.concatenate(level) for level in zip(*each, strict=True)] for each in parts]
        source = Source(recording.samples, recording.rate, recording.channels)
        return AudioTokens(self.spec, _stacks(streams), source=source)


def _stacks(streams: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    """Return the units of all streams, by level."""
    return [np.stack(level) for level in zip(*streams, strict=True)]
