"""Write a small codec of Voxtral as published, and what `vllm-omni` makes of a sound.

    pip install --no-deps vllm-omni==0.30.0
    python -m tests.golden.voxtral.make

checkpoint/ holds config.json and consolidated.safetensors (random weights, rounded to fp16; with
the encoder, which the published file lacks); answers.safetensors `sound` [1, 1, T], `latents`
[1, frames, dim], `codes` [1, levels, frames], `decoded` [1, 1, T].
"""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tests.parity import voxtral as package
from tests.parity.randomise import sound

HERE = Path(__file__).parent
# 16 samples a frame; attention sees 4 rows before its own next to the sound, 1 in the depth
ARGS: dict[str, Any] = {
    "channels": 1, "sampling_rate": 4000, "pretransform_patch_size": 4,
    "patch_proj_kernel_size": 3, "semantic_codebook_size": 32, "semantic_dim": 4,
    "acoustic_codebook_size": 5, "acoustic_dim": 3, "conv_weight_norm": True, "causal": True,
    "attn_sliding_window_size": 8, "half_attn_window_upon_downsampling": True, "dim": 8,
    "hidden_dim": 12, "head_dim": 6, "n_heads": 2, "n_kv_heads": 2, "qk_norm_eps": 1e-6,
    "qk_norm": True, "use_biases": False, "norm_eps": 0.01, "layer_scale": True,
    "layer_scale_init": 0.01,
    "encoder_transformer_lengths_str": "1,2,1", "encoder_convs_kernels_str": "4,4,3",
    "encoder_convs_strides_str": "2,2,1",
    "decoder_transformer_lengths_str": "1,2,1", "decoder_convs_kernels_str": "3,4,4",
    "decoder_convs_strides_str": "1,2,2",
}  # fmt: skip


@torch.no_grad()
def main() -> None:
    """Write all files."""
    model = package.randomised(ARGS, seed=3)
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.copy_(tensor.half())
    package.write(model, ARGS, HERE / "checkpoint", encoder=True, half=True)
    x = sound(16 * 20, seed=4)
    codes = package.codes(model, x)
    answers = {
        "sound": x,
        "latents": package.latents(model, x),
        "codes": codes.to(torch.int16),
        "decoded": package.decode(model, codes),
    }
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
