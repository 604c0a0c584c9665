"""MiMo-Audio-Tokenizer: a deep transformer that sees both ways, over log-mel spectra.

"MiMo-Audio: Audio Language Models are Few-Shot Learners" (Xiaomi 2025, arXiv:2512.23808).

    model                 Hz      samples a frame  frames/s  levels × size       bits/s
    mimo_audio_tokenizer  24 000  960              25        2 × 1024, 18 × 128  3650, 8: 1550

    encoder    log-mels every 240 samples; convolutions, one of stride 2; layers that attend to all
               rows, the third's added to the last's; norm, a convolution of stride 2, norm
    quantizer  RVQ
    decoder    twice the rows, norm; layers that attend to all rows before; twice the rows, norm, as
               many as mel bands; layers that attend to 40 rows back and 10 ahead; inverse STFT

Minutes are encoded one by one, as its authors' program does: a stream's codes come when a minute is
full, and memory is that of one. The decoder's first norms are over the whole recording: decoding
takes whole ones, memory follows their length, and the attention's time its square.

Differences. The last token of a recording of whole frames, which stands for what lies behind its
end, is left out; it is heard. A minute that is cut short is encoded as it would be alone; its
authors' code lets the minutes beside it into its last frame. A recording shorter than half a
window, which that code refuses, is filled up with silence. New codebooks begin at cluster centres,
and dead entries revive, as in EnCodec.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.codecs.chunks import Chunks
from vocable.codecs.codec_model import CodecModel
from vocable.codecs.model import untrained
from vocable.errors import ModelError
from vocable.nn import (
    GELU,
    Block,
    Conv1d,
    GroupNorm,
    InverseSTFT,
    LayerNorm,
    Linear,
    Residual,
    RotaryAttention,
    Stack,
    State,
)
from vocable.nn.block import tail
from vocable.quantize import ResidualVQ
from vocable.ratio import Ratio
from vocable.signal.slaney import triangles
from vocable.signal.spectra import hann, hz_to_mel, mel_to_hz
from vocable.tokens import Level, TokenSpec

# vllm-omni 0.30.0, deploy/mimo_audio.yaml: 30 and 40 groups of four frames
PUBLISHED_CHUNKS = Chunks(frames=120, context=160)
ROWS = 4  # of spectra, that are one frame
_FLOOR = 1e-7  # of a band's magnitude


@dataclass(frozen=True)
class MiMoAudioConfig:
    """The sizes of a MiMo-Audio-Tokenizer, as published."""

    rate: int = 24_000  # Hz
    hop: int = 240  # samples between spectra, those that are heard and those that are written
    window: int = 960  # samples of a spectrum
    bands: int = 128
    segment: int = 6000  # spectra that are encoded together
    width: int = 1280  # channels of the layers
    heads: int = 20
    hidden: int = 5120  # channels inside a layer's MLP
    layers: int = 32
    skip: int = 3  # layers whose rows are added to those of the last; 0: none are
    base: float = 10_000.0  # of the rotary positions
    decoder_heads: int = 20
    decoder_hidden: int = 5120
    decoder_layers: int = 32
    vocoder_width: int = 256  # channels of the layers next to the sound
    vocoder_heads: int = 16
    vocoder_hidden: int = 1024
    vocoder_layers: int = 16
    vocoder_back: int = 40  # rows that these see before their own
    vocoder_ahead: int = 10  # and after it
    sizes: tuple[int, ...] = (1024,) * 2 + (128,) * 18  # entries of each level

    def __post_init__(self) -> None:
        if self.segment < ROWS or self.segment % ROWS:
            raise ModelError(
                f"segment is {self.segment} spectra; give a multiple of the {ROWS} of a frame"
            )
        if not 0 <= self.skip <= self.layers:
            raise ModelError(f"skip is {self.skip} but there are {self.layers} layers")
        if self.window % 2 or self.window < 2 * self.hop:
            raise ModelError(
                f"window is {self.window} samples; give an even number from two hops of {self.hop}"
            )

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return ROWS * self.hop


def mimo_audio_tokenizer() -> MiMoAudioConfig:
    """Return the sizes of the first one, as published."""
    return MiMoAudioConfig()


PUBLISHED = (mimo_audio_tokenizer,)


@lru_cache(maxsize=8)
@torch.inference_mode(False)
def mel_filters(
    rate: int, window: int, bands: int, device: torch.device
) -> Float[Tensor, "bins bands"]:
    """Return torchaudio's triangles on the HTK scale; its fp32 decides what a narrow one holds."""
    top = float(hz_to_mel(torch.tensor(rate / 2, dtype=torch.float64, device="cpu")))
    kind: dict[str, Any] = {"dtype": torch.float32, "device": "cpu"}
    edges = mel_to_hz(torch.linspace(0, top, bands + 2, **kind))
    return torch.from_numpy(triangles(edges.double().numpy(), rate, window)).to(device).float()


