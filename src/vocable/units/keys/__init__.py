"""Layouts of published encoders' checkpoints: one module each, by the contract of codecs/keys.

The checkpoints, and how they are read, are those of `vocable.codecs.keys`; what a family's keys
are called is here.
"""

from __future__ import annotations

from importlib import import_module

from vocable.codecs.keys.checkpoint import Layout

FAMILIES = {  # families -> the module that knows their layouts
    "wav2vec 2.0, HuBERT, WavLM": "vocable.units.keys.wav2vec2",
    "w2v-BERT": "vocable.units.keys.w2v_bert",
    "CPC": "vocable.units.keys.cpc",
}


def families() -> list[str]:
    """Return the names of the families whose checkpoints are known."""
    return ", ".join(FAMILIES).split(", ")


def layouts() -> list[Layout]:
    """Return the modules that read published checkpoints, imported when they are needed."""
    modules: list[Layout] = [import_module(module) for module in FAMILIES.values()]
    return modules
