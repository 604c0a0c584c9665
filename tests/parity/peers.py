"""Import the codecs and quantizers that ours are compared with, each as it was published.

    transformers = peer("transformers")    # the module, or the test is skipped

`python3 dev.py parity` installs them all and sets VOCABLE_PARITY=all: absence is a failure then.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NoReturn
from unittest.mock import MagicMock

import pytest

PEERS = {
    "transformers": "transformers",
    "encodec": "encodec",
    "dac": "descript-audio-codec",
    "moshi": "moshi",
    "snac": "snac",
    "speechtokenizer": "speechtokenizer",
    "bigcodec": "bigcodec",
    "pocket_tts": "pocket-tts",
    "qwen_tts": "qwen-tts",
    "vector_quantize_pytorch": "vector-quantize-pytorch",
    "vocos": "vocos",
}  # modules, and the packages that hold them
TORCHAUDIO = tuple(
    f"torchaudio{part}" for part in ("", ".functional", ".functional.functional", ".transforms",
                                     ".compliance", ".compliance.kaldi")
)  # fmt: skip
# what a peer imports, and what stands in for it: neither encoding nor decoding calls any of it
STAND_INS = {
    "encodec": TORCHAUDIO, "dac": TORCHAUDIO, "moshi": TORCHAUDIO, "bigcodec": TORCHAUDIO,
    "speechtokenizer": ("speechtokenizer.trainer",), "vocos": TORCHAUDIO,
    "pocket_tts": ("sentencepiece",),
    "qwen_tts": tuple(f"qwen_tts.{part}" for part in (
        "inference", "inference.qwen3_tts_model", "inference.qwen3_tts_tokenizer",
        "core.tokenizer_25hz", "core.tokenizer_25hz.configuration_qwen3_tts_tokenizer_v1",
        "core.tokenizer_25hz.modeling_qwen3_tts_tokenizer_v1",
    )),
}  # fmt: skip
PARTS = {"moshi": "moshi.models", "qwen_tts": "qwen_tts.core"}  # that a package imports when asked


def peer(name: str) -> ModuleType:
    """Return a peer's module; where it is absent the test is skipped, or fails if all are wanted.

    Works at the top of a file, too: then all of the file's tests are skipped.
    """
    if find_spec(name) is None:
        absent(PEERS[name])
    with stand_ins(STAND_INS.get(name, ())):
        module = import_module(name)
        if name in PARTS:
            import_module(PARTS[name])
    return module


def absent(package: str) -> NoReturn:
    """Skip the test, or fail if all peers are wanted."""
    reason = f'{package} is not installed: "python3 dev.py parity" installs it and runs this'
    if os.environ.get("VOCABLE_PARITY") == "all":
        raise RuntimeError(reason)
    pytest.skip(reason, allow_module_level=True)


def checkout(repository: str, *modules: str) -> dict[str, ModuleType]:
    """Return modules of a repository that is no package, by their names in it.

    VOCABLE_CHECKOUTS names a folder with a clone of it; without one the test is skipped.
    """
    root = Path(os.environ.get("VOCABLE_CHECKOUTS", ".")) / repository
    if "VOCABLE_CHECKOUTS" not in os.environ or not root.is_dir():
        reason = f"no clone of {repository}: VOCABLE_CHECKOUTS names a folder that holds one"
        pytest.skip(reason, allow_module_level=True)
    with pytest.MonkeyPatch.context() as patch, stand_ins(TORCHAUDIO):
        patch.syspath_prepend(str(root))
        return {name: import_module(name) for name in modules}


@contextmanager
def stand_ins(names: tuple[str, ...]) -> Iterator[None]:
    """Let imports succeed of what a peer does not use here, while it is imported.

    torchaudio has no build for this torch, and the trainer of speechtokenizer asks for more yet.
    """
    absent = [name for name in names if name not in sys.modules]
    for name in absent:
        module = MagicMock(__spec__=ModuleSpec(name, None), __path__=[], __version__="2.0")
        sys.modules[name] = module
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
