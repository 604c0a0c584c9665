"""A codec with the methods and names of an audio tokenizer of `transformers`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vocable.auto.outputs import Output
from vocable.codecs import Codec
from vocable.errors import AudioError, ModelError, TokenError
from vocable.load import load_codec
from vocable.tokens import AudioTokens, Source


@dataclass(frozen=True)
class AudioTokenizationConfig:
    """What code asks of `model.config`, by the names that one codec or another has there."""

    sampling_rate: int  # Hz
    audio_channels: int
    hop_length: int  # samples a frame
    frame_rate: float  # frames a second
    num_quantizers: int
    codebook_size: int  # of the first level

    @property
    def n_codebooks(self) -> int:
        """The same as `num_quantizers`, as DAC calls it."""
        return self.num_quantizers


class AutoModelForAudioTokenization:
    """A codec in the form of `transformers`; `codec` is what it holds.

    ModelError for codecs whose codes are no `[batch, levels, frames]`: levels of several rates,
    segments, numbers beside the codes.
    """

    main_input_name = "input_values"

    def __init__(self, codec: Codec) -> None:
        spec = codec.spec
        if not spec.uniform or spec.segment is not None or spec.sides:
            what = "levels of several rates" if not spec.uniform else "segments or side numbers"
            raise ModelError(
                f"{spec.name} has {what}, which audio_codes cannot hold; take vocable.load(…) and "
                "its encode and decode"
            )
        self.codec = codec
        self.config = AudioTokenizationConfig(
            spec.rate, spec.channels, spec.frame, float(spec.frame_rate), len(spec.levels),
            spec.levels[0].size,
        )  # fmt: skip

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike[str],
        *,
        device_map: str | torch.device | None = None,
        dtype: torch.dtype | None = None,
    ) -> AutoModelForAudioTokenization:
        """Load a codec by what `vocable.load` takes; dtype is of the decoder alone."""
        return cls(load_codec(name, device_map, dtype))

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.codec.device

    @property
    def dtype(self) -> torch.dtype:
        """What the decoder computes in."""
        return self.codec.dtype

    def eval(self) -> AutoModelForAudioTokenization:
        """Return it as it is: a codec is always in evaluation mode."""
        return self

    def to(self, device: str | torch.device) -> AutoModelForAudioTokenization:
        """Move it to a device."""
        self.codec = Codec(self.codec.model.to(device), dtype=self.codec.dtype)
        return self

    def encode(
        self,
        input_values: Tensor,
        padding_mask: Tensor | None = None,
        n_quantizers: int | None = None,
        *,
        num_quantizers: int | None = None,
        bandwidth: float | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Return `audio_codes` `[batch, levels, frames]` and `audio_codes_mask` `[batch, frames]`.

        input_values: `[batch, channels, samples]`. padding_mask: `[batch, samples]` or
        `[batch, channels, samples]`, 1 where there is sound, then 0; codes behind an item are 0.
        n_quantizers or num_quantizers: levels; or their bandwidth in kbit/s.
        """
        lengths = self._lengths(input_values, padding_mask)
        levels = num_quantizers if n_quantizers is None else n_quantizers
        if bandwidth is not None:
            levels = self.codec.spec.levels_at(bandwidth)
        values = input_values.detach().to("cpu", torch.float32).numpy()
        rate = self.codec.rate
        found = self.codec.encode_batch(
            [item[:, :length] for item, length in zip(values, lengths, strict=True)],
            rate=rate, levels=levels,
        )  # fmt: skip
        frames = [tokens.frames for tokens in found]
        codes = torch.zeros(len(found), found[0].levels, max(frames), dtype=torch.int64)
        for row, tokens in zip(codes, found, strict=True):
            row[:, : tokens.frames] = tokens.to_torch()[0]
        mask = torch.arange(max(frames)) < torch.tensor(frames)[:, None]
        output = Output(audio_codes=codes, audio_codes_mask=mask.long()).to(input_values.device)
        return output if return_dict else output.to_tuple()

    def decode(
        self,
        audio_codes: Tensor,
        padding_mask: Tensor | None = None,
        *,
        input_values: Tensor | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Return `audio_values` `[batch, channels, samples]`.

        padding_mask: that of what was encoded; without it whole frames are decoded. input_values:
        what was encoded, of which only the length is looked at, where there is no mask.
        """
        _check_codes(audio_codes)
        spec, lengths = self.codec.spec, None
        if padding_mask is not None:
            lengths = _sounding(padding_mask)
        elif input_values is not None:
            lengths = [input_values.shape[-1]] * len(audio_codes)
        codes = audio_codes.detach().cpu().numpy()
        if lengths is None:
            tokens = [AudioTokens(spec, list(item[:, None])) for item in codes]
        else:
            tokens = [
                AudioTokens(
                    spec, list(item[:, None, : spec.frames(length)]),
                    source=Source(length, spec.rate, spec.channels),
                )
                for item, length in zip(codes, lengths, strict=True)
            ]  # fmt: skip
        found = self.codec.decode_batch(tokens, rate=spec.writes)
        longest = max(audio.samples.shape[1] for audio in found)
        values = torch.zeros(len(found), spec.channels, longest)
        for row, audio in zip(values, found, strict=True):
            row[:, : audio.samples.shape[1]] = torch.tensor(audio.samples)
        output = Output(audio_values=values).to(audio_codes.device)
        return output if return_dict else output.to_tuple()

    def __call__(
        self,
        input_values: Tensor,
        padding_mask: Tensor | None = None,
        n_quantizers: int | None = None,
        *,
        return_dict: bool = True,
    ) -> Any:
        """Encode and decode; `audio_values` has the samples of `input_values`."""
        encoded = self.encode(input_values, padding_mask, n_quantizers)
        decoded = self.decode(encoded.audio_codes, padding_mask, input_values=input_values)
        output = Output(audio_values=decoded.audio_values, **encoded)
        return output if return_dict else output.to_tuple()

    def _lengths(self, values: Tensor, mask: Tensor | None) -> list[int]:
        """Return the samples of each item that are sound."""
        channels = self.config.audio_channels
        if values.ndim != 3 or values.shape[1] != channels or not values.numel():
            raise AudioError(
                f"input_values has the shape {list(values.shape)}; wanted [batch, {channels}, "
                "samples]"
            )
        if mask is None:
            return [values.shape[2]] * len(values)
        if mask.shape[0] != values.shape[0] or mask.shape[-1] != values.shape[2]:
            raise AudioError(
                f"padding_mask has the shape {list(mask.shape)} and input_values "
                f"{list(values.shape)}; wanted [batch, samples] of the same"
            )
        return _sounding(mask)


def _sounding(mask: Tensor) -> list[int]:
    """Return how many samples of each item are sound, which begins it."""
    wide = mask if mask.ndim == 2 else mask[:, 0]
    kept = wide.bool().cpu()
    lengths = kept.sum(1)
    if not (kept == (torch.arange(kept.shape[1]) < lengths[:, None])).all() or not lengths.all():
        raise AudioError("padding_mask must be 1 from the first sample of each item on, then 0")
    return [int(length) for length in lengths]


def _check_codes(codes: Tensor) -> None:
    if codes.ndim != 3 or codes.is_floating_point() or not codes.numel():
        raise TokenError(
            f"audio_codes is {codes.dtype} of the shape {list(codes.shape)}; wanted integers "
            "[batch, levels, frames]"
        )
