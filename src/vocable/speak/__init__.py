"""Speak: voices, and models that say texts with them.

speaking    one form for all models that say texts     turns       a CSM's and an Orpheus'
reference   what is doubtful about a recording         embedding   what tells voices apart
best        several times, and the best of these       adapters    what fine-tuning has learnt
prepare/    recordings as a set of snippets            finetune/   a model, on the voice of a set
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {"Speaks": "speaking", "Speech": "speaking", "speaker": "speaking",
          "Turn": "turns", "read_turns": "turns"}  # fmt: skip
__all__ = ["Speaks", "Speech", "Turn", "read_turns", "speaker"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
