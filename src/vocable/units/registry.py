"""The encoders that checkpoints are read into, by the name of their architecture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from vocable.errors import ModelError
from vocable.fitting import fit
from vocable.units.encoder import EncoderModel


def _wav2vec2() -> tuple[type[Any], type[EncoderModel]]:
    from vocable.units.wav2vec2 import Wav2Vec2, Wav2Vec2Config

    return Wav2Vec2Config, Wav2Vec2


def _wavlm() -> tuple[type[Any], type[EncoderModel]]:
    from vocable.units.wavlm import WavLM, WavLMConfig

    return WavLMConfig, WavLM


def _w2v_bert() -> tuple[type[Any], type[EncoderModel]]:
    from vocable.units.w2v_bert import W2vBert, W2vBertConfig

    return W2vBertConfig, W2vBert


def _cpc() -> tuple[type[Any], type[EncoderModel]]:
    from vocable.units.cpc import CPC, CPCConfig

    return CPCConfig, CPC


_ARCHITECTURES: dict[str, Callable[[], tuple[type[Any], type[EncoderModel]]]] = {
    "wav2vec2": _wav2vec2,
    "wavlm": _wavlm,
    "w2v-bert": _w2v_bert,
    "cpc": _cpc,
}


def outline(architecture: str, name: str, config: Mapping[str, Any]) -> EncoderModel:
    """Return an encoder that says what it is; its weights take no memory, and are none."""
    from vocable.nn.settings import without_memory

    kind, model = _ARCHITECTURES[architecture]()
    values = fit(kind, config, "config", ModelError, "config.")
    with without_memory():
        made = model(values)
    made.name = name
    return made


def build(
    architecture: str, name: str, config: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> EncoderModel:
    """Return an encoder with these tensors, every key and shape of which must fit.

    It takes no memory before they are known to.
    """
    from vocable import weights
    from vocable.nn.settings import plain_settings

    made = outline(architecture, name, config)
    with plain_settings():
        weights.check_finite(tensors, "fetch it again")
        weights.load_tensors(made, tensors)
    return made.eval().requires_grad_(False)
