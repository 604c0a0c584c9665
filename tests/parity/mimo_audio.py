"""MiMo-Audio-Tokenizer as its authors' code has it, in the package `vllm-omni`, to compare with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.parity.randomise import randomise
from tests.parity.vllm_omni import module

# 16 samples a frame; attention next to the sound sees 3 rows back and 2 ahead
TOY: dict[str, Any] = {
    "max_audio_seconds": 1800, "stride_size": 2, "avg_pooler": 2, "d_model": 8,
    "scale_embedding": False, "kernel_size": 3, "activation_function": "gelu",
    "encoder_layers": 3, "encoder_skip_layer_id": 2, "encoder_attention_heads": 2,
    "encoder_ffn_dim": 12, "encoder_causal": False, "encoder_attn_window_size": [-1, -1],
    "decoder_layers": 2, "decoder_attention_heads": 1, "decoder_ffn_dim": 10,
    "decoder_kernel_size": 3, "decoder_stride_size": 2, "decoder_causal": True,
    "decoder_attn_window_size": [-1, -1], "nfft": 32, "vocoder_dim": 12,
    "vocoder_intermediate_dim": 16, "vocoder_num_layers": 2, "n_mels": 6, "sampling_rate": 4000,
    "hop_length": 4, "window_size": 32, "vocoder_padding": "same", "fmin": 0, "fmax": None,
    "num_quantizers": 4, "codebook_size": [32, 32, 16, 16], "threshold_ema_dead_code": 2,
    "position_embedding_type": "rope", "rope_theta": 10000, "rope_type": "default",
    "ln_type": "LayerNorm", "vocoder_attention_heads": 3, "vocoder_attn_window_size": [3, 2],
}  # fmt: skip
ROWS = 6000  # of spectra, that its program encodes together


def tokenizer(config: dict[str, Any]) -> nn.Module:
    """Return a tokenizer with the weights that it begins with."""
    code = module("mimo_audio.modeling_audio_tokenizer")
    return code.MiMoAudioTokenizer(code.MiMoAudioTokenizerConfig(**config)).eval()


def randomised(config: dict[str, Any], seed: int) -> nn.Module:
    """Return a tokenizer of random weights."""
    run = lambda model, x: decode(model, codes(model, x))  # noqa: E731
    samples = 60 * 4 * config["hop_length"]
    return randomise(tokenizer(config), seed, run, samples)


def spectra(config: Any, x: Tensor) -> Tensor:
    """Return the log-mels `[rows, bands]` of `[1, 1, samples]`, by torchaudio's formulas.

    Those of its `MelSpectrogram`, with power 1, as the program makes one; in fp32, as there.
    """
    window, rate, bands = config.window_size, config.sampling_rate, config.n_mels
    taper = torch.hann_window(window)
    found = torch.stft(
        x[0, 0], config.nfft, config.hop_length, window, taper, center=True, pad_mode="reflect",
        return_complex=True,
    ).abs()  # fmt: skip
    bins = torch.linspace(0, rate // 2, config.nfft // 2 + 1)
    top = 2595.0 * torch.log10(torch.tensor(1.0 + rate / 2 / 700.0, dtype=torch.float64))
    edges = 700.0 * (10.0 ** (torch.linspace(0.0, float(top), bands + 2) / 2595.0) - 1.0)
    apart, widths = edges - bins[:, None], edges.diff()
    down, up = -apart[:, :-2] / widths[:-1], apart[:, 2:] / widths[1:]
    filters = torch.minimum(down, up).clamp(min=0.0)
    return (found.T @ filters).clip(min=1e-7).log()


@torch.no_grad()
def latents(model: nn.Module, x: Tensor, rows: int = ROWS) -> Tensor:
    """Return what is quantized, `[1, frames, dim]`, of `[1, 1, samples]`; rows: as for `codes`."""
    found = []
    for part in spectra(model.config, x).split(rows):
        count = model.encoder.get_output_length(torch.tensor([len(part)]))
        found.append(model.encoder.get_features(part.T[None], count)[0])
    return torch.cat(found)[None]


@torch.no_grad()
def codes(model: nn.Module, x: Tensor, rows: int = ROWS) -> Tensor:
    """Return the codes `[1, levels, frames]` of `[1, 1, samples]`.

    rows: of spectra, that are encoded together: as its program cuts them, one call each.
    """
    encode, found = model.encoder.encode, []
    for part in spectra(model.config, x).split(rows):
        found.append(encode(part, torch.tensor([len(part)]), return_codes_only=True)[0])
    return torch.cat(found, 1)[None]


def decode(model: nn.Module, codes: Tensor) -> Tensor:
    """Return the sound `[1, 1, samples]` of codes `[1, levels, frames]`."""
    sound: Tensor = model.decode(codes[0])
    return sound


def write(model: nn.Module, config: dict[str, Any], folder: Path, half: bool = False) -> Path:
    """Write a tokenizer as it is published; return the folder. half: floats in fp16."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {"model_type": "mimo_audio_tokenizer", **config}
    (folder / "config.json").write_text(json.dumps(about))
    tensors = {k: v.half() if half else v for k, v in model.state_dict().items()}
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)
    return folder
