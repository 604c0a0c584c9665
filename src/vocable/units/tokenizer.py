"""Turn recordings into units: the features of a layer, and the nearest of the centres of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

from vocable.atomic import check_target
from vocable.codecs.bundle import Bundle
from vocable.codecs.recording import Recording, open_recording
from vocable.tokens import AudioTokens, Source, TokenSpec
from vocable.tokens.array_files import ENDINGS
from vocable.units.centres import Centres, Origin

Units: TypeAlias = tuple[np.ndarray, ...]  # of each block of centres, `[frames]`


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


class UnitTokenizer:
    """Encode recordings as units. There is no way back: units have no decoder of their own.

    Raises ModelError for centres of another encoder or layer.
    """

    def __init__(self, encoder: Encodes, centres: Centres, layer: int | None = None) -> None:
        asked = centres.origin.layer if layer is None else layer
        centres.check_origin(encoder.space, asked)
        self.encoder, self.centres = encoder, centres

    @property
    def spec(self) -> TokenSpec:
        """What the units are; their space names encoder, layer and centres."""
        return self.centres.spec

    @property
    def name(self) -> str:
        """The encoder's name."""
        return self.spec.name

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
    ) -> None:
        """Encode a file of any length to a token file in bounded memory; see `Tokenizer.encode_to`.

        progress: is given the share that is done, 0 to 1.
        """
        if Path(target).suffix.lower() in ENDINGS:
            check_target(target, overwrite=overwrite)
            self.encode(source, mix=mix, allow_loud=allow_loud).save(target, overwrite=overwrite)
            return
        Bundle({"": self}).encode_to(
            source, target, mix=mix, allow_loud=allow_loud, overwrite=overwrite, progress=progress
        )

    def _features(self, streams: list[Recording]) -> Iterator[tuple[int, Any]]:
        return self.encoder.feature_parts(streams, layer=self.centres.origin.layer)

    def _tokens(self, recording: Recording, parts: Sequence[Sequence[Units]]) -> AudioTokens:
        """Return the units of a recording, whose parts come by stream."""
        streams = [[np.concatenate(level) for level in zip(*each, strict=True)] for each in parts]
        source = Source(recording.samples, recording.rate, recording.channels)
        return AudioTokens(self.spec, _stacks(streams), source=source)


def _stacks(streams: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    """Return the units of all streams, by level."""
    return [np.stack(level) for level in zip(*streams, strict=True)]
