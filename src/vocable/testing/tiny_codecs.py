"""Codecs of a few hundred weights, one of each kind of tokens that a spec can describe.

They are as short as a codec can be, and are registered, so that they save and load: read them as
examples of the contract.

    plain        one rate, no look-ahead
    three-rates  levels with strides 4, 2, 1 (as SNAC)
    segments     stereo, overlapping segments with a scale each (as EnCodec at 48 kHz)
    look-ahead   symmetric convolutions on both sides (as DAC)
    out-rate     a decoder that writes twice the rate that the encoder reads
    item         a value for the whole recording, so not encoded in steps (as FACodec)
    units        no way back; frames cut without padding (as wav2vec 2.0 and k-means)
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vocable import nn
from vocable.codecs import CodecModel, TokenizerModel, register, untrained
from vocable.codecs.model import Sides
from vocable.quantize import VQ, ResidualVQ
from vocable.tokens import Level, Segment, Side, TokenSpec

FRAME = 16  # samples, of all of them
WIDTH = 8  # channels a frame


@dataclass(frozen=True)
class TinyConfig:
    """The size of a tiny codec."""

    width: int = WIDTH


def _encoder(channels: int = 1, *norm: nn.Block) -> nn.Stack:
    return nn.Stack(
        nn.Conv1d(channels, WIDTH, 2 * FRAME, stride=FRAME),
        *norm,
        nn.ELU(),
        nn.Linear(WIDTH, WIDTH),
    )


def _decoder(channels: int = 1, *norm: nn.Block, frame: int = FRAME) -> nn.Stack:
    spread = nn.ConvTranspose1d(WIDTH, channels, 2 * frame, stride=frame)
    return nn.Stack(nn.Conv1d(WIDTH, WIDTH, 3), *norm, nn.ELU(), spread)


def _spec(name: str, strides: tuple[int, ...] = (1, 1, 1), **more: object) -> TokenSpec:
    levels = tuple(Level(16, stride) for stride in strides)
    return TokenSpec(
        untrained(name), rate=8000, frame=FRAME, levels=levels,
        prefixes=tuple(range(1, len(levels) + 1)), **{"channels": 1, **more},  # type: ignore[arg-type]
    )  # fmt: skip


class TinyPlain(CodecModel):
    """One rate, no look-ahead."""

    def __init__(self, config: TinyConfig) -> None:
        super().__init__(config, _spec("plain"))
        self.encoder, self.decoder = _encoder(), _decoder()
        self.quantizer = ResidualVQ(WIDTH, (16,) * 3)


class TinyThreeRates(CodecModel):
    """A token of level 0 lasts four frames, one of level 1 two."""

    def __init__(self, config: TinyConfig) -> None:
        super().__init__(config, _spec("three-rates", (4, 2, 1)))
        self.encoder, self.decoder = _encoder(), _decoder()
        self.quantizer = ResidualVQ(WIDTH, (16,) * 3, strides=(4, 2, 1))


class TinySegments(CodecModel):
    """Stereo in segments of 10 frames, one every 8.5, each with its scale and its statistics."""

    def __init__(self, config: TinyConfig) -> None:
        segment, scale = Segment(10 * FRAME, 8 * FRAME + 8), Side("scale", per="segment")
        super().__init__(config, _spec("segments", channels=2, segment=segment, sides=(scale,)))
        self.encoder = _encoder(2, nn.GroupNorm(1, WIDTH))
        self.decoder = _decoder(2, nn.GroupNorm(1, WIDTH))
        self.quantizer = ResidualVQ(WIDTH, (16,) * 3)

    def find_sides(self, x: Tensor) -> Sides:
        return {"scale": x.mean(1).square().mean(1).sqrt() + 1e-8}

    def prepare_input(self, x: Tensor, sides: Sides) -> Tensor:
        return x / sides["scale"][:, None, None]

    def restore_output(self, y: Tensor, sides: Sides) -> Tensor:
        return y * sides["scale"].reshape(-1, 1, 1)


class TinyLookAhead(CodecModel):
    """Encoder and decoder each wait for what comes."""

    def __init__(self, config: TinyConfig) -> None:
        super().__init__(config, _spec("look-ahead"))
        unit = nn.Residual(nn.Stack(nn.ELU(), nn.Conv1d(WIDTH, WIDTH, 3, pad=(1, 1))))
        down = nn.Conv1d(1, WIDTH, 2 * FRAME, stride=FRAME, pad=(FRAME // 2, FRAME // 2))
        up = nn.ConvTranspose1d(WIDTH, 1, 2 * FRAME, stride=FRAME, trim=(FRAME // 2, FRAME // 2))
        self.encoder = nn.Stack(down, unit, nn.Linear(WIDTH, WIDTH))
        self.decoder = nn.Stack(nn.Conv1d(WIDTH, WIDTH, 5, pad=(2, 2)), nn.ELU(), up)
        self.quantizer = ResidualVQ(WIDTH, (16,) * 3)


class TinyOutRate(CodecModel):
    """Tokens of sound at 8 kHz become sound at 16 kHz."""

    def __init__(self, config: TinyConfig) -> None:
        super().__init__(config, _spec("out-rate", out_rate=16_000))
        self.encoder, self.decoder = _encoder(), _decoder(frame=2 * FRAME)
        self.quantizer = ResidualVQ(WIDTH, (16,) * 3)


class TinyItemSide(CodecModel):
    """The loudest sample of the recording is a side; the decoder hears of it, too."""

    def __init__(self, config: TinyConfig) -> None:
        super().__init__(config, _spec("item", sides=(Side("peak", (1,)),)))
        self.encoder, self.decoder = _encoder(), _decoder()
        self.quantizer = ResidualVQ(WIDTH, (16,) * 3)

    def find_sides(self, x: Tensor) -> Sides:
        return {"peak": x.abs().amax((1, 2))[:, None] + 1e-8}

    def prepare_input(self, x: Tensor, sides: Sides) -> Tensor:
        return x / sides["peak"][:, None]

    def condition(self, z: Tensor, sides: Sides) -> Tensor:
        return z + sides["peak"][:, None]

    def restore_output(self, y: Tensor, sides: Sides) -> Tensor:
        return y * sides["peak"][:, None]


class TinyUnits(TokenizerModel):
    """Semantic units: a frame every 16 samples, of the 40 samples that begin there."""

    def __init__(self, config: TinyConfig) -> None:
        spec = _spec("units", (1,), window=40)
        super().__init__(config, spec)
        self.encoder = nn.Conv1d(1, WIDTH, 40, stride=FRAME, pad=(0, 0))
        self.quantizer = VQ(WIDTH, 16)


TINY: dict[str, type[CodecModel]] = {
    "plain": TinyPlain,
    "three-rates": TinyThreeRates,
    "segments": TinySegments,
    "look-ahead": TinyLookAhead,
    "out-rate": TinyOutRate,
    "item": TinyItemSide,
}

for _name, _model in {**TINY, "units": TinyUnits}.items():
    register(f"tiny-{_name}", TinyConfig, _model)
