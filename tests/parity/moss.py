"""MOSS-Audio-Tokenizer as its authors' code has it, in the package `vllm-omni`, to compare with."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.parity.randomise import randomise
from tests.parity.vllm_omni import module

Form = Literal["first", "later"]
_OLD = ((r"\.ffn\.0\.", ".linear1."), (r"\.ffn\.2\.", ".linear2."))
_NEW = ((r"\.(in|out)_projs\.0\.", r".\1_proj."),)


def tokenizer(config: dict[str, Any], form: Form = "later") -> nn.Module:
    """Return a tokenizer with the weights that it begins with.

    form: the first one has no maps between as many channels as the layers have.
    """
    code = module("moss_tts.audio_tokenizer_v2")
    given = {"number_channels": 1} | {k: v for k, v in config.items() if v is not None}
    model = code.MossAudioTokenizerModel(code.MossAudioTokenizerConfig(**given)).eval()
    for stage in [*model.encoder, *model.decoder]:
        for name in ("input_proj", "output_proj"):
            weight = getattr(getattr(stage, name, None), "weight", None)
            if form == "first" and weight is not None and weight.shape[0] == weight.shape[1]:
                setattr(stage, name, nn.Identity())
    return model


def randomised(config: dict[str, Any], seed: int, form: Form = "later") -> nn.Module:
    """Return a tokenizer of random weights."""
    run = lambda model, x: decode(model, codes(model, x))  # noqa: E731
    samples = 30 * config["downsample_rate"]
    return randomise(tokenizer(config, form), seed, run, samples)


@torch.no_grad()
def latents(model: nn.Module, x: Tensor) -> Tensor:
    """Return what is quantized, `[batch, frames, dim]`, of `[batch, channels, samples]`."""
    return model.quantizer.input_proj(model._encode_frame(x).encoder_hidden_states).transpose(1, 2)


def codes(model: nn.Module, x: Tensor) -> Tensor:
    """Return the codes `[batch, levels, frames]` of whole frames."""
    found = model._encode_frame(x)
    return found.audio_codes.transpose(0, 1)[..., : int(found.audio_codes_lengths[0])]


def decode(model: nn.Module, codes: Tensor) -> Tensor:
    """Return the sound `[batch, channels, samples]` of codes `[batch, levels, frames]`."""
    sound: Tensor = model._decode_frame(codes.transpose(0, 1)).audio
    return sound


def write(
    model: nn.Module, config: dict[str, Any], folder: Path, form: Form = "later", half: bool = False
) -> Path:
    """Write a tokenizer as it is published; return the folder. half: floats in fp16."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {"model_type": "moss-audio-tokenizer", **config}
    (folder / "config.json").write_text(json.dumps(about))
    tensors = {}
    for key, value in model.state_dict().items():
        for pattern, instead in _OLD if form == "first" else _NEW:
            key = re.sub(pattern, instead, key)
        tensors[key] = (value.half() if half else value).contiguous()
    save_file(tensors, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)
    return folder
