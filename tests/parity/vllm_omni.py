"""Modules of the package `vllm-omni`, which holds the authors' code of several tokenizers.

    codec = module("moss_tts.audio_tokenizer_v2")

Its own packages import vLLM, which nothing of these tokenizers needs: they are passed by, and what
else a module imports of it has a stand-in.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from tests.parity.peers import absent, stand_ins

MODELS = "vllm_omni.model_executor.models"
VLLM = tuple(
    f"vllm{part}" for part in ("", ".config", ".logger", ".model_executor",
                               ".model_executor.model_loader",
                               ".model_executor.model_loader.weight_utils")
)  # fmt: skip


def module(name: str, *more: str) -> ModuleType:
    """Return a module below `vllm_omni.model_executor.models`; without it, the test is skipped.

    more: what else has a stand-in.
    """
    found = find_spec("vllm_omni")
    if found is None or not found.submodule_search_locations:
        absent("vllm-omni")
    folder, whole = Path(found.submodule_search_locations[0]), f"{MODELS}.{name}"
    with pytest.MonkeyPatch.context() as patch, stand_ins((*VLLM, *more)):
        parts = whole.split(".")
        for depth in range(1, len(parts)):
            package = ModuleType(".".join(parts[:depth]))
            package.__path__ = [str(folder.joinpath(*parts[1:depth]))]
            patch.setitem(sys.modules, package.__name__, package)
        return import_module(whole)
