"""Run the model of transformers that an encoder's folder was written for; compare every layer."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vocable.testing.compare import WHOLE_CODEC, check_rows_equal
from vocable.units import FeatureEncoder


@torch.no_grad()
def compare_layers(encoder: FeatureEncoder, folder: Path, x: Tensor) -> str:
    """Compare all layers of a recording `[samples]`, and say how far they lie apart at most.

    AssertionError where that is more than 1e-4 of the largest value of a layer, ImportError without
    transformers.
    """
    package = import_module("transformers")
    model = package.AutoModel.from_pretrained(folder, local_files_only=True).eval()
    found = model(_input(package, encoder, x), output_hidden_states=True)
    apart = 0.0
    for layer, wanted in enumerate(found.hidden_states):
        rows = torch.from_numpy(encoder.features(x.numpy(), encoder.rate, layer=layer)[0])
        check_rows_equal(f"layer {layer}", rows, wanted[0], atol=WHOLE_CODEC, axis=0)
        apart = max(apart, float((rows - wanted[0]).abs().max() / wanted.abs().max().clamp(min=1)))
    return f"transformers: layers 0 to {encoder.layers} within {apart:.1e} of their peaks"


def _input(package: Any, encoder: FeatureEncoder, x: Tensor) -> Tensor:
    """Return what the model takes: the recording, normalised or not, or log-mels."""
    if encoder.name.startswith("w2v-bert"):
        bank = package.SeamlessM4TFeatureExtractor()
        made = bank(x.numpy(), sampling_rate=encoder.rate, padding=False, return_tensors="pt")
        features: Tensor = made["input_features"].float()
        return features
    return (torch.nn.functional.layer_norm(x, x.shape) if encoder.model.normalize else x)[None]
