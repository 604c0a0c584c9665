"""Kanade: what is said as one token a frame, and whose voice says it as one vector beside.

"Kanade: A Simple Disentangled Tokenizer for Spoken Language Modeling" (2026, arXiv:2602.00594).

    model           Hz      samples a frame  tokens/s  entries                  bits/s
    kanade_25hz     24 000  960              25        8 · 8 · 8 · 5 · 5 = 12800  341
    kanade_12_5hz   24 000  1920             12.5      12800                    171

    encoder    WavLM base+ at 16 kHz: the mean of layers 6 and 9, brought to mean 0 and variance 1
               over the recording; layers that attend 62 rows either way, a convolution
    voice      the mean of its layers 1 and 2, ConvNeXt blocks, mean and deviation weighted by
               attention over time: 128 numbers
    quantizer  five numbers, rounded
    decoder    layers; as many rows as log-mel spectra; layers whose norms the voice scales, moves
               and gates; convolutions; then Vocos, which was trained by others

WavLM attends to all of a recording, and how many spectra it has decides where each of them lies:
both ways take whole recordings. Memory follows their length, the time of WavLM's attention its
square. Tokens with the `voice` of others are said in it.

Differences. A recording that ends inside a frame is filled up with silence behind it; the published
code puts half of it before, as far as WavLM needs it, and leaves out a frame that lacks rows. Sound
is as long as its tokens, while Vocos ends up to 135 samples before: its last spectrum goes on.
Layers compute in fp32, and no dropout falls on the scores without flash attention. Left out is what
only training needs: the way back to WavLM's features.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.model import SideEncoder, Sides, untrained
from vocable.codecs.vocos_decoder import vocos_decoder
from vocable.errors import ModelError
from vocable.nn import (
    Block,
    Conv1d,
    ConvTranspose1d,
    LayerNorm,
    Linear,
    Prolonged,
    Residual,
    RotaryAttention,
    Stack,
    State,
    SymmetricConvNeXtBlock,
    Tanh,
)
from vocable.nn.transformer import SwiGLU
from vocable.quantize import FSQ
from vocable.ratio import Ratio
from vocable.signal.resampling import sinc_resample
from vocable.tokens import Level, Side, TokenSpec
from vocable.units.wavlm import WavLM, WavLMConfig
from vocable.units.whole_encoder import WholeEncoder

EPS = 1e-6  # of the norms of the voice's encoder
STEADY = 1e-8  # added to the deviation of a channel over time
LEAST, MOST = 1e-4, 1e4  # of the variance of a voice's channel


@dataclass(frozen=True)
class KanadeLayers:
    """Transformer layers of one width."""

    around: int  # rows on either side that attention sees
    heads: int = 12
    hidden: int = 2048  # channels inside a layer's MLP
    layers: int = 6
    base: float = 10_000.0  # of the rotary positions


@dataclass(frozen=True)
class KanadeConfig:
    """The sizes of a Kanade tokenizer, as published at 25 tokens/s."""

    rate: int = 24_000  # Hz
    semantic: WavLMConfig = WavLMConfig(blocks=9)  # up to the last block that is heard
    content_layers: tuple[int, ...] = (6, 9)  # of WavLM, that say what is said
    voice_layers: tuple[int, ...] = (1, 2)  # and whose voice it is
    every: int = 2  # rows of WavLM that are one frame
    content: KanadeLayers = KanadeLayers(62)
    steps: tuple[int, ...] = (8, 8, 8, 5, 5)  # of each number of a token
    voice: int = 128  # numbers of a voice
    voice_width: int = 384  # channels of its encoder
    voice_hidden: int = 1152  # channels of the MLP in each of its blocks
    voice_blocks: int = 4
    voice_asking: int = 128  # channels in which the weights of rows are found
    slow: KanadeLayers = KanadeLayers(32)  # of the decoder, at the rate of tokens
    upsampling: int = 4  # rows of a frame, before there are as many as spectra
    spectra: KanadeLayers = KanadeLayers(32, heads=8, hidden=1536)  # at the rate of spectra
    spectra_width: int = 512  # channels there
    bands: int = 100
    hop: int = 256  # samples between spectra
    window: int = 1024  # samples of a spectrum
    post_width: int = 256  # channels of the convolutions behind
    post_kernel: int = 7
    post_layers: int = 4
    vocoder_width: int = 512  # of Vocos
    vocoder_hidden: int = 1536
    vocoder_blocks: int = 8


def kanade_25hz() -> KanadeConfig:
    """Return the sizes of Kanade at 25 tokens/s, as published."""
    return KanadeConfig()


def kanade_12_5hz() -> KanadeConfig:
    """Return the sizes of Kanade at 12.5 tokens/s, as published."""
    return KanadeConfig(every=4, slow=KanadeLayers(15), upsampling=8)


PUBLISHED = (kanade_25hz, kanade_12_5hz)


def layers(width: int, config: KanadeLayers) -> Stack:
    """Return layers that see some rows on either side, without biases, and a norm."""
    c = config

    def layer() -> Stack:
        return Stack(
            Residual(Stack(LayerNorm(width), _attention(width, c))),
            Residual(Stack(LayerNorm(width), _mlp(width, c))),
        )

    return Stack(Stack(*(layer() for _ in range(c.layers))), LayerNorm(width))


def _attention(width: int, c: KanadeLayers) -> RotaryAttention:
    return RotaryAttention(width, c.heads, back=c.around, ahead=c.around, base=c.base, bias=False)


def _mlp(width: int, c: KanadeLayers) -> Stack:
    return Stack(
        Linear(width, 2 * c.hidden, bias=False),
        SwiGLU(c.hidden),
        Linear(c.hidden, width, bias=False),
    )


class Heard(WholeEncoder):
    """What WavLM hears of what is said, a row a frame."""

    def __init__(self, config: KanadeConfig) -> None:
        c, width = config, config.semantic.width
        speech = WavLM(c.semantic).requires_grad_(False)
        frame = Ratio(c.every * speech.hop * c.rate, speech.rate)
        if frame.denominator > 1 or c.every < 2:
            raise ModelError(
                f"a frame is every {c.every} rows of WavLM, {float(frame):g} samples at {c.rate} "
                "Hz; give 2 rows or more, and a rate at which these are whole samples"
            )
        super().__init__(int(frame), width)
        self.config, self.speech = c, speech
        self.content = layers(width, c.content)
        self.joined = Conv1d(width, width, c.every, stride=c.every)

    def hear(self, x: Float[Tensor, "batch time 1"]) -> Float[Tensor, "batch frames channels"]:
        """Return the rows of whole frames."""
        return self.hear_both(x)[0]

    def hear_both(
        self, x: Float[Tensor, "batch time 1"]
    ) -> tuple[Float[Tensor, "batch frames channels"], Float[Tensor, "batch rows channels"]]:
        """Return these, and what WavLM hears of the voice."""
        c = self.config
        x = F.pad(x[..., 0], (0, -x.shape[1] % self.stride_in))
        rows = math.ceil(x.shape[1] / c.rate * self.speech.rate / self.speech.hop)
        wanted = samples_of(rows, c.rate, self.speech.hop, self.speech.window)
        around = math.ceil((wanted - x.shape[1]) / 2)
        padded = F.pad(x, (around, around))
        samples = sinc_resample(padded, c.rate, self.speech.rate)
        content, voice = self.speech.means_of_layers(samples, c.content_layers, c.voice_layers)
        steady = content.std(1, keepdim=True) + STEADY
        z: Tensor = self.joined(self.content((content - content.mean(1, keepdim=True)) / steady))
        return z, voice


def samples_of(rows: int, rate: int, hop: int, window: int) -> float:
    """Return how many samples so many rows of WavLM are made of.

    In floats as published, which make of some whole numbers a little more: these are rounded up.
    """
    return ((rows - 1) * hop + window) / WavLM.rate * rate


class Voice(SideEncoder):
    """Whose voice it is: mean and deviation of channels, rows weighted for each by attention."""

    def __init__(self, config: KanadeConfig) -> None:
        super().__init__()
        c, width = config, config.voice_width
        self.rows = Stack(
            Conv1d(c.semantic.width, width, 7, pad=(3, 3)),
            LayerNorm(width, eps=EPS),
            *(
                SymmetricConvNeXtBlock(width, c.voice_hidden, scale=1 / c.voice_blocks)
                for _ in range(c.voice_blocks)
            ),
            LayerNorm(width, eps=EPS),
        )
        self.asking = Stack(Linear(width, c.voice_asking), Tanh(), Linear(c.voice_asking, width))
        self.out = Stack(Linear(2 * width, c.voice), LayerNorm(c.voice))

    def forward(self, z: Float[Tensor, "batch rows channels"]) -> Sides:
        """Return the voice of each recording as `voice`."""
        rows = self.rows(z)
        share = self.asking(rows).softmax(1)
        mean = (share * rows).sum(1)
        variance = (share * rows.square()).sum(1) - mean.square()
        both = torch.cat((mean, variance.clamp(LEAST, MOST).sqrt()), 1)
        return {"voice": self.out(both[:, None])[:, 0]}


class VoicedNorm(nn.Module):
    """A norm of each row whose scale, shift and gate the voice says.

    "Scalable Diffusion Models with Transformers" (Peebles and Xie 2022, arXiv:2212.09748).
    """

    def __init__(self, width: int, voice: int, parts: int) -> None:
        super().__init__()
        self.parts, self.told = parts, Linear(voice, parts * width)

    def forward(
        self, x: Float[Tensor, "batch rows channels"], voice: Float[Tensor, "batch 1 numbers"]
    ) -> tuple[Float[Tensor, "batch rows channels"], Float[Tensor, "batch 1 channels"]]:
        """Return the rows, and the last part that the voice says: the gate, if there are three."""
        parts = self.told(F.silu(voice)).chunk(self.parts, 2)
        y = F.layer_norm(x, x.shape[2:]) * (1 + parts[1]) + parts[0]
        return y, parts[-1]


class VoicedLayer(nn.Module):
    """A transformer layer whose norms and skips the voice controls."""

    def __init__(self, width: int, voice: int, config: KanadeLayers) -> None:
        super().__init__()
        self.attention, self.mlp = _attention(width, config), _mlp(width, config)
        self.norms = nn.ModuleList(VoicedNorm(width, voice, 3) for _ in range(2))

    def forward(
        self, x: Float[Tensor, "batch rows channels"], voice: Float[Tensor, "batch 1 numbers"]
    ) -> Float[Tensor, "batch rows channels"]:
        """Return the rows that the layer makes."""
        for norm, branch in zip(self.norms, (self.attention, self.mlp), strict=True):
            rows, gate = norm(x, voice)
            x = x + gate * branch(rows)
        return x


class Speaking(Block):
    """Turn rows of content and voice side by side into samples, `[B, F, _] -> [B, F · frame, 1]`.

    It needs all of a recording, so it runs whole only: `lookahead` is None.
    """

    lookahead = None
    receptive = None
    channels_out = 1

    def __init__(self, config: KanadeConfig, frame: int, hop: int, window: int) -> None:
        super().__init__()
        c, wide, mels = config, config.semantic.width, config.spectra_width
        self.config, self.frame, self.ratio = c, frame, Ratio(frame)
        self.hop, self.window = hop, window  # of WavLM
        up = c.upsampling
        self.slow = Stack(
            layers(wide, c.slow), Linear(wide, mels), ConvTranspose1d(mels, mels, up, stride=up)
        )
        self.layers = nn.ModuleList(
            VoicedLayer(mels, c.voice, c.spectra) for _ in range(c.spectra.layers)
        )
        self.norm = VoicedNorm(mels, c.voice, 2)
        self.out = Linear(mels, c.bands)
        self.post = Residual(_post(c))
        vocoder = vocos_decoder(
            c.bands, c.vocoder_width, c.vocoder_hidden, c.vocoder_blocks,
            window=c.window, hop=c.hop, edge="center",
        )  # fmt: skip
        self.vocoder = Prolonged(vocoder)

    def forward(self, x: Float[Tensor, "batch frames channels"]) -> Float[Tensor, "batch time 1"]:
        """Return the sound of all frames."""
        c, samples = self.config, x.shape[1] * self.frame
        wanted = samples_of(x.shape[1] * c.every, c.rate, self.hop, self.window)
        spectra = math.ceil(wanted) // c.hop + 1
        z, voice = x[..., : -c.voice], x[:, :1, -c.voice :]
        rows = F.interpolate(self.slow(z).transpose(1, 2), spectra, mode="linear").transpose(1, 2)
        for layer in self.layers:
            rows = layer(rows, voice)
        y: Tensor = self.vocoder(self.post(self.out(self.norm(rows, voice)[0])))
        return y[:, :samples]

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Refuse: where a spectrum lies depends on how many there are."""
        raise ModelError(
            "Speaking spreads spectra over the whole recording, so it has no steps; run it whole"
        )


