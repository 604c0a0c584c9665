"""Turn recordings into tokens: what a user holds, around a model that computes."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.audio import Audio
from vocable.codecs import batch, files
from vocable.codecs.beam import beam_model
from vocable.codecs.codes import Codes
from vocable.codecs.convert import Samples, check_block, read_source
from vocable.codecs.identity import Identity
from vocable.codecs.model import TokenizerModel
from vocable.codecs.session import Session, check_levels
from vocable.codecs.state import Encoding
from vocable.errors import AudioError, ModelError
from vocable.notebook import card
from vocable.tokens import AudioTokens, TokenSpec
from vocable.tokens.file.coding_model import CodingModel
from vocable.tokens.spec_rows import all_rows

Own = TypeVar("Own", bound="Tokenizer")


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

    def _repr_html_(self) -> str:
        return card(type(self).__name__, self.name, [*all_rows(self.spec), *self._use()])

    def _use(self) -> list[tuple[str, str]]:
        """Return rows on how it computes, for notebooks."""
        weights = sum(tensor.numel() for tensor in self.model.parameters())
        streams = "in steps" if self.model.encodes_in_steps else "whole recordings only"
        return [
            ("architecture", f"{type(self.model).__name__}, {weights / 1e6:.2f} M parameters"),
            ("encodes", f"{streams}, on {self.device}"),
        ]

    # ---- recordings -----------------------------------------------------------------------------

    def encode(
        self,
        source: Any,
        *,
        rate: int | None = None,
        levels: int | None = None,
        mix: bool = False,
        allow_loud: bool = False,
    ) -> AudioTokens:
        """Encode a recording; the tokens remember its samples, rate and channels.

        source: an `Audio` or what `Audio.read` takes (a path, an open file, the bytes of one, a row
        of a data set, (samples, rate)), or samples `[samples]` or `[channels, samples]` (array,
        list or tensor) with their `rate` in Hz; int16 is scaled, `[samples, few]` refused.
        levels: one of `spec.prefixes`; default all. mix: average the channels into one first. A
        mono codec codes each channel as a stream. allow_loud: take samples far beyond ±1, which
        are refused otherwise. Raises AudioError for a recording that cannot be used, TokenError for
        a number of levels that the codec does not offer.
        """
        batch = self.encode_batch(
            [source], rate=rate, levels=levels, mix=mix, allow_loud=allow_loud
        )
        return batch[0]

    def encode_batch(
        self,
        sources: Sequence[Any],
        *,
        rate: int | None = None,
        levels: int | None = None,
        mix: bool = False,
        allow_loud: bool = False,
    ) -> list[AudioTokens]:
        """Encode several recordings, equal lengths together; the same codes as one by one."""
        spec = self.spec
        check_levels(spec, levels)
        if isinstance(sources, str | bytes | os.PathLike | Mapping | Audio):
            kind = type(sources).__name__
            raise AudioError(f"encode_batch takes a list, got one {kind}; encode takes one")
        items = [read_source(source, rate, allow_loud=allow_loud) for source in sources]
        items = [audio.mono() for audio in items] if mix else items
        return batch.encode_all(self._session, spec, items, levels)

    def encode_to(
        self,
        source: Any,
        target: str | os.PathLike[str],
        *,
        levels: int | None = None,
        mix: bool = False,
        allow_loud: bool = False,
        overwrite: bool = False,
        progress: Callable[[float], None] | None = None,
        listen: Callable[[Samples], None] | None = None,
        model: CodingModel | None = None,
    ) -> None:
        """Encode a file of any length to a `.vcb` file in bounded memory; see `files.encode_file`.

        A model that needs a whole recording at once (`model.encodes_in_steps`) holds all of it.
        progress: is given the share that is done, 0 to 1. listen: is given each block before it is
        encoded, `[streams, channels, samples]` at the codec's rate. model: codes the tokens by its
        probabilities, see `vocable.load.load_coder`.
        """
        files.encode_file(
            self._session, self.spec, source, target, levels=levels, mix=mix,
            allow_loud=allow_loud, overwrite=overwrite, progress=progress, listen=listen,
            model=model,
        )  # fmt: skip

    def with_beam(self: Own, beam: int) -> Own:
        """Return what encodes by the same weights to tokens that lie nearer to the sound's latents.

        The residual levels of a frame are searched together: the `beam` best sums are kept after
        each level, see `ResidualVQ.beam`. Tokens decode as all of this space do. Those of fewer
        levels than were encoded are not the best of so few: ask for `levels` when encoding.
        Raises ModelError for models without residual levels, or with levels of several rates.
        """
        other = copy.copy(self)
        other.model = beam_model(self.model, beam)
        other._session = Session(other.model, self._session.precision)
        other._identity = Identity(other.model)
        return other

    # ---- tensors at the tokenizer's rate --------------------------------------------------------

    def to_codes(
        self,
        x: Float[Tensor, "batch channels time"],
        levels: int | None = None,
        *,
        allow_loud: bool = False,
    ) -> Codes:
        """Encode whole audio: one `[batch, tokens]` a level."""
        check_block(x, allow_loud=allow_loud)
        return self._session.to_codes(x, levels)

    def start_encoding(self, batch: int = 1, *, levels: int | None = None) -> Encoding:
        """Start `batch` streams; blocks of any number of samples follow."""
        return self._session.start_encoding(batch, levels)

    def encode_step(
        self,
        block: Float[Tensor, "batch channels time"],
        state: Encoding,
        *,
        allow_loud: bool = False,
    ) -> tuple[Codes, Encoding]:
        """Encode the next samples: all codes that are certain now, perhaps none."""
        check_block(block, allow_loud=allow_loud)
        return self._session.encode_step(block, state)

    def finish_encoding(self, state: Encoding) -> Codes:
        """Return the last codes; a frame that has begun is filled up with silence."""
        return self._session.finish_encoding(state)
