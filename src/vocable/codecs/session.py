"""Run a model for use: in evaluation, without gradients, in one precision, on checked input.

A block of a stream has any number of samples or frames; what does not fill a frame waits in the
state. State is a value: one may be used again, kept, stacked with others and selected from.
"""

from __future__ import annotations

import copy
import math
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from numbers import Integral
from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.codes import Codes, CodesLike, as_codes
from vocable.codecs.model import Sides, TokenizerModel
from vocable.codecs.ordinary import (
    ordinary,
    ordinary_codes,
    ordinary_decoding,
    ordinary_encoding,
)
from vocable.codecs.state import Decoding, Encoding
from vocable.errors import AudioError, ModelError, TokenError
from vocable.nn.packed import PackedWeight
from vocable.nn.walk import every_module
from vocable.quantize.codebook import Codebook
from vocable.quantize.precision import NOTHING, full_precision
from vocable.tokens import TokenSpec

Module = TypeVar("Module", bound=nn.Module)


class Session:
    """A model as it is used, by any number of streams and threads at once.

    precision: what the decoder computes in where that is not fp32. Whatever autocast the caller
    has, the decoder runs in this, and encoder and search in fp32. What runs is a twin of the model
    in evaluation mode that shares its weights, so that training the model does not reach in; a
    module that is put in the place of another takes part from the next recording on.
    """

    def __init__(self, model: TokenizerModel, precision: torch.dtype | None = None) -> None:
        self.precision, self._given = precision, model
        self._modules: list[nn.Module] = []
        self._kept: list[Any] = []
        self._renew()

    def _renew(self) -> None:
        """Make the twin anew if the model is of other modules than before."""
        modules = every_module(self._given)
        if modules == self._modules:
            for kept in self._kept:
                kept.look_again()
            return
        check_precision(self._given)
        check_parts(self._given)
        self.model, self._modules = evaluation_twin(self._given), modules
        self._kept = _what_is_kept(self.model)
        self._weights = [w for part in self._given.children() for w in list(part.parameters())[:1]]

    def to_codes(self, x: Float[Tensor, "batch channels time"], levels: int | None) -> Codes:
        """Encode whole audio at the model's rate."""
        self._renew()
        check_levels(self.model.spec, levels)
        with self._use():
            _check_samples(x, self.model.spec.channels)
            codes = self.model.to_codes(x.to(self.model.device, torch.float32), levels)
        return ordinary_codes(codes)

    def start_encoding(self, batch: int, levels: int | None) -> Encoding:
        """Return the state before the first sample of `batch` streams."""
        self._renew()
        check_levels(self.model.spec, levels)
        with self._use():
            state = self.model.start_encoding(batch, levels)
        return ordinary_encoding(state)

    def encode_step(
        self, block: Float[Tensor, "batch channels time"], state: Encoding
    ) -> tuple[Codes, Encoding]:
        """Encode the next samples: all codes that they settle, perhaps none."""
        with self._use():
            _check_like(block, state.samples)
            _check_samples(block, self.model.spec.channels)
            codes, state = self.model.encode_step(block, state)
        return ordinary_codes(codes), ordinary_encoding(state)

    def finish_encoding(
        self, state: Encoding, block: Float[Tensor, "batch channels time"] | None = None
    ) -> Codes:
        """Return the last codes, after those of a last `block` where one is given."""
        with self._use():
            if block is not None:
                _check_like(block, state.samples)
                _check_samples(block, self.model.spec.channels)
                samples = torch.cat((state.samples, block.to(state.samples)), 2)
                state = replace(state, samples=samples)
            codes = self.model.finish_encoding(state)
        return ordinary_codes(codes)

    def latent_step(
        self, block: Float[Tensor, "batch channels time"], state: Encoding
    ) -> tuple[Float[Tensor, "batch frames dim"], Encoding]:
        """Return the latents of the next samples, one a frame, where all levels have one rate."""
        with self._use():
            _check_like(block, state.samples)
            _check_samples(block, self.model.spec.channels)
            return self.model.latent_step(block, state)

    def finish_latents(self, state: Encoding) -> Float[Tensor, "batch frames dim"]:
        """Return the last latents."""
        with self._use():
            return self.model.finish_latents(state)

    def from_codes(self, codes: CodesLike) -> Float[Tensor, "batch channels time"]:
        """Decode whole codes."""
        self._renew()
        with self._use(decoding=True):
            samples = self.codec.from_codes(codes)
        return ordinary(samples)

    def start_decoding(self, batch: int, sides: Sides | None = None) -> Decoding:
        """Return the state before the first frame of `batch` streams."""
        self._renew()
        with self._use():
            state = self.codec.start_decoding(batch, sides)
        return ordinary_decoding(state)

    def decode_step(
        self, codes: CodesLike, state: Decoding
    ) -> tuple[Float[Tensor, "batch channels time"], Decoding]:
        """Decode the next frames: all samples that they settle, perhaps none."""
        found = as_codes(codes)
        if found.batch != state.batch:
            raise ModelError(
                f"codes are of {found.batch} streams but the state is of {state.batch}"
            )
        with self._use(decoding=True):
            samples, state = self.codec.decode_step(found, state)
        return ordinary(samples), ordinary_decoding(state)

    def finish_decoding(self, state: Decoding) -> Float[Tensor, "batch channels time"]:
        """Return the samples that the decoder still withheld."""
        with self._use(decoding=True):
            samples = self.codec.finish_decoding(state)
        return ordinary(samples)

    @property
    def codec(self) -> CodecModel:
        """The model, if it decodes."""
        assert isinstance(self.model, CodecModel), "only a Codec asks for it"
        return self.model

    def _use(self, decoding: bool = False) -> Any:
        """Return the context of a computation: no gradients, the decoder's precision."""
        if any(weight.dtype != torch.float32 for weight in self._weights):
            check_precision(self.model)  # somebody has cast the model since
        inference = torch.inference_mode()  # a tenth faster than no_grad for a block of a stream
        if not decoding:
            return inference  # the model sees to the precision of what makes codes
        kind = (self._weights[0] if self._weights else self.model).device.type
        if self.precision is not None:
            return _Both(inference, torch.autocast(kind, self.precision))
        precision = full_precision(kind)
        return inference if precision is NOTHING else _Both(inference, precision)


