"""Quantize what a channel vocoder sends: contours of pitch and of level, and the bands' shapes."""

from __future__ import annotations

from vocable.codecs.contour_quantizer import ContourQuantizer
from vocable.codecs.contours import ContourBook
from vocable.codecs.level_contours import LevelBook
from vocable.quantize import ResidualVQ
from vocable.quantize.learn.kmeans import KMeans
from vocable.quantize.learn.update import Ema
from vocable.signal.pitch import POINTS


class ChannelQuantizer(ContourQuantizer):
    """Level 0 is pitch, level 1 is loudness, the others are residual levels of a latent.

    A row is `[latent, POINTS pitch values in Hz, POINTS levels in dB]`. The moving averages of the
    entries are slow: with a hundred rows a step, quick ones would be means of a few vectors.
    """

    def __init__(
        self,
        dimensions: int,
        contours: int,
        levels: int,
        sizes: tuple[int, ...],
        dropout: float,
    ) -> None:
        super().__init__()
        self.book = ContourBook(contours, POINTS)
        self.level_book = LevelBook(levels, POINTS)
        self.residual = ResidualVQ(
            dimensions,
            sizes,
            dropout=dropout,
            update=Ema(decay=0.999),
            initialise=KMeans(per_entry=10),
        )
        self.dim = dimensions + 2 * POINTS
        self._set_levels()

    @property
    def books(self) -> tuple[ContourBook, LevelBook]:
        return self.book, self.level_book
