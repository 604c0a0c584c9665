"""Encode and decode streams, block by block.

A block has any number of samples or frames; what does not fill a frame waits in the state. State is
a value: one may be used again, kept, joined with others (`stack`) and picked from (`select`).
"""

from __future__ import annotations

import math
from numbers import Integral

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vocable.codecs.base import Codec
from vocable.codecs.state import Decoding, Encoding
from vocable.errors import AudioError, ModelError, TokenError
from vocable.quantize.precision import full_precision


@torch.inference_mode()
def start_encoding(codec: Codec, batch: int = 1, levels: int | None = None) -> Encoding:
    """Return the state before the first sample of `batch` streams."""
    check_levels(codec, levels)
    rest = torch.zeros(batch, codec.channels, 0, device=codec.device)
    return Encoding(codec.encoder.initial_state(batch), rest, levels)


@torch.inference_mode()
def encode_step(
    codec: Codec, block: Float[Tensor, "batch channels time"], state: Encoding
) -> tuple[Int[Tensor, "batch levels frames"], Encoding]:
    """Encode the next samples, at the codec's rate: all codes that they settle, perhaps none."""
    _check_like(block, state.rest)
    _check_samples(block)
    samples = torch.cat((state.rest, block.to(state.rest)), 2)
    whole = samples.shape[2] - samples.shape[2] % codec.frame
    if not whole:
        return _no_codes(codec, state), Encoding(state.held, samples, state.levels)
    rows = samples[..., :whole].transpose(1, 2).contiguous()
    with full_precision(rows.device.type):
        z, held = codec.encoder.step(rows, state.held)
        codes = codec.quantizer.encode(z, state.levels) if z.shape[1] else _no_codes(codec, state)
    return codes, Encoding(held, samples[..., whole:].clone(), state.levels)


@torch.inference_mode()
def finish_encoding(codec: Codec, state: Encoding) -> Int[Tensor, "batch levels frames"]:
    """Return the last codes; a frame that has begun is filled up with silence, as in whole mode."""
    fill = -state.rest.shape[2] % codec.frame
    codes, state = encode_step(codec, state.rest.new_zeros(*state.rest.shape[:2], fill), state)
    with full_precision(state.rest.device.type):
        z = codec.encoder.finish(state.held)
        rest = codec.quantizer.encode(z, state.levels) if z.shape[1] else _no_codes(codec, state)
    return torch.cat((codes, rest), 2)


@torch.inference_mode()
def start_decoding(codec: Codec, batch: int = 1) -> Decoding:
    """Return the state before the first frame of `batch` streams."""
    return Decoding(codec.decoder.initial_state(batch), batch)


@torch.inference_mode()
def decode_step(
    codec: Codec, codes: Int[Tensor, "batch levels frames"], state: Decoding
) -> tuple[Float[Tensor, "batch channels time"], Decoding]:
    """Decode the next frames: all samples that they settle, perhaps none."""
    if codes.shape[0] != state.batch:
        raise ModelError(f"codes are of {codes.shape[0]} streams but the state is of {state.batch}")
    if not codes.shape[2]:
        return torch.zeros(state.batch, codec.channels, 0, device=codec.device), state
    z = codec.quantizer.decode(codec._codes(codes))
    with codec.lowered():
        y, held = codec.decoder.step(z, state.held)
    return y.float().transpose(1, 2), Decoding(held, state.batch)


@torch.inference_mode()
def finish_decoding(codec: Codec, state: Decoding) -> Float[Tensor, "batch channels time"]:
    """Return the samples that the decoder still withheld."""
    with codec.lowered():
        y = codec.decoder.finish(state.held)
    return y.float().reshape(state.batch, -1, codec.channels).transpose(1, 2)


def check_levels(codec: Codec, levels: int | None) -> None:
    """Refuse a number of levels that is no prefix of the codec's, or no whole number."""
    if not isinstance(levels, Integral | None):
        raise TokenError(f"levels must be a whole number, got {levels!r}; leave it out for all")
    codec.spec.check_levels(levels)


def _no_codes(codec: Codec, state: Encoding) -> Tensor:
    levels = codec.quantizer.wanted_levels(state.levels)
    return torch.zeros(state.rest.shape[0], levels, 0, dtype=torch.int64, device=codec.device)


def _check_like(block: Tensor, rest: Tensor) -> None:
    if block.shape[:2] != rest.shape[:2]:
        streams, channels = rest.shape[:2]
        raise ModelError(
            f"block is {list(block.shape)} but the state is of {streams} streams of {channels} "
            f"channels; give [{streams}, {channels}, samples], or start a state of that many"
        )


def _check_samples(block: Tensor) -> None:
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
