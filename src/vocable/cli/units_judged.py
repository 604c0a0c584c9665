"""Gather what `vocable units evaluate` judges: the units that are asked for, and baselines."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vocable.cli.errors import Refusal, message_of
from vocable.cli.units_open import open_centres
from vocable.errors import VocableError

if TYPE_CHECKING:
    from vocable.audio.manifest import Clip
    from vocable.units.tokenizer import UnitTokenizer


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
        return _of_centres(os.path.basename(name), open_centres(name, encoder))
    from vocable.load import load_tokenizer
    from vocable.units.layers import TokenizerLayers, has_layers

    try:
        tokenizer = load_tokenizer(name)
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error
    before = TokenizerLayers(tokenizer).before_units if has_layers(tokenizer) else None
    return Judged(name, tokenizer, before)


def baselines(asked: Sequence[Judged], clips: Sequence[Clip], seed: int) -> list[Judged]:
    """Return MFCC, log-mels and random weights, clustered into as many units over `clips`.

    Random weights are those of what is asked, all in random order; a codec's centres, which are
    among its weights, too.
    """
    from vocable.units.signal_encoder import SIGNAL_ENCODERS, SignalEncoder

    size = asked[0].tokenizer.spec.levels[0].size
    how = size, 0, clips, seed, False
    rows = [_fitted(name, SignalEncoder(name), *how) for name in SIGNAL_ENCODERS]
    return rows + [found for each in asked if (found := _without_learning(each, clips, seed))]


def _without_learning(judged: Judged, clips: Sequence[Clip], seed: int) -> Judged | None:
    from vocable.evaluate import random_weights
    from vocable.units.layers import TokenizerLayers, has_layers

    name, tokenizer = f"{judged.name}, random weights", judged.tokenizer
    if hasattr(tokenizer, "model"):
        made = type(tokenizer)(random_weights(tokenizer.model, seed))
        if not has_layers(made):
            return Judged(name, made)
        layers, size = TokenizerLayers(made), made.spec.levels[0].size
        return _fitted(name, layers, size, layers.layers, clips, seed, True)
    if not hasattr(tokenizer.encoder, "model"):
        return None  # MFCC and log-mels have no weights
    centres, random = tokenizer.centres, _in_random_order(tokenizer.encoder, seed)
    standardise, layer = centres.mean is not None, centres.origin.layer
    return _fitted(name, random, centres.sizes[0], layer, clips, seed, standardise)


def _in_random_order(encoder: Any, seed: int) -> Any:
    from vocable.evaluate import random_weights

    model, layers = random_weights(encoder.model, seed), hasattr(encoder, "tokenizer")
    return type(encoder)(type(encoder.tokenizer)(model) if layers else model)


def _fitted(
    name: str,
    encoder: Any,
    size: int,
    layer: int,
    clips: Sequence[Clip],
    seed: int,
    standardise: bool,
) -> Judged:
    from vocable.units.fitting import fit
    from vocable.units.tokenizer import UnitTokenizer

    try:
        centres = fit(encoder, clips, size, layer=layer, seed=seed, standardise=standardise).centres
    except VocableError as error:
        raise Refusal(f"--fit: {name}: {message_of(error)}") from error
    return _of_centres(name, UnitTokenizer(encoder, centres))


def _of_centres(name: str, tokenizer: UnitTokenizer) -> Judged:
    return Judged(name, tokenizer, tokenizer.features)
