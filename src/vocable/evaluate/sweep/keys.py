"""Name what a sweep keeps by hashes of content, so that equal work is known again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from vocable.audio import Audio
from vocable.tokens import AudioTokens

SIZE = 16  # hex digits: 64 bits, of which a million differ but for one chance in 10^7


def key_of_audio(audio: Audio) -> str:
    """Return the hash of samples, channels and rate."""
    return _hash([audio.rate, audio.channels], np.ascontiguousarray(audio.samples, "<f4"))


def key_of(facts: Any) -> str:
    """Return the hash of what can be written as JSON, whatever the order of its keys."""
    return _hash(facts)


def key_of_tokens(tokens: AudioTokens) -> str:
    """Return the hash of all that decoding depends on."""
    source = tokens.source
    facts: Mapping[str, Any] = {
        "space": tokens.spec.space,
        "source": source and [source.samples, str(source.rate), source.channels],
        "shapes": [stack.shape for stack in tokens.stacks],
        "sides": {name: [side.shape, side.dtype.str] for name, side in tokens.sides.items()},
        "durations": None if tokens.durations is None else tokens.durations.tolist(),
    }
    arrays = [*tokens.stacks, *(tokens.sides[name] for name in sorted(tokens.sides))]
    return _hash(facts, *arrays)


def _hash(facts: Any, *arrays: np.ndarray) -> str:
    found = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for array in arrays:
        found.update(array.tobytes())
    return found.hexdigest()[:SIZE]
