"""Gather what `vocable units evaluate` judges: the units that are asked for, and baselines."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vocable.cli.errors import Refusal, message_of
from vocable.cli.units_open import open_units
from vocable.errors import VocableError

if TYPE_CHECKING:
    from vocable.audio.manifest import Clip


@dataclass(frozen=True)
class Judged:
    """Units by the name of their row. features: what they are made of, where that can be had."""

    name: str
    tokenizer: Any
    features: Callable[[Any], Any] | None = None


def opened(names: Sequence[str], encoder: str | None) -> list[Judged]:
    """Return the units of each name: a file of centres, or a tokenizer."""
    return [_opened(name, encoder) for name in names]


def _opened(name: str, encoder: str | None) -> Judged:
    if name.endswith(".safetensors") and os.path.isfile(name):
        return _of_encoder(os.path.basename(name), open_units(name, encoder))
    from vocable.load import load_tokenizer

    try:
        return Judged(name, load_tokenizer(name))
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error


def baselines(asked: Sequence[Judged], clips: Sequence[Clip], seed: int) -> list[Judged]:
    """Return MFCC, log-mels and random weights, clustered into as many units over `clips`.

    Units of a tokenizer, whose centres are among its weights, are taken with all of these in random
    order.
    """
    from vocable.units.signal_encoder import SIGNAL_ENCODERS, SignalEncoder

    size = asked[0].tokenizer.spec.levels[0].size
    rows = [_fitted(name, SignalEncoder(name), size, 0, clips, seed) for name in SIGNAL_ENCODERS]
    return rows + [found for each in asked if (found := _without_learning(each, clips, seed))]


def _without_learning(judged: Judged, clips: Sequence[Clip], seed: int) -> Judged | None:
    from vocable.evaluate import random_weights

    name, tokenizer = f"{judged.name}, random weights", judged.tokenizer
    if hasattr(tokenizer, "model"):
        return Judged(name, type(tokenizer)(random_weights(tokenizer.model, seed)))
    encoder = tokenizer.encoder
    if not hasattr(encoder, "model"):
        return None  # MFCC and log-mels have no weights
    random = type(encoder)(random_weights(encoder.model, seed))
    centres = tokenizer.centres
    return _fitted(name, random, centres.sizes[0], centres.origin.layer, clips, seed)


def _fitted(
    name: str, encoder: Any, size: int, layer: int, clips: Sequence[Clip], seed: int
) -> Judged:
    from vocable.units.fitting import fit
    from vocable.units.tokenizer import UnitTokenizer

    try:
        centres = fit(encoder, clips, size, layer=layer, seed=seed).centres
    except VocableError as error:
        raise Refusal(f"--fit: {name}: {message_of(error)}") from error
    return _of_encoder(name, UnitTokenizer(encoder, centres))


def _of_encoder(name: str, tokenizer: Any) -> Judged:
    layer = tokenizer.centres.origin.layer
    return Judged(
        name, tokenizer, lambda audio: tokenizer.encoder.features([audio], layer=layer)[0]
    )
