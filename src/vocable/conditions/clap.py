"""CLAP of `transformers`: sounds and their descriptions in one space.

"Large-scale Contrastive Language-Audio Pretraining with Feature Fusion and Keyword-to-Caption
Augmentation" (Wu et al. 2023, arXiv:2211.06687). Its own feature extractor comes first: windows
that are shorter than ten seconds are repeated, as it was trained.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vocable.conditions.embedding import Windows
from vocable.errors import ModelError
from vocable.weights import digest


class Clap:
    """A `ClapModel` with its processor. name: the folder, or `owner/name` on the model hub.

    ModelError without the package, and for what is not a CLAP.
    """

    def __init__(self, name: str, device: str | torch.device | None = None) -> None:
        self.name = str(Path(name).resolve()) if Path(name).exists() else name
        self._model, self._processor = _load(name)
        self._model.to(device or "cpu")
        extractor = self._processor.feature_extractor
        self.rate = int(extractor.sampling_rate)
        weights = digest(self._model.state_dict(), json.dumps(extractor.to_dict(), sort_keys=True))
        self.space = f"{_word(name)}@1:{weights}"

    @torch.inference_mode()
    def sound(self, windows: Windows) -> Float[Tensor, "windows width"]:
        """Return the vectors of windows, of length 1."""
        before = np.random.get_state()  # the extractor draws which of a batch it calls longer
        try:
            each = [
                self._processor.feature_extractor(
                    samples, sampling_rate=self.rate, return_tensors="pt"
                )
                for samples in windows
            ]
        finally:
            np.random.set_state(before)
        joined = {key: torch.cat([found[key] for found in each]) for key in each[0]}
        return self._vectors(self._model.get_audio_features, joined)

    @torch.inference_mode()
    def text(self, text: str) -> Float[Tensor, " width"]:
        """Return the vector of a text, of length 1; what exceeds the model's context is cut."""
        given = self._processor.tokenizer([text], truncation=True, return_tensors="pt")
        return self._vectors(self._model.get_text_features, given)[0]

    def _vectors(self, features: Any, given: Any) -> Tensor:
        device = self._model.device
        found: Tensor = features(**{k: v.to(device) for k, v in given.items()}).pooler_output
        return found.float().cpu()


def _load(name: str) -> tuple[Any, Any]:
    try:
        import transformers
    except ImportError as error:
        raise ModelError(
            f'{name} as a condition needs the package transformers: pip install "vocable[language]"'
        ) from error
    try:
        kind = transformers.AutoConfig.from_pretrained(name).model_type
        if kind != "clap":
            raise ModelError(f"{name} is a {kind}; a condition is of say-16k or of a CLAP")
        with torch.random.fork_rng(devices=[]), _without_bars(transformers.utils.logging):
            model = transformers.ClapModel.from_pretrained(name, dtype=torch.float32)
        return model.eval().requires_grad_(False), transformers.ClapProcessor.from_pretrained(name)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"{name} is neither say-16k nor a CLAP that can be loaded ({reason})"
        ) from error


@contextmanager
def _without_bars(settings: Any) -> Iterator[None]:
    """Let transformers print no bars of progress; they belong to who calls."""
    shown = settings.is_progress_bar_enabled()
    settings.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            settings.enable_progress_bar()


def _word(name: str) -> str:
    """Return the last part of a name, of the letters that a space may have."""
    return re.sub(r"[^\w.+-]", "-", Path(name).name, flags=re.ASCII) or "clap"
