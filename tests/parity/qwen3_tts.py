"""Qwen3-TTS's tokenizer as its package `qwen-tts` has it, to compare with.

The package pins transformers 4.57.3. For transformers 5 some names are put in the place of those
that are missing there, and its encoder is the whole Mimi. That encoder's attention then keeps to
the window of its config, which 4.57.3 lets be.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.parity.peers import peer
from tests.parity.randomise import randomise

UNUSED = ("encoder.decoder", "encoder.upsample")  # of the whole Mimi
MODELING = "qwen_tts.core.tokenizer_12hz.modeling_qwen3_tts_tokenizer_v2"


def tokenizer(config: dict[str, Any]) -> nn.Module:
    """Return a tokenizer with the weights that it begins with."""
    module = modeling()
    return module.Qwen3TTSTokenizerV2Model(module.Qwen3TTSTokenizerV2Config(**config)).eval()


@torch.no_grad()
def randomised(config: dict[str, Any], seed: int) -> nn.Module:
    """Return a tokenizer of random weights, whose sound reaches beyond ±1 here and there."""
    samples = 20 * config["encode_downsample_rate"]
    run = lambda model, x: decode(model, codes(model, x))  # noqa: E731
    model = randomise(tokenizer(config), seed, run, max(samples, 4000))
    for weight in model.decoder.decoder[-1].parameters():
        weight.mul_(0.4)
    return model


def latents(model: nn.Module, x: Tensor) -> Tensor:
    """Return what the encoder quantizes, `[batch, frames, dim]`, of `[batch, 1, samples]`."""
    quantizer = model.encoder.quantizer
    with mock.patch.object(quantizer, "encode", wraps=quantizer.encode) as search:
        codes(model, x)
    return search.call_args.args[0].transpose(1, 2)


def codes(model: nn.Module, x: Tensor) -> Tensor:
    """Return the codes `[batch, levels, frames]` of `[batch, 1, samples]`."""
    found = model.encode(x[:, 0], torch.ones(x[:, 0].shape, dtype=torch.long)).audio_codes
    return torch.stack(list(found)).transpose(1, 2)


def decode(model: nn.Module, codes: Tensor) -> Tensor:
    """Return the sound `[batch, 1, samples]` of codes `[batch, levels, frames]`, as a whole."""
    sound: Tensor = model.decoder(codes)
    return sound


def decode_in_chunks(model: nn.Module, codes: Tensor) -> Tensor:
    """Return the same as the package does: in chunks of 300 frames."""
    return torch.stack(list(model.decode(codes.transpose(1, 2)).audio_values))[:, None]


def write(model: nn.Module, config: dict[str, Any], folder: Path, half: bool = False) -> Path:
    """Write a tokenizer as it is published: config.json and model.safetensors; return the folder.

    half: floats in fp16, where they are such already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(
        json.dumps({"model_type": "qwen3_tts_tokenizer_12hz", **config})
    )
    tensors = {
        key: (value.half() if half and value.is_floating_point() else value).contiguous()
        for key, value in model.state_dict().items()
        if not key.startswith(UNUSED)
    }
    save_file(tensors, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)
    return folder


def modeling() -> ModuleType:
    """Return the package's module of the tokenizer; where it is absent, the test is skipped."""
    if peer("transformers").__version__.startswith("4."):
        peer("qwen_tts")
        return import_module(MODELING)
    generic = import_module("transformers.utils.generic")
    with mock.patch.object(generic, "check_model_inputs", lambda: lambda function: function):
        peer("qwen_tts")
    module = import_module(MODELING)
    module.Qwen3TTSTokenizerV2Encoder = module.MimiModel  # whose decoder `write` leaves out
    module.ROPE_INIT_FUNCTIONS = {"default": _turns}
    for name in ("create_causal_mask", "create_sliding_window_causal_mask"):
        own = getattr(import_module("transformers.masking_utils"), name)
        setattr(module, name, _renamed(own))
    return module


def _turns(config: Any, device: Any = None) -> tuple[Tensor, float]:
    """Return the rotary frequencies of a head."""
    pairs = torch.arange(0, config.head_dim, 2).float() / config.head_dim
    return 1 / config.rope_theta**pairs, 1.0


def _renamed(own: Any) -> Any:
    def call(*, config: Any, input_embeds: Tensor, position_ids: Tensor, **_: Any) -> Any:
        return own(config, input_embeds, None, None, position_ids)

    return call
