"""A small model that says phones in the tokens of a codec: durations, then frame by frame.

    phones -> blocks over phones -> a duration for each, in hops of 10 ms
           -> spread over frames of four hops -> blocks over frames, which see both sides
           -> blocks over frames that hear what was said before -> heads, one level after the other

Durations are explicit, as in FastSpeech (Ren et al. 2019, arXiv:1905.09263), so that nothing is
skipped or said twice, and frames are autoregressive, as in Tacotron (Wang et al. 2017,
arXiv:1703.10135), so that what is drawn hangs together. In training the past is left out of some
items and disturbed in all: it must never count for more than what is to be said. Levels of a frame
come one after the other (the depth of RQ-Transformer, Lee et al. 2022), each by bells over the
codec's own codebook (`parts.Head`). A voice is a few numbers, made of a few seconds of its tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from vocable.language.say.books import Books
from vocable.language.say.config import SayConfig
from vocable.language.say.durations import real_rows, spread
from vocable.language.say.parts import BothSides, Heads, VoiceEncoder
from vocable.nn import GELU, ConvNeXtBlock, Linear, Stack

STRESSES, PLACES = 8, 8  # at most


@dataclass(frozen=True)
class Utterances:
    """A batch of what was said, and of the voices that said it, padded at the end.

    symbols: rows of `text.phones.Spoken`. durations: how long each lasts; 0 behind the last.
    codes: tokens. reference: tokens of the same voice. Counts say how much of each row is real.
    """

    symbols: Int64[Tensor, "batch symbols 3"]
    symbol_counts: Int64[Tensor, " batch"]
    durations: Int64[Tensor, "batch symbols"]
    codes: Int64[Tensor, "batch frames levels"]
    frame_counts: Int64[Tensor, " batch"]
    reference: Int64[Tensor, "batch time levels"]
    reference_counts: Int64[Tensor, " batch"]

    def to(self, device: torch.device) -> Utterances:
        """Return the batch on a device."""
        return Utterances(**{name: value.to(device) for name, value in vars(self).items()})


class Say(nn.Module):
    """Phones and a voice in, durations and tokens out. `books` are the codec's: set them first."""

    def __init__(self, config: SayConfig) -> None:
        super().__init__()
        c = self.config = config
        self.books = Books(c)
        self.symbol = nn.Embedding(c.symbols, c.channels)
        self.stress = nn.Embedding(STRESSES, c.channels)
        self.place = nn.Embedding(PLACES, c.channels)
        self.voice = VoiceEncoder(c)
        self.voice_to_symbols = nn.Linear(c.voice, c.channels)
        self.phones = BothSides(c.phone_blocks, c.channels, c.phone_kernel, c.expansion, c.dropout)
        self.duration = nn.Sequential(
            nn.Dropout(c.duration_dropout), Linear(c.channels, c.channels), GELU(),
            Linear(c.channels, c.longest),
        )  # fmt: skip
        self.to_hop = nn.Linear(c.channels, c.hop_channels)
        self.hop_place = nn.Linear(3, c.hop_channels)
        self.to_frame = nn.Linear(c.hops * c.hop_channels, c.channels)
        self.voice_to_frames = nn.Linear(c.voice, c.channels)
        self.frames = BothSides(c.frame_blocks, c.channels, c.frame_kernel, c.expansion, c.dropout)
        self.from_past = nn.Linear(c.row, c.channels)
        self.past = Stack(
            *(ConvNeXtBlock(c.channels, expansion=c.expansion) for _ in range(c.past_blocks))
        )
        self.norm = nn.LayerNorm(c.channels)
        self.dropout = nn.Dropout(c.dropout)
        self.heads = Heads(c, self.books)

    def voices(
        self, codes: Int64[Tensor, "batch time levels"], counts: Int64[Tensor, " batch"]
    ) -> Float[Tensor, "batch voice"]:
        """Return the voices of recordings, by their tokens."""
        found: Tensor = self.voice(self.books.known(codes)[-1], real_rows(counts, codes.shape[1]))
        return found

    def encoded(
        self,
        symbols: Int64[Tensor, "batch symbols 3"],
        counts: Int64[Tensor, " batch"],
        voice: Float[Tensor, "batch voice"],
    ) -> Float[Tensor, "batch symbols channels"]:
        """Return a row for each symbol that knows those around it."""
        rows = self.symbol(symbols[..., 0]) + self.stress(symbols[..., 1])
        rows = rows + self.place(symbols[..., 2]) + self.voice_to_symbols(voice)[:, None]
        found: Tensor = self.phones(rows, real_rows(counts, symbols.shape[1]))
        return found

    def placed(
        self,
        encoded: Float[Tensor, "batch symbols channels"],
        durations: Int64[Tensor, "batch symbols"],
        frame_counts: Int64[Tensor, " batch"],
        voice: Float[Tensor, "batch voice"],
    ) -> Float[Tensor, "batch frames channels"]:
        """Return a row for each frame of what is said in it, which knows the frames around it."""
        frames = int(frame_counts.max())
        index, places = spread(durations, frames * self.config.hops)
        rows = self.to_hop(encoded)
        rows = rows.gather(1, index[..., None].expand(-1, -1, rows.shape[2]))
        rows = nn.functional.gelu(rows + self.hop_place(places.to(rows.dtype)))
        rows = self.to_frame(rows.reshape(len(durations), frames, -1))
        rows = rows + self.voice_to_frames(voice)[:, None]
        found: Tensor = self.frames(rows, real_rows(frame_counts, frames))
        return found

    def contexts(
        self,
        placed: Float[Tensor, "batch frames channels"],
        before: Float[Tensor, "batch frames axes"],
    ) -> Float[Tensor, "batch frames channels"]:
        """Return what the heads read, by what was said in the frame before each; whole."""
        found: Tensor = self.dropout(self.norm(self.past(placed + self.from_past(before))))
        return found
