"""By what a file names a model that coded it, and the machine on which it did."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

import numpy as np

from vocable.language.coder.foretells import Foretells
from vocable.language.coder.steps import one_thread, walk
from vocable.language.lessons import Lesson
from vocable.tokens.file.coding_model import DIGEST_BYTES


def digest_of(network: Any) -> bytes:
    """Return the start of a SHA-256 over config and weights, in the order of their keys."""
    found = hashlib.sha256(type(network).__name__.encode())
    found.update(json.dumps(asdict(network.config), sort_keys=True).encode())
    for key, tensor in sorted(network.state_dict().items()):
        found.update(f"{key} {list(tensor.shape)}".encode())
        found.update(np.ascontiguousarray(tensor.float().numpy(), "<f4").tobytes())
    return found.digest()[:DIGEST_BYTES]


def arithmetic_of(network: Foretells, score: Lesson, streams: int, positions: int) -> bytes:
    """Return the start of a SHA-256 over the logits of a score with made-up codes, bit by bit."""
    found = hashlib.sha256()

    def choose(some: np.ndarray, level: int, logits: np.ndarray) -> np.ndarray:
        found.update(np.ascontiguousarray(logits, "<f4").tobytes())
        codes: np.ndarray = (logits.argmax(1) + 7 * some + level) % logits.shape[1]
        return codes

    with one_thread():
        walk(network, [score] * streams, positions, choose)
    return found.digest()[:DIGEST_BYTES]
