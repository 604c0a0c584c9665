"""Turn recordings into tokens: what a user holds, around a model that computes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.binary_streams import BinaryFile
from vocable.codecs import batch, files
from vocable.codecs.codes import Codes
from vocable.codecs.convert import Samples, read_source
from vocable.codecs.identity import Identity
from vocable.codecs.model import TokenizerModel
from vocable.codecs.session import Session, check_levels
from vocable.codecs.state import Encoding
from vocable.errors import ModelError
from vocable.tokens import AudioTokens, TokenSpec


class Tokenizer:
    """Encode recordings with the weights of one space.

    It holds a model and owns how that is used: in evaluation mode, in fp32, on the device of its
    weights, under the name of the weights that it has at that moment. The model stays yours to look
    at (`tokenizer.model`) and to train; weights that change in place change the space.
    """

    _kind: ClassVar[type[TokenizerModel]] = TokenizerModel

    def __init__(self, model: TokenizerModel) -> None:
        if not isinstance(model, self._kind):
            raise ModelError(
                f"{type(self).__name__} holds a {self._kind.__name__}, got {type(model).__name__}"
            )
        self.model = model
        self._session, self._identity = Session(model), Identity(model)

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are, with the space of the weights as they are now."""
        return replace(self.model.spec, space=self._identity.space)

    @property
    def name(self) -> str:
        """The model's name: what stands before the `@` of its space."""
        return self.model.name

    @property
    def rate(self) -> int:
        """Hz that the tokenizer reads."""
        return self.model.spec.rate

    @property
    def frame(self) -> int:
        """Samples per finest frame, at its rate."""
        return self.model.spec.frame

    @property
    def channels(self) -> int:
        """Channels that one stream takes together: 1, or 2 for a stereo codec."""
        return self.model.spec.channels

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.device

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._identity.space} on {self.device}>"

    # ---- recordings -----------------------------------------------------------------------------

    def encode(
        self,
        source: Any,
        *,
        rate: int | None = None,
        levels: int | None = None,
        mix: bool = False,
    ) -> AudioTokens:
        """Encode a recording; the tokens remember its samples, rate and channels.

        source: a path, an open binary file, an `Audio`, or samples `[samples]` or `[channels,
        samples]` (array, list or tensor) with their `rate` in Hz; int16 is scaled, `[samples, few]`
        refused. levels: one of `spec.prefixes`; default all. mix: average the channels into one
        first. A mono codec codes each channel as a stream. Raises AudioError for a recording that
        cannot be used, TokenError for a number of levels that the codec does not offer.
        """
        return self.encode_batch([source], rate=rate, levels=levels, mix=mix)[0]

    def encode_batch(
        self,
        sources: Sequence[Any],
        *,
        rate: int | None = None,
        levels: int | None = None,
        mix: bool = False,
    ) -> list[AudioTokens]:
        """Encode several recordings, equal lengths together; the same codes as one by one."""
        spec = self.spec
        check_levels(spec, levels)
        items = [read_source(source, rate) for source in sources]
        items = [audio.mono() for audio in items] if mix else items
        return batch.encode_all(self._session, spec, items, levels)

    def encode_to(
        self,
        source: str | os.PathLike[str] | BinaryFile,
        target: str | os.PathLike[str],
        *,
        levels: int | None = None,
        mix: bool = False,
        overwrite: bool = False,
        progress: Callable[[float], None] | None = None,
        listen: Callable[[Samples], None] | None = None,
    ) -> None:
        """Encode a file of any length to a `.vcb` file in bounded memory; see `files.encode_file`.

        A model that needs a whole recording at once (`model.encodes_in_steps`) holds all of it.
        progress: is given the share that is done, 0 to 1. listen: is given each block before it is
        encoded, `[streams, channels, samples]` at the codec's rate.
        """
        files.encode_file(
            self._session, self.spec, source, target, levels=levels, mix=mix, overwrite=overwrite,
            progress=progress, listen=listen,
        )  # fmt: skip

    # ---- tensors at the tokenizer's rate --------------------------------------------------------

    def to_codes(self, x: Float[Tensor, "batch channels time"], levels: int | None = None) -> Codes:
        """Encode whole audio: one `[batch, tokens]` a level."""
        return self._session.to_codes(x, levels)

    def start_encoding(self, batch: int = 1, *, levels: int | None = None) -> Encoding:
        """Start `batch` streams; blocks of any number of samples follow."""
        return self._session.start_encoding(batch, levels)

    def encode_step(
        self, block: Float[Tensor, "batch channels time"], state: Encoding
    ) -> tuple[Codes, Encoding]:
        """Encode the next samples: all codes that are certain now, perhaps none."""
        return self._session.encode_step(block, state)

    def finish_encoding(self, state: Encoding) -> Codes:
        """Return the last codes; a frame that has begun is filled up with silence."""
        return self._session.finish_encoding(state)
