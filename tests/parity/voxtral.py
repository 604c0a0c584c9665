"""Voxtral's codec as the package `vllm-omni` has it, to compare with.

It computes attention by flash-attn where that is, else by torch, in fp32 here.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.parity.randomise import randomise
from tests.parity.vllm_omni import MODELS, module

BELOW = "audio_tokenizer."
ENCODER = ("input_proj.", "encoder_blocks.")
OTHERS = (
    *("regex", "mistral_common", "mistral_common.protocol", "mistral_common.protocol.instruct"),
    *("mistral_common.protocol.instruct.chunk", "mistral_common.tokens"),
    *("mistral_common.tokens.tokenizers", "mistral_common.tokens.tokenizers.audio"),
    *("vllm.inputs", "vllm.model_executor.models", "vllm.model_executor.models.interfaces"),
    *("vllm.model_executor.models.utils", "vllm.multimodal", "vllm.multimodal.inputs"),
    *("vllm.multimodal.parse", "vllm.multimodal.processing", "vllm.sequence", "vllm.tokenizers"),
    *("vllm.multimodal.processing.processor", "vllm.tokenizers.mistral", "vllm_omni.platforms"),
    *("vllm_omni.quantization", "vllm_omni.quantization.component_config"),
)


def code() -> ModuleType:
    """Return the package's module; where it is absent, the test is skipped."""
    # what it takes of the language model's module, whose own imports have no like here
    language = ModuleType(f"{MODELS}.voxtral_tts.voxtral_tts_audio_generation")
    language.AudioSpecialTokens = language.MultimodalAudioModelArgs = object
    language.FeedForward = FeedForward
    language.from_nested_dict = lambda kind, values: kind(**values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, language.__name__, language)
        return module("voxtral_tts.voxtral_tts_audio_tokenizer", *OTHERS)


class FeedForward(nn.Module):
    """The package's own, of three maps."""

    def __init__(self, dim: int, hidden_dim: int, use_biases: bool) -> None:
        super().__init__()
        self.w1 = nn.Linear(dim, hidden_dim, bias=False)
        self.w2 = nn.Linear(hidden_dim, dim, bias=use_biases)
        self.w3 = nn.Linear(dim, hidden_dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Gate, and map back."""
        return self.w2(nn.functional.silu(self.w1(x)) * self.w3(x))


def tokenizer(args: dict[str, Any]) -> nn.Module:
    """Return a codec with the weights that it begins with, without the language model's table."""
    package = code()
    config = SimpleNamespace(
        audio_config={"codec_args": args, "audio_model_args": {}},
        text_config=SimpleNamespace(hidden_size=1),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "MultiVocabEmbeddings", lambda **_: nn.Identity())
        of_vllm = SimpleNamespace(model_config=SimpleNamespace(hf_config=config))
        return package.VoxtralTTSAudioTokenizer(vllm_config=of_vllm).eval()


@torch.no_grad()
def randomised(args: dict[str, Any], seed: int) -> nn.Module:
    """Return a codec of random weights, whose codebook lies where the latents do."""
    model = tokenizer(args)
    frame = model.downsample_factor
    run = lambda model, x: model._forward_decoder(latents(model, x).transpose(1, 2))  # noqa: E731
    randomise(model, seed, run, 40 * frame, books=False)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(1, 1, 40 * frame, generator=generator) / 4
    rows = latents(model, noise)[0, :, : args["semantic_dim"]]
    book = model.quantizer.semantic_codebook
    size = book.cluster_usage.shape
    usage = 0.5 + 4 * torch.rand(size, generator=generator)
    usage[::16] = 0  # entries never used: the package divides by 1e-5 there
    entries = rows.mean(0) + rows.std(0) * torch.randn(*size, rows.shape[1], generator=generator)
    book.cluster_usage.copy_(usage)
    book.embedding_sum.copy_(entries * usage.clamp(min=1e-5)[:, None])
    return model


@torch.no_grad()
def latents(model: nn.Module, x: Tensor) -> Tensor:
    """Return what is quantized, `[batch, frames, dim]`, of `[batch, 1, samples]`, one by one."""
    # its attention takes a batch for one long sequence
    each = [model._forward_encoder(item[None]) for item in x]
    return torch.cat(each).transpose(1, 2)


def codes(model: nn.Module, x: Tensor) -> Tensor:
    """Return the codes `[batch, levels, frames]`, one by one."""
    each = [model.quantizer.encode(latents(model, item[None]).transpose(1, 2)) for item in x]
    return torch.cat(each)


@torch.no_grad()
def decode(model: nn.Module, codes: Tensor) -> Tensor:
    """Return the sound `[batch, 1, samples]` of codes `[batch, levels, frames]`, as a whole."""
    return torch.cat([model._forward_decoder(model.quantizer.decode(each[None])) for each in codes])


def write(
    model: nn.Module, args: dict[str, Any], folder: Path, *, encoder: bool, half: bool = False
) -> Path:
    """Write a codec as it is published, in a file with more; return the folder.

    encoder: whether it is written, too. half: floats in fp16.
    """
    folder.mkdir(parents=True, exist_ok=True)
    about = {"multimodal": {"audio_tokenizer_args": args}}
    (folder / "config.json").write_text(json.dumps(about))
    tensors = {
        BELOW + key: (value.half() if half else value).contiguous()
        for key, value in model.state_dict().items()
        if encoder or not key.startswith(ENCODER)
    }
    tensors["norm.weight"] = torch.ones(4)  # of the language model
    tensors[BELOW + "audio_token_embedding.embeddings.weight"] = torch.ones(4, 2)
    save_file(tensors, folder / "consolidated.safetensors")
    (folder / "consolidated.safetensors").chmod(0o644)
    return folder
