"""Define the network behind a codec: a tokenizer's model that also decodes, and trains.

class Speech(CodecModel):
    def __init__(self, config: SpeechConfig) -> None:
        super().__init__(config, TokenSpec(untrained("speech"), rate=16_000, frame=640, ...))
        self.encoder, self.quantizer, self.decoder = ...
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.codes import (
    Codes,
    CodesLike,
    as_codes,
    cut_codes,
    fill_step,
    frames_in,
    prolong,
    split_segments,
)
from vocable.codecs.model import Sides, TokenizerModel
from vocable.codecs.segments import Overlap
from vocable.codecs.state import Decoding
from vocable.errors import ModelError, TokenError
from vocable.nn.block import Block
from vocable.quantize.base import Quantized


@dataclass(frozen=True)
class CodecOutput:
    """What a training step gets back: losses unweighted, health one entry per level.

    quantized: what the quantizer gave, latents included. sides: those of each item, with gradient.
    """

    audio: Float[Tensor, "batch channels time"]
    codes: Codes
    losses: dict[str, Tensor]
    health: Any
    quantized: Quantized | None = None
    sides: Sides = field(default_factory=dict)


class CodecModel(TokenizerModel):
    """Turn audio into codes and codes into audio. Beside a tokenizer's parts a subclass sets:

    decoder   Block `[B, F, D'] -> [B, T, channels]`, T = F · frame (at `spec.writes` Hz)

    Decoding follows the autocast around it, encoding does not. A model whose sides change the sound
    defines `condition` (what the decoder gets) or `restore_output` (what it gave), each for rows of
    any number, so that both hold in steps.
    """

    decoder: Block

    @property
    def frame_written(self) -> int:
        """Samples that a frame becomes, at the rate that the codec writes."""
        return self.spec.frame * self.spec.writes // self.spec.rate

    @property
    def decodes_in_steps(self) -> bool:
        """Whether codes may come block by block."""
        return self.decoder.lookahead is not None or self.spec.segment is not None

    @property
    def frames_decoded_together(self) -> int:
        """Frames that the decoder sees together: a step of all levels, or its own, if longer.

        A decoder that takes the end as it is gets it so.
        """
        return math.lcm(self.spec.step, 1 if self.decoder.ragged else self.decoder.stride_in)

    @property
    def frames_decoded_a_step(self) -> int:
        """Frames that a stream hands the decoder at once: a step of all levels, if not more."""
        return math.lcm(self.spec.step, self.decoder.step_in)

    def condition(self, z: Float[Tensor, "batch frames dim"], sides: Sides) -> Tensor:
        """Return what the decoder gets, row by row."""
        return z

    def restore_output(
        self, y: Float[Tensor, "batch channels time"], sides: Sides
    ) -> Float[Tensor, "batch channels time"]:
        """Return the sound of what the decoder gave, say multiplied by the scale of its segment."""
        return y

    def forward(self, x: Float[Tensor, "batch channels time"]) -> CodecOutput:
        """Encode and decode for training: gradients pass the quantizer by its estimator.

        A model with segments sees each item as one segment.
        """
        z, sides = self.latents_and_sides(x)
        found = self.quantizer(z)
        y = self.decoder(self.condition(found.z, sides)).transpose(1, 2)
        length = x.shape[-1] * self.spec.writes // self.spec.rate
        audio = self.restore_output(y, sides)[..., :length]
        return CodecOutput(audio, as_codes(found.codes), found.losses, found.health, found, sides)

    def calibrate(self, audio: Iterable[Float[Tensor, "batch channels time"]]) -> None:
        """Adjust the decoder by held-out audio, after the last step of training."""

    # ---- whole ----------------------------------------------------------------------------------

    def from_codes(self, codes: CodesLike) -> Float[Tensor, "batch channels time"]:
        """Decode whole codes of any prefix of the levels to frames × frame samples.

        Codes that end inside a step of all levels are filled up by repeating the last token of each
        level. Codes of a model with segments are cut where `Codes.segments` says, else as if all
        but the last were whole.
        """
        found = self._on_device(codes)
        self._check_sides(found.sides, {side.name for side in self.spec.sides})
        if not frames_in(self.spec, found):
            return self._zeros(found.batch, self.spec.channels, 0)
        if self.spec.segment is None:
            return self._decode_piece(found)
        return self._all_segments(found)

    def _decode_piece(self, codes: Codes) -> Tensor:
        frames = frames_in(self.spec, codes)
        z = self._latents(fill_step(self.spec, codes, frames, self.frames_decoded_together))
        y = self.decoder(self.condition(z, codes.sides)).float().transpose(1, 2)
        return self.restore_output(y, codes.sides)[..., : frames * self.frame_written]

    def _all_segments(self, codes: Codes) -> Tensor:
        state, parts = self.start_decoding(codes.batch), []
        for piece in split_segments(self.spec, codes):
            y, state = self.decode_step(piece, state)
            parts.append(y)
        return torch.cat([*parts, self.finish_decoding(state)], 2)

    # ---- in steps -------------------------------------------------------------------------------

    def start_decoding(self, batch: int = 1, sides: Sides | None = None) -> Decoding:
        """Return the state before the first frame of `batch` streams.

        sides: those of whole items, `[batch, *shape]` each, for a model that has some.
        """
        if not self.decodes_in_steps:
            raise ModelError(
                f"{self.name} decodes whole recordings: its decoder looks over all of one; "
                "use decode"
            )
        given = dict(sides or {})
        self._check_sides(given, {side.name for side in self.spec.item_sides})
        if self.spec.segment is None:
            return Decoding(self.decoder.initial_state(batch), batch, sides=given)
        silence = self._zeros(batch, self.spec.channels, 0)
        return Decoding((), batch, overlap=Overlap(silence, silence.new_zeros(0)))

    def decode_step(
        self, codes: CodesLike, state: Decoding
    ) -> tuple[Float[Tensor, "batch channels time"], Decoding]:
        """Decode the next frames: all samples that they settle, perhaps none.

        Codes of a model with segments come in segments, and only the last ones are short.
        """
        found = self._on_device(codes)
        if self.spec.segment is not None:
            return self._decode_segments(found, state)
        if self.frames_decoded_together > 1:
            found, state = self._whole_steps(found, state)
        if not found[0].shape[1]:
            return self._no_samples(state), state
        y, decoder = self.decoder.step(
            self.condition(self._latents(found), state.sides), state.decoder
        )
        return self._sound(y, state), replace(state, decoder=decoder)

    def finish_decoding(self, state: Decoding) -> Float[Tensor, "batch channels time"]:
        """Return the samples that the decoder still withheld."""
        if state.overlap is not None:
            return state.overlap.take(state.overlap.total.shape[2])[0]
        begun = self._no_samples(state)
        waiting = frames_in(self.spec, state.codes) if state.codes else 0
        missing = -(state.frames + waiting) % self.frames_decoded_together
        if waiting or missing:
            filled = prolong(self.spec, state.codes, state.codes or state.last, waiting + missing)
            begun, state = self.decode_step(filled, replace(state, codes=Codes(())))
        y = self.decoder.finish(state.decoder)
        rest = self._sound(y.reshape(state.batch, -1, self.spec.channels), state)
        found = torch.cat((begun, rest), 2)
        return found[..., : found.shape[2] - missing * self.frame_written]

    def _decode_segments(self, codes: Codes, state: Decoding) -> tuple[Tensor, Decoding]:
        segment, overlap = self.spec.segment, state.overlap
        assert segment is not None and overlap is not None
        self._check_sides(codes.sides, {side.name for side in self.spec.segment_sides})
        length, hop = (
            n * self.spec.writes // self.spec.rate for n in (segment.length, segment.hop)
        )
        parts = [self._no_samples(state)]
        for piece in split_segments(self.spec, codes):
            sides = {name: side[:, 0] for name, side in piece.sides.items()}
            y = self._decode_piece(Codes(piece, sides))
            ready, overlap = overlap.add(y[..., :length]).take(hop)
            parts.append(ready)
        return torch.cat(parts, 2), replace(state, overlap=overlap)

    def _whole_steps(self, codes: Codes, state: Decoding) -> tuple[Codes, Decoding]:
        """Return the codes that fill steps of the decoder; the others wait in the state."""
        if state.codes:
            if len(state.codes) != len(codes):
                raise TokenError(
                    f"codes have {len(codes)} levels but those that wait have {len(state.codes)}; "
                    "a stream keeps its levels"
                )
            pairs = zip(state.codes, codes, strict=True)
            codes = Codes(torch.cat(pair, 1) for pair in pairs)
        strides = [level.stride for level in self.spec.levels]
        counts = [x.shape[1] * stride for x, stride in zip(codes, strides, strict=False)]
        ready = min(counts) // self.frames_decoded_a_step * self.frames_decoded_a_step
        rest = Codes(x[:, ready // s :].clone() for x, s in zip(codes, strides, strict=False))
        if not any(x.shape[1] for x in rest):
            rest = Codes(())  # as at the start: streams at this point stack
        taken = cut_codes(self.spec, codes, 0, ready)
        frames = (state.frames + ready) % self.frames_decoded_together
        last = Codes(x[:, -1:].clone() for x in taken) if ready else state.last
        last = last if frames else Codes(())
        return taken, replace(state, codes=rest, frames=frames, last=last)

    def _latents(self, codes: Codes) -> Tensor:
        uniform = self.spec.step == 1
        return self.quantizer.decode(codes.stacked() if uniform else tuple(codes))

    def _sound(self, y: Tensor, state: Decoding) -> Tensor:
        return self.restore_output(y.float().transpose(1, 2), state.sides)

    def _no_samples(self, state: Decoding) -> Tensor:
        return self._zeros(state.batch, self.spec.channels, 0)

    def _on_device(self, codes: CodesLike) -> Codes:
        """Return codes of any integer type as int64, where the weights are, with their sides."""
        found = as_codes(codes)
        if self.spec.latent is not None:
            return self._latents_on_device(found)
        self._check_form(found)
        device = self.device
        if {level.dtype for level in found} != {torch.int64}:
            for level in found:
                if level.is_floating_point() or level.is_complex() or level.dtype == torch.bool:
                    raise TokenError(
                        f"codes are {level.dtype}; give integers, as encode_step returns them"
                    )
        elif {level.device for level in found} == {device} and not found.sides:
            return found  # as in a stream: converting what needs none takes its time too
        sides = {name: side.to(device) for name, side in found.sides.items()}
        levels = (level.to(device, torch.int64) for level in found)
        return Codes(levels, sides, found.segments)

    def _latents_on_device(self, codes: Codes) -> Codes:
        """Return floats of any type as fp32, where the weights are."""
        assert self.spec.latent is not None
        dim = self.spec.latent.dim
        if len(codes) != 1 or codes[0].dim() != 3 or codes[0].shape[2] != dim:
            given = [list(rows.shape) for rows in codes]
            raise TokenError(
                f"{self.name} decodes one tensor [batch, frames, {dim}], in a tuple, got {given}"
            )
        rows = codes[0]
        if not rows.is_floating_point():
            raise TokenError(
                f"{self.name} decodes floats, got {rows.dtype}; give latents, as encode_step "
                "returns them"
            )
        if not rows.isfinite().all():
            raise TokenError("latents are not finite everywhere; encode the recording again")
        sides = {name: side.to(self.device) for name, side in codes.sides.items()}
        return Codes((rows.to(self.device, torch.float32),), sides, codes.segments)

    def _check_form(self, codes: Codes) -> None:
        """Refuse what is not one `[batch, tokens]` a level, of a prefix of the levels."""
        if len(codes) not in self.spec.prefixes:
            allowed = ", ".join(map(str, self.spec.prefixes))
            raise TokenError(f"codes have {len(codes)} levels but {self.name} decodes {allowed}")
        shapes = [level.shape for level in codes]
        if any(len(shape) != 2 or shape[0] != shapes[0][0] for shape in set(shapes)):
            given = [list(shape) for shape in shapes]
            raise TokenError(f"levels are {given}; wanted one [batch, tokens] each, of one batch")
        for name, side in codes.sides.items():
            if len(side) != codes.batch:
                raise TokenError(
                    f"side {name} is of {len(side)} items but the codes of {codes.batch}"
                )

    def _check_sides(self, given: Sides, needed: set[str]) -> None:
        if set(given) != needed:
            wanted, got = (", ".join(sorted(names)) or "none" for names in (needed, given))
            raise TokenError(f"{self.name} decodes with the sides {wanted}, got {got}")
        for name, side in given.items():
            if not side.isfinite().all():
                raise TokenError(
                    f"side {name} is not finite everywhere; encode the recording again"
                )