def _post(c: KanadeConfig) -> Stack:
    """Return the convolutions behind the spectra, a norm behind each, and between them tanh."""
    widths = [c.bands, *[c.post_width] * (c.post_layers - 1), c.bands]
    pad = (c.post_kernel // 2, c.post_kernel // 2)
    blocks: list[Block] = []
    for number in range(c.post_layers):
        into, out = widths[number : number + 2]
        blocks += [Conv1d(into, out, c.post_kernel, pad=pad), LayerNorm(out), Tanh()]
    return Stack(*blocks[:-1])


class Kanade(CodecModel):
    """A Kanade tokenizer, as its config says."""

    speech_only: ClassVar[bool] = True
    not_in_codes = frozenset(
        {"slow", "upsampling", "spectra", "spectra_width", "bands", "hop", "window"}
        | {"post_width", "post_kernel", "post_layers"}
        | {"vocoder_width", "vocoder_hidden", "vocoder_blocks"}
    )
    encoder: Heard
    side_encoder: Voice

    def __init__(self, config: KanadeConfig) -> None:
        c, encoder = config, Heard(config)
        frame = encoder.stride_in
        spec = TokenSpec(
            untrained("kanade"),
            rate=c.rate,
            frame=frame,
            channels=1,
            levels=(Level(math.prod(c.steps), role="semantic"),),
            prefixes=(1,),
            sides=(Side("voice", (c.voice,)),),
        )
        super().__init__(config, spec)
        self.encoder, self.side_encoder = encoder, Voice(c)
        self.quantizer = FSQ(c.steps, dim=c.semantic.width)
        self.decoder = Speaking(c, frame, encoder.speech.hop, encoder.speech.window)

    def latents_and_sides(self, x: Float[Tensor, "batch channels time"]) -> tuple[Tensor, Sides]:
        """Return what is quantized, and the voice: WavLM hears a recording once."""
        z, voice = self.encoder.hear_both(self._rows(x))
        return z, self.side_encoder(voice)

    def condition(self, z: Float[Tensor, "batch frames dim"], sides: Sides) -> Tensor:
        """Return rows with the voice beside them."""
        voice = sides["voice"][:, None].expand(-1, z.shape[1], -1)
        return torch.cat((z, voice), 2)
