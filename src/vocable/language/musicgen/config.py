"""What a MusicGen is made of; the published sizes as functions."""

from __future__ import annotations

from dataclasses import dataclass

from vocable.errors import ModelError
from vocable.language.abilities import Abilities
from vocable.language.config import Sinusoidal, TransformerConfig
from vocable.tokens import Layout, Level, TokenSpec, delay


@dataclass(frozen=True)
class MusicGenConfig:
    """One transformer, whose rows are the levels of a codec.

    width, layers, heads, hidden    of the transformer
    levels      of the codec, each of `codes` ids
    channels    2 for stereo: each level has a row of the left channel, then one of the right
    text        channels of the text encoder's states; None: as wide as the model
    context     positions; the published models have learned 1503 of them, 30 s
    rate, frame Hz of the codec, and samples of its frame
    """

    width: int
    layers: int
    heads: int
    hidden: int
    levels: int = 4
    codes: int = 2048
    channels: int = 1
    text: int | None = 768
    context: int = 2048
    rate: int = 32_000
    frame: int = 640

    def __post_init__(self) -> None:
        if self.levels < 1 or self.codes < 1 or self.channels not in (1, 2):
            raise ModelError(
                f"a MusicGen has 1 level of 1 code or more, and 1 or 2 channels; the config has "
                f"{self.levels} levels of {self.codes} codes and {self.channels} channels"
            )

    @property
    def rows(self) -> int:
        """Rows of a step: one for each level of each channel."""
        return self.levels * self.channels

    @property
    def empty(self) -> int:
        """The id that stands where a row has no code."""
        return self.codes

    @property
    def layout(self) -> Layout:
        """The order of the rows' codes: both channels of level k come k steps late."""
        return delay([row // self.channels for row in range(self.rows)])

    @property
    def spec(self) -> TokenSpec:
        """What the rows hold, as layouts ask for it."""
        levels = (Level(self.codes),) * self.rows
        return TokenSpec("musicgen-rows@1:0", self.rate, self.frame, 1, levels, (self.rows,))

    @property
    def trunk(self) -> TransformerConfig:
        """The transformer."""
        return TransformerConfig(
            width=self.width, layers=self.layers, heads=self.heads, hidden=self.hidden,
            context=self.context, norm="layer", activation="gelu", gated=False,
            positions=Sinusoidal(), cross=self.width,
        )  # fmt: skip

    @property
    def name(self) -> str:
        """The published model's name, or the family's with its layers and width."""
        published = {"small": musicgen_small, "medium": musicgen_medium, "large": musicgen_large}
        for size, made in published.items():
            if self == made(self.channels):
                return f"musicgen-stereo-{size}" if self.channels == 2 else f"musicgen-{size}"
        return f"musicgen-{self.layers}x{self.width}"

    @property
    def abilities(self) -> Abilities:
        """What such a model can do."""
        frames = self.layout.max_frames(self.spec, self.context)
        return Abilities(
            continues=True, clones=False, text="a description", languages=("English",),
            context=self.context, seconds=round(frames * self.frame / self.rate, 2),
            codec="encodec-32khz", levels=self.levels, rate=self.rate,
        )  # fmt: skip


def musicgen_small(channels: int = 1) -> MusicGenConfig:
    """Return the config of the 300 M model; of two channels, of the stereo one."""
    return MusicGenConfig(width=1024, layers=24, heads=16, hidden=4096, channels=channels)


def musicgen_medium(channels: int = 1) -> MusicGenConfig:
    """Return the config of the 1.5 B model; of two channels, of the stereo one."""
    return MusicGenConfig(width=1536, layers=48, heads=24, hidden=6144, channels=channels)


def musicgen_large(channels: int = 1) -> MusicGenConfig:
    """Return the config of the 3.3 B model; of two channels, of the stereo one."""
    return MusicGenConfig(width=2048, layers=48, heads=32, hidden=8192, channels=channels)
