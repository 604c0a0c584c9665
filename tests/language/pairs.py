"""Toy units and pairs of them, which tests of translators and recognisers share."""

from __future__ import annotations

import numpy as np

from vocable.language.config import TransformerConfig
from vocable.language.stages.config import Part
from vocable.language.translator import CtcHead, Translator, TranslatorConfig
from vocable.testing.block_examples import seeded
from vocable.tokens import AudioTokens, Level, TokenSpec

UNITS = TokenSpec("units@1:0a", 16_000, 320, 1, (Level(9, role="semantic"),), (1,))
OTHER = TokenSpec("others@1:0b", 16_000, 320, 1, (Level(7, role="semantic"),), (1,))
HEADS = (
    CtcHead("encoder", 1, "source", 0.5),
    CtcHead("encoder", 2, "target", 0.5),
    CtcHead("decoder", 1, "target", 0.25),
)


def units(spec: TokenSpec, count: int, seed: int = 0) -> AudioTokens:
    """Return random units."""
    random = np.random.default_rng(seed)
    return AudioTokens(spec, [random.integers(0, spec.levels[0].size, (1, count))])


def pair(seed: int, source: int = 12, target: int = 9) -> dict[str, AudioTokens]:
    """Return a pair of so many units."""
    return {"source": units(UNITS, source, seed), "target": units(OTHER, target, seed + 100)}


def config(**more) -> TranslatorConfig:
    """Return a small translator's."""
    sizes = {"layers": 2, "heads": 2, "hidden": 32, "context": 48}
    given = {"smoothing": 0.1, "letters": " abc", "heads": HEADS, **more}
    return TranslatorConfig(
        TransformerConfig(width=24, causal=False, **sizes),
        TransformerConfig(width=16, cross=24, **sizes),
        Part("source", UNITS.to_dict(), 1, dedup=True),
        Part("target", OTHER.to_dict(), 1, dedup=True),
        **given,
    )


def translator(**more) -> Translator:
    """Return a small translator with the same weights each time."""
    return seeded(lambda: Translator(config(**more))).eval()
