"""Define the network behind a tokenizer: an encoder, a quantizer, and a spec that names the result.

An architecture's own file makes the parts; encoding, whole and in steps, follows from here. What
also decodes is a `CodecModel` (codec_model.py).

Audio is `[B, C, T]` outside and `[B, T, C]` inside; it is turned once at each end. Codes are a
tuple of one `[B, tokens]` a level (codes.py). Recordings, files and identity are the business of
`Tokenizer` and `Codec`, which hold a model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.codecs.codes import Codes, as_codes, cut_codes, join_codes
from vocable.codecs.segments import last_pieces, whole_pieces
from vocable.codecs.state import Encoding
from vocable.errors import AudioError, ModelError
from vocable.nn.block import Block, join
from vocable.quantize import Quantizer
from vocable.quantize.precision import full_precision
from vocable.tokens import TokenSpec

UNTRAINED = "@0:untrained"
Sides = Mapping[str, Tensor]
Latents = tuple[Tensor, Encoding]  # [batch, frames, dim], and what comes after them


def untrained(name: str) -> str:
    """Name the space of weights that are not trained yet."""
    return name + UNTRAINED


class SideEncoder(nn.Module):
    """Find the sides of tokens in what is heard, `[batch, frames, dim]`: usually the latents."""

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Sides:
        """Return them by name, each `[batch, *shape]`."""
        raise NotImplementedError(f"{type(self).__name__} must define forward(z)")


class TokenizerModel(nn.Module):
    """Turn audio into codes. A subclass sets, in `__init__`, the parts:

    encoder   Block `[B, T, channels] -> [B, F, D]`, F = T / frame
    quantizer Quantizer `[B, F, D] -> codes`

    A tokenizer of floats has a spec with a `Latent` and `Unquantized` for a quantizer: what is said
    of codes here then holds of one level `[B, F, D]` of latents.

    Encoder and quantizer run in fp32 wherever codes are made, whatever autocast allows around them:
    in bf16 one frame in six gets other codes, and a search in bf16 changes most frames.

    A model whose tokens have sides defines `find_sides` and, where they change what is encoded,
    `prepare_input`; or it sets `side_encoder`, which finds them in the latents, or in what else its
    own `latents_and_sides` hands it. Sides per segment are found in each segment, sides per item in
    the whole recording, which then can not be encoded in steps.
    """

    stored_dtype: ClassVar[torch.dtype] = torch.float32  # of the weights in files
    speech_only: ClassVar[bool] = False  # other sounds come out as speech-like ones
    not_exported: ClassVar[str] = ""  # why `vocable export` refuses it, where it does
    # fields of the config that no code depends on, the decoder's and training's: they may differ
    # within one space
    not_in_codes: ClassVar[frozenset[str]] = frozenset()

    encoder: Block
    quantizer: Quantizer

    def __init__(self, config: Any, spec: TokenSpec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        self.side_encoder: SideEncoder | None = None
        # carried from the files that the weights came from, and to those that they are saved in
        self.space, self.licence = spec.space, ""

    @property
    def name(self) -> str:
        """The model's name: what stands before the `@` of its space."""
        return self.space.partition("@")[0]

    @property
    def device(self) -> torch.device:
        """Where the weights are, or what stands in for them."""
        return next(chain(self.parameters(), self.buffers())).device

    @property
    def encodes_in_steps(self) -> bool:
        """Whether recordings may come block by block."""
        bounded = self.encoder.lookahead is not None and not self.spec.item_sides
        return bounded or self.spec.segment is not None

    @property
    def frames_together(self) -> int:
        """Frames that the encoder sees together: a step of all levels, or its own, if longer.

        The end of a recording is filled up to a multiple of them. An encoder that takes the end as
        it is gets it so.
        """
        own = 1 if self.encoder.ragged else -(-self.encoder.stride_in // self.spec.frame)
        return math.lcm(self.spec.step, own)

    @property
    def samples_a_step(self) -> int:
        """Samples that a stream hands the encoder at once: a step of all levels, if not more.

        Parts of a frame, for an encoder that takes them and itself waits for the rest.
        """
        own, frame = self.encoder.step_in, self.spec.frame
        if own < frame and frame % own == 0:
            return own
        return frame * math.lcm(self.spec.step, -(-own // frame))

    def forget_space(self) -> None:
        """Leave the carried space: call it before training changes the encoder or the quantizer."""
        self.space = untrained(self.name)

    def find_sides(self, x: Float[Tensor, "batch channels time"]) -> Sides:
        """Return the sides of a recording or of one segment, each `[batch, *shape]`."""
        return {}

    def prepare_input(
        self, x: Float[Tensor, "batch channels time"], sides: Sides
    ) -> Float[Tensor, "batch channels time"]:
        """Return what the encoder gets of a recording or a segment, say divided by its scale."""
        return x

    def prepare(self, audio: Iterable[Float[Tensor, "batch channels time"]]) -> None:
        """Learn from training audio, before the first step, what no gradient teaches."""

    # ---- whole ----------------------------------------------------------------------------------

    def to_codes(self, x: Float[Tensor, "batch channels time"], levels: int | None = None) -> Codes:
        """Encode whole audio at the model's rate: `ceil(frames / stride)` tokens a level.

        The last frame, and the last token of coarse levels, are filled up with silence.
        """
        if not x.shape[2]:
            return self._codes_of_nothing(x.shape[0], levels)
        if self.spec.segment is None:
            return self._encode_piece(x, levels)
        pieces = last_pieces(x, self.spec.segment)
        return join_codes(self.spec, [self._encode_segment(piece, levels) for piece in pieces])

    def _codes_of_nothing(self, batch: int, levels: int | None) -> Codes:
        if self.spec.item_sides:
            what = self.spec.item_sides[0].name
            raise AudioError(f"audio has 0 samples; {self.name} finds its {what} in 1 or more")
        return self._no_codes(batch, levels)

    def latents_and_sides(
        self, x: Float[Tensor, "batch channels time"]
    ) -> tuple[Float[Tensor, "batch frames dim"], Sides]:
        """Return what is quantized of a recording or of one segment, and its sides."""
        sides = self.find_sides(x)
        z = self.encoder(self._rows(self.prepare_input(x, sides)))
        return z, sides if self.side_encoder is None else self.side_encoder(z)

    def _encode_piece(self, x: Tensor, levels: int | None) -> Codes:
        with full_precision(x.device.type):
            z, sides = self.latents_and_sides(x)
            codes = as_codes(self.quantizer.encode(z, levels))
        samples, cuts = x.shape[2], self.spec.segment is not None
        frames = -(-samples // self.spec.frame) if cuts else self.spec.frames(samples)
        return Codes(cut_codes(self.spec, codes, 0, frames), sides)

    def _encode_segment(self, piece: Tensor, levels: int | None) -> Codes:
        """Encode one segment; its sides get an axis of segments."""
        codes = self._encode_piece(piece, levels)
        sides = {name: side[:, None] for name, side in codes.sides.items()}
        return Codes(codes, sides, (-(-piece.shape[2] // self.spec.frame),))

    def _rows(self, x: Tensor) -> Tensor:
        """Turn `[B, C, T]` to `[B, T', C]`: filled with silence to what the encoder takes.

        An encoder that fills up its own strides gets the recording as it is.
        """
        return F.pad(x, (0, self._fill(x.shape[-1]))).transpose(1, 2).contiguous()

    def _fill(self, samples: int) -> int:
        if self.encoder.ragged and self.spec.step == 1:
            return 0
        return -samples % (self.spec.frame * self.frames_together)

    # ---- in steps -------------------------------------------------------------------------------

    def start_encoding(self, batch: int = 1, levels: int | None = None) -> Encoding:
        """Return the state before the first sample of `batch` streams."""
        self._check_encodes_in_steps()
        samples = self._zeros(batch, self.spec.channels, 0)
        state = () if self.spec.segment else self.encoder.initial_state(batch)
        return Encoding(state, samples, samples.new_zeros(batch, 0, self.quantizer.dim), levels)

    def encode_step(
        self, x: Float[Tensor, "batch channels time"], state: Encoding
    ) -> tuple[Codes, Encoding]:
        """Encode the next samples: all codes that they settle, perhaps none."""
        samples = torch.cat((state.samples, x.to(state.samples)), 2)
        if self.spec.segment is not None:
            return self._encode_segments(samples, state)
        whole = samples.shape[2] - samples.shape[2] % self.samples_a_step
        if not whole:
            return self._no_codes(state.batch, state.levels), replace(state, samples=samples)
        return self._encode_rows(samples, whole, state)

    def finish_encoding(self, state: Encoding) -> Codes:
        """Return the last codes; what has begun is filled up with silence, as in whole mode."""
        if self.spec.segment is not None:
            pieces = last_pieces(state.samples, self.spec.segment)
            found = [self._encode_segment(piece, state.levels) for piece in pieces]
            none = self._no_codes(state.batch, state.levels)
            return join_codes(self.spec, found) if found else none
        begun = self._begun(state)
        last = F.pad(state.samples, (0, self._fill(begun)))
        codes, state = self._encode_rows(last, last.shape[2], state)
        with full_precision(state.samples.device.type):
            rest, _ = self._search(self.encoder.finish(state.encoder), state)
        return self._trimmed(join_codes(self.spec, [codes, rest]), begun)

    def latent_step(self, x: Float[Tensor, "batch channels time"], state: Encoding) -> Latents:
        """Return what `encode_step` would quantize of the next samples, one row a frame."""
        samples = torch.cat((state.samples, x.to(state.samples)), 2)
        whole = samples.shape[2] - samples.shape[2] % self.samples_a_step
        return self._encoder_rows(samples, whole, state)

    def finish_latents(self, state: Encoding) -> Float[Tensor, "batch frames dim"]:
        """Return the last rows, those of frames that `finish_encoding` keeps."""
        begun = self._begun(state)
        last = F.pad(state.samples, (0, self._fill(begun)))
        z, state = self._encoder_rows(last, last.shape[2], state)
        with full_precision(last.device.type):
            z = join(z, self.encoder.finish(state.encoder))
        return z[:, : max(0, z.shape[1] - self._surplus(begun, 1))]

    def _encode_rows(self, samples: Tensor, count: int, state: Encoding) -> tuple[Codes, Encoding]:
        """Encode the first `count` samples; the others wait."""
        if not count:
            return self._no_codes(state.batch, state.levels), state
        z, after = self._encoder_rows(samples, count, state)
        with full_precision(samples.device.type):
            codes, latents = self._search(z, state)
        return codes, after if latents is state.latents else replace(after, latents=latents)

    def _encoder_rows(self, samples: Tensor, count: int, state: Encoding) -> Latents:
        """Return what the encoder makes of the first `count` samples; the others wait."""
        if not count:
            rows = samples.new_zeros(len(samples), 0, self.quantizer.dim)
            return rows, replace(state, samples=samples)
        rows = samples[..., :count].transpose(1, 2).contiguous()
        with full_precision(rows.device.type):
            z, encoder = self.encoder.step(rows, state.encoder)
        begun = (state.begun + count) % (self.spec.frame * self.frames_together)
        rest = samples[..., count:].clone()
        return z, replace(state, encoder=encoder, samples=rest, begun=begun)

    def _begun(self, state: Encoding) -> int:
        """Return the samples in what the encoder sees together, where the end breaks it off."""
        return (state.begun + state.samples.shape[2]) % (self.spec.frame * self.frames_together)

    def _search(self, z: Tensor, state: Encoding) -> tuple[Codes, Tensor]:
        """Quantize the rows that fill tokens of all levels; return the others, to wait."""
        step = self.spec.step
        if step > 1:
            z = join(state.latents, z)
        ready = z.shape[1] - z.shape[1] % step
        if not ready:
            return self._no_codes(state.batch, state.levels), z if step > 1 else state.latents
        codes = as_codes(self.quantizer.encode(z[:, :ready], state.levels))
        return codes, z[:, ready:].clone() if step > 1 else state.latents

    def _encode_segments(self, samples: Tensor, state: Encoding) -> tuple[Codes, Encoding]:
        """Encode the segments that are whole; the rest waits, with the overlap."""
        segment = self.spec.segment
        assert segment is not None
        found = [self._encode_segment(p, state.levels) for p in whole_pieces(samples, segment)]
        rest = samples[..., len(found) * segment.hop :].clone()
        codes = join_codes(self.spec, found) if found else self._no_codes(state.batch, state.levels)
        return codes, replace(state, samples=rest)

    def _trimmed(self, codes: Codes, begun: int) -> Codes:
        """Cut off the tokens that stand for nothing but silence behind the end.

        begun: samples in what the encoder sees together, where the end broke it off; 0 if whole.
        """
        if not begun:
            return codes
        levels = []
        for level, x in zip(self.spec.levels, codes, strict=False):
            levels.append(x[:, : max(0, x.shape[1] - self._surplus(begun, level.stride))])
        return Codes(levels, codes.sides)

    def _surplus(self, begun: int, stride: int) -> int:
        """Return how many tokens of a level that is."""
        frame, window = self.spec.frame, self.spec.window
        if not begun:
            return 0
        frames = -(-begun // frame)  # of the last step
        if window is not None:
            frames = (begun - window) // frame - (-window // frame)
        return self.frames_together // stride + (-frames // stride)

    def _no_codes(self, batch: int, levels: int | None) -> Codes:
        sides = {side.name: self._zeros(batch, 0, *side.shape) for side in self.spec.sides}
        return Codes(self.quantizer.no_codes(batch, levels, self.device), sides)

    def _zeros(self, *shape: int) -> Tensor:
        """Return fp32 zeros where the weights are."""
        return torch.zeros(shape, dtype=torch.float32, device=self.device)

    def _check_encodes_in_steps(self) -> None:
        if not self.encodes_in_steps:
            items = self.spec.item_sides
            why = f"its {items[0].name} is found" if items else "its encoder looks"
            raise ModelError(
                f"{self.name} takes whole recordings: {why} over all of one; use encode"
            )