class _Both:
    """Two contexts as one."""

    def __init__(self, *contexts: Any) -> None:
        self._stack, self._contexts = ExitStack(), contexts

    def __enter__(self) -> None:
        for context in self._contexts:
            self._stack.enter_context(context)

    def __exit__(self, *error: Any) -> None:
        self._stack.close()


def evaluation_twin(module: Module) -> Module:
    """Return a copy of a module tree in evaluation mode that shares all weights with it."""
    twin = copy.copy(module)
    twin._modules = {
        name: None if child is None else evaluation_twin(child)
        for name, child in module._modules.items()
    }
    twin.__dict__.update(twin._modules)  # found at once: nn.Module's way takes 20 times as long
    twin.training = False
    return twin


def _what_is_kept(model: nn.Module) -> list[Any]:
    """Let the modules of a twin keep what they make of their weights; return all that do."""
    kept: list[Any] = []
    for module in model.modules():
        if isinstance(module, Codebook):
            kept.append(module)
        elif hasattr(module, "packed"):
            own = PackedWeight()
            module.__dict__["packed"] = own  # nn.Module's own way is for tensors and modules
            kept.append(own)
    return kept


def check_parts(model: TokenizerModel) -> None:
    """Refuse a model whose parts do not make the tokens that its spec describes."""
    spec, quantizer = model.spec, model.quantizer
    strides = quantizer.strides or (1,) * len(spec.levels)
    latent = spec.latent
    sizes = tuple(level.size for level in spec.levels) if latent is None else ()
    pairs: list[tuple[str, object, object]] = [
        ("level sizes", sizes, tuple(quantizer.levels)),
        ("floats a frame", latent and latent.dim, latent and quantizer.dim),
        ("strides", tuple(level.stride for level in spec.levels), tuple(strides)),
        ("prefixes", spec.prefixes, tuple(quantizer.prefixes)),
        ("rows of the encoder per sample", Fraction(1, spec.frame), model.encoder.ratio),
    ]
    if isinstance(model, CodecModel):
        ratio = Fraction(spec.frame * spec.writes, spec.rate)
        pairs.append(("samples of the decoder per row", ratio, model.decoder.ratio))
        pairs.append(("window", spec.window, None))  # such frames do not cover their recording
    for what, wanted, found in pairs:
        if wanted != found:
            kind = type(model).__name__
            raise ModelError(
                f"{kind}: the spec says {what} {wanted}, its parts {found}; make them one"
            )


def check_precision(model: TokenizerModel) -> None:
    """Refuse weights that are not fp32: codes are made in it, and a decoder is lowered by dtype.

    And those that are none: on the meta device.
    """
    for name, tensor in model.state_dict().items():
        if tensor.is_meta:
            raise ModelError(
                f"{name} is on the meta device, so it has no values; load the model (vocable.load "
                "does so under any setting), or give it its weights first"
            )
        if tensor.is_floating_point() and tensor.dtype != torch.float32:
            raise ModelError(
                f"{name} is {tensor.dtype} but a codec keeps its weights in torch.float32; cast "
                "them back by .float(), and give dtype=… to decode in lower precision"
            )


def check_levels(spec: TokenSpec, levels: int | None) -> None:
    """Refuse a number of levels that is not a prefix of the spec's, or not a whole number."""
    if not isinstance(levels, Integral | None):
        raise TokenError(f"levels must be a whole number, got {levels!r}; leave it out for all")
    spec.check_levels(levels)


def _check_like(block: Tensor, waiting: Tensor) -> None:
    if block.shape[:2] != waiting.shape[:2]:
        streams, channels = waiting.shape[:2]
        raise ModelError(
            f"block is {list(block.shape)} but the state is of {streams} streams of {channels} "
            f"channels; give [{streams}, {channels}, samples], or start a state of that many"
        )


def _check_samples(block: Tensor, channels: int) -> None:
    if block.dim() != 3 or block.shape[1] != channels:
        raise ModelError(f"samples are {list(block.shape)}; wanted [batch, {channels}, samples]")
    if not block.is_floating_point():
        raise AudioError(
            f"block is {block.dtype} but a step takes floats within ±1; "
            "divide int16 by 32768, as encode does"
        )
    if math.isfinite(block.sum()):  # costs a tenth of looking at each sample
        return
    for stream, channel, sample in (~block.isfinite()).nonzero()[:1].tolist():
        raise AudioError(
            f"sample {sample} of channel {channel} of stream {stream} of the block is "
            f"{float(block[stream, channel, sample])}, which encode refuses too; make all finite "
            "first, say with torch.nan_to_num"
        )