class Heard(Block):
    """Turn samples into what is quantized, `[B, T, 1] -> [B, T / frame, width]`.

    Spectra stand around every `hop`-th sample; the recording is mirrored at its ends. So many of
    them are one segment, and nothing else of the recording is known in it.
    """

    def __init__(self, config: MiMoAudioConfig) -> None:
        super().__init__()
        c, wide = config, config.width
        self.config, self.edge = c, c.window // 2
        self.samples, self.rows = c.segment * c.hop, c.segment // ROWS  # of a segment
        self.stride_in, self.ratio, self.channels_out = c.frame, Ratio(1, c.frame), wide
        self.lookahead = self.samples + self.edge - c.hop - c.frame
        self.receptive = self.reach(1)
        self.front = Stack(
            Conv1d(c.bands, wide, 3, pad=(1, 1)),
            GELU(),
            Conv1d(wide, wide, 3, stride=2, fill=True),
            GELU(),
        )
        layer = partial(transformer_layer, wide, c.heads, c.hidden, base=c.base)
        self.layers = nn.ModuleList(layer() for _ in range(c.layers))
        self.back = Stack(
            LayerNorm(wide),
            Conv1d(wide, wide, 2, stride=2, fill=True, bias=False),
            GELU(),
            LayerNorm(wide),
        )

    @property
    def ragged(self) -> bool:
        """The end may be inside a frame."""
        return True

    def settled(self, rows: int) -> int:
        """Return how many output rows are final: those of whole segments."""
        return max(0, rows - self.edge + self.config.hop) // self.samples * self.rows

    def reach(self, rows: int) -> int:
        """Return the samples of the segments that so many rows may lie in."""
        segments = 1 + -(-(rows - 1) // self.rows)
        return segments * self.samples + 2 * self.edge - self.config.hop

    def initial_state(self, batch: int) -> State:
        """Return the samples of a segment that has begun: none yet.

        From one more than half a window on they are what lies half a window before it, too.
        """
        return self.zeros(batch, 0, 1)

    def step(
        self, x: Float[Tensor, "batch time 1"], state: State
    ) -> tuple[Float[Tensor, "batch rows channels"], State]:
        """Return the rows of segments that are whole; the other samples wait."""
        samples = torch.cat((state, x), 1)
        if state.shape[1] <= self.edge < samples.shape[1]:
            samples = _mirrored(samples, self.edge, 0)
        found, start = [samples.new_zeros(len(samples), 0, self.config.width)], 0
        needed = self.samples + 2 * self.edge - self.config.hop
        while samples.shape[1] - start >= needed:
            found.append(self._encoded(samples[:, start : start + needed]))
            start += self.samples
        return torch.cat(found, 1), tail(samples, start)

    def finish(self, state: State) -> Float[Tensor, "batch rest channels"]:
        """Return the rows of the segments that the end cuts short, two at most."""
        begun, samples = state.shape[1], state
        if begun > self.edge:
            begun -= self.edge
        else:
            samples = F.pad(samples, (0, 0, 0, self.edge + 1 - begun))
            samples = _mirrored(samples, self.edge, 0)
        samples = _mirrored(samples, 0, self.edge)
        more = self.samples + 2 * self.edge - self.config.hop
        found = [samples.new_zeros(len(samples), 0, self.config.width)]
        for start in range(0, begun, self.samples):
            found.append(self._encoded(samples[:, start : start + more]))
        return torch.cat(found, 1)[:, : -(-begun // self.stride_in)]

    def _encoded(self, samples: Tensor) -> Tensor:
        """Return the rows of a segment, of its samples and half a window around them."""
        x, kept = self.front(self._spectra(samples)), None
        for number, layer in enumerate(self.layers, 1):
            x = layer(x)
            kept = x if number == self.config.skip else kept
        y: Tensor = self.back(x if kept is None else x + kept)
        return y

    def _spectra(self, samples: Tensor) -> Tensor:
        """Return log-mels of all whole windows, `[B, rows, bands]`."""
        c = self.config
        with torch.autocast(samples.device.type, enabled=False):
            windows = samples[..., 0].float().unfold(1, c.window, c.hop)
            sizes = torch.fft.rfft(windows * hann(c.window, samples.device)).abs()
            mels: Tensor = sizes @ mel_filters(c.rate, c.window, c.bands, samples.device)
            return mels.clamp(min=_FLOOR).log()


def _mirrored(samples: Tensor, left: int, right: int) -> Tensor:
    return F.pad(samples.transpose(1, 2), (left, right), mode="reflect").transpose(1, 2)


class Upsampled(Block):
    """A transposed convolution and a norm over all of its rows, of which `stride` a row are kept.

    What lies behind them counts in the norm. It needs the recording to its end, so it runs whole
    only: `lookahead` is None. `weight` is `[channels_in, channels_out, kernel]`, as in torch.
    """

    lookahead = None
    receptive = None

    def __init__(self, channels_in: int, channels_out: int, kernel: int, *, stride: int) -> None:
        super().__init__()
        made = nn.ConvTranspose1d(channels_in, channels_out, kernel, stride)
        self.weight, self.bias, self.stride = made.weight, made.bias, stride
        self.norm = GroupNorm(1, channels_out)
        self.ratio, self.channels_out = Ratio(stride), channels_out

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time_out channels_out"]:
        """Return `stride` rows for each."""
        y = F.conv_transpose1d(x.transpose(1, 2), self.weight, self.bias, self.stride)
        rows: Tensor = self.norm(y.transpose(1, 2))
        return rows[:, : x.shape[1] * self.stride]

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Refuse: the statistics of what is still to come are not known."""
        raise ModelError(
            "Upsampled takes its statistics over the whole recording, so it has no steps; run the "
            "block whole"
        )


def transformer_layer(
    width: int,
    heads: int,
    hidden: int,
    *,
    base: float,
    back: int | None = None,
    ahead: int | None = None,
) -> Stack:
    """Return attention and an MLP, each behind a norm and beside a skip."""
    attention = RotaryAttention(width, heads, base=base, back=back, ahead=ahead)
    mlp = Linear(width, hidden), GELU(), Linear(hidden, width)
    return Stack(
        Residual(Stack(LayerNorm(width), attention)), Residual(Stack(LayerNorm(width), *mlp))
    )


def decoder(config: MiMoAudioConfig) -> Stack:
    """Return `[B, F, width] -> [B, F · frame, 1]`."""
    c, wide = config, config.vocoder_width

    def layers(count: int, make: Callable[[], Stack]) -> Stack:
        return Stack(*(make() for _ in range(count)))

    deep = partial(
        transformer_layer, c.width, c.decoder_heads, c.decoder_hidden, base=c.base, ahead=0
    )
    near = partial(
        transformer_layer, wide, c.vocoder_heads, c.vocoder_hidden,
        base=c.base, back=c.vocoder_back, ahead=c.vocoder_ahead,
    )  # fmt: skip
    return Stack(
        Upsampled(c.width, c.width, 2, stride=2),
        layers(c.decoder_layers, deep),
        LayerNorm(c.width),
        Upsampled(c.width, c.bands, 3, stride=2),
        Linear(c.bands, wide, bias=False),
        layers(c.vocoder_layers, near),
        LayerNorm(wide),
        Linear(wide, c.window + 2),
        InverseSTFT(c.window, c.hop),
    )


class MiMoAudio(CodecModel):
    """A MiMo-Audio-Tokenizer, as its config says."""

    not_exported: ClassVar[str] = "its encoder and its decoder attend to what is still to come"

    not_in_codes = frozenset(
        f"{part}_{what}"
        for part in ("decoder", "vocoder")
        for what in ("width", "heads", "hidden", "layers", "back", "ahead")
    )

    def __init__(self, config: MiMoAudioConfig) -> None:
        c = config
        quantizer = ResidualVQ(c.width, c.sizes)
        spec = TokenSpec(
            untrained("mimo-audio"),
            rate=c.rate,
            frame=c.frame,
            channels=1,
            levels=tuple(Level(size) for size in c.sizes),
            prefixes=quantizer.prefixes,
        )
        super().__init__(config, spec)
        self.encoder, self.quantizer, self.decoder = Heard(c), quantizer, decoder(c)
