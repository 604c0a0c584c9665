"""Run, as transformers has them, the codecs that hear by an encoder of speech as well."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vocable.codecs.codes import Codes
from vocable.testing.references import Reference

_AROUND = {"xcodec2": 160, "neucodec": 0}  # samples of silence around what w2v-BERT gets
_FRAME = 320


def xcodec2_reference(model: Any) -> Reference:
    """Return X-Codec 2 or NeuCodec; tokens of frames that have not begun are left out.

    Features are those of the extractor of SeamlessM4T, which the authors' code takes: that of
    transformers needs torchaudio.
    """
    extractor = import_module("transformers").SeamlessM4TFeatureExtractor()
    around = _AROUND[model.config.model_type]

    def encoded(x: Tensor) -> tuple[Tensor, Tensor]:
        frames = -(-x.shape[2] // _FRAME)
        x = F.pad(x, (0, _FRAME - x.shape[2] % _FRAME))
        padded = F.pad(x[:, 0], (around, around))
        features = [
            extractor(row.numpy(), sampling_rate=16_000, padding=False, return_tensors="pt")
            for row in padded
        ]
        bands = torch.cat([each["input_features"].float() for each in features])
        kept: list[Tensor] = []
        hook = model.fc_encoder.register_forward_hook(lambda layer, given, y: kept.append(y))
        codes = model.encode(x, input_features=bands).audio_codes.long()
        hook.remove()
        return kept[0][:, :frames], codes[..., :frames]

    def sound(codes: Codes) -> Tensor:
        y: Tensor = model.decode(torch.stack(list(codes), 1)).audio_values
        return y

    return Reference(
        "transformers", lambda x: encoded(x)[0], lambda x: encoded(x)[1].unbind(1), sound
    )


def xcodec_reference(model: Any) -> Reference:
    """Return X-Codec or the Higgs audio tokenizer, for recordings of whole frames."""

    def latents(x: Tensor) -> Tensor:
        kept: list[Tensor] = []
        hook = model.fc.register_forward_hook(lambda layer, given, y: kept.append(y))
        model.encode(x)
        hook.remove()
        return kept[0]

    def sound(codes: Codes) -> Tensor:
        y: Tensor = model.decode(torch.stack(list(codes), 1)).audio_values
        return y

    return Reference(
        "transformers", latents, lambda x: model.encode(x).audio_codes.unbind(1), sound
    )
