"""The sizes of a model that says phones, or units, in the tokens of a codec."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SayConfig:
    """Sizes of `say-16k`. Levels are those of its codec, of which the first are contours.

    widths: axes of the entries of each level; the last levels are residual, and share theirs.
    """

    sizes: tuple[int, ...] = (1024,) * 4 + (4096,) * 4  # entries of each level
    widths: tuple[int, ...] = (8, 4) + (48,) * 6  # a pitch contour, a level contour, the latent
    hops: int = 4  # in a frame, 10 ms each: durations are counted in them
    longest: int = 80  # hops: what lasts longer counts as so long
    channels: int = 256
    expansion: int = 3  # of the blocks' inner layers
    phone_blocks: int = 3
    phone_kernel: int = 5
    frame_blocks: int = 4  # over frames, before the past comes in; they see both sides
    frame_kernel: int = 7
    past_blocks: int = 3  # over frames, which see what was said before
    hop_channels: int = 128  # of what each hop adds to its frame
    head_channels: int = 256
    learned: int = 16  # axes of entries that are learnt beside their place in the codec
    voice: int = 64  # numbers that make a voice
    voice_channels: int = 128
    dropout: float = 0.15  # in training, of inner channels and of what the heads read
    duration_dropout: float = 0.3  # of what durations are read from: they are learnt soonest
    symbols: int = 64  # kinds of what is said: phones, with room for other languages, or units

    @property
    def row(self) -> int:
        """Axes of a frame of tokens: of each contour, and of the latent."""
        return sum(self.widths[: self.contours]) + self.widths[-1]

    @property
    def contours(self) -> int:
        """Levels before the residual ones."""
        return len(self.widths) - self.widths.count(self.widths[-1])
