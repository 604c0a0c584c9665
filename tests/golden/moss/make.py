"""Write two small MOSS-Audio-Tokenizers as published, and what their authors' code makes of sounds.

    pip install --no-deps vllm-omni==0.30.0
    python -m tests.golden.moss.make

first/ has the keys of the first one, mono; later/ those of the others, stereo, with a patch behind
the deepest stage. Each holds config.json and model.safetensors (random weights, rounded to fp16);
first.safetensors and later.safetensors `sound` [1, channels, T], `latents` [1, frames, dim],
`codes` [1, levels, frames], `decoded` [1, channels, T].
"""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tests.parity import moss as package
from tests.parity.randomise import sound

HERE = Path(__file__).parent


def patch(size: int) -> dict[str, Any]:
    """Return so many rows side by side."""
    return {"module_type": "PatchedPretransform", "patch_size": size}


def stage(channels: int, out: int, seconds: float, **more: Any) -> dict[str, Any]:
    """Return a stage of layers between maps."""
    return {
        "module_type": "Transformer", "input_dimension": channels, "output_dimension": out,
        "d_model": 8, "num_heads": 2, "num_layers": 1, "dim_feedforward": 12, "causal": True,
        "norm": "layer_norm", "positional_embedding": "rope", "max_period": 10_000,
        "gating": "none", "layer_scale": 0.01, "conv_layout": True, "context_duration": seconds,
        **more,
    }  # fmt: skip


def quantizer(levels: int) -> dict[str, Any]:
    """Return a quantizer of so many levels."""
    return {
        "input_dim": 12, "rvq_dim": 8, "output_dim": 12, "num_quantizers": levels,
        "codebook_size": 32, "codebook_dim": 4, "quantizer_type": "rlfq",
    }  # fmt: skip


# attention over 7 and 5 rows, at 500 and 250 a second, of 12 samples a frame
FIRST: dict[str, Any] = {
    "sampling_rate": 3000, "downsample_rate": 12, "number_channels": None,
    "causal_transformer_context_duration": 0.02,
    "encoder_kwargs": [
        patch(6), stage(6, 4, 0.014), patch(2), stage(8, 12, 0.02),
    ],
    "decoder_kwargs": [stage(12, 8, 0.02), patch(2), stage(4, 6, 0.014), patch(6)],
    "quantizer_kwargs": quantizer(5),
}  # fmt: skip
LATER: dict[str, Any] = {
    "sampling_rate": 3000, "downsample_rate": 12, "number_channels": 2,
    "enable_channel_interleave": True,
    "encoder_kwargs": [
        patch(6), stage(6, 4, 0.007), patch(2), stage(8, 6, 0.01, num_layers=2), patch(2),
    ],
    "decoder_kwargs": [
        patch(2), stage(6, 8, 0.01, num_layers=2), patch(2), stage(4, 6, 0.007), patch(6),
    ],
    "quantizer_kwargs": quantizer(3),
}  # fmt: skip
CASES = {"first": FIRST, "later": LATER}


@torch.no_grad()
def main() -> None:
    """Write all files."""
    for form, config in CASES.items():
        model = package.randomised(config, 3, form)
        for weight in model.parameters():
            weight.copy_(weight.half())
        package.write(model, config, HERE / form, form, half=True)
        x = sound(12 * 20, channels=config["number_channels"] or 1, seed=4)
        codes = package.codes(model, x)
        answers = {
            "sound": x,
            "latents": package.latents(model, x),
            "codes": codes.to(torch.int16),
            "decoded": package.decode(model, codes),
        }
        path = HERE / f"{form}.safetensors"
        save_file({key: value.contiguous() for key, value in answers.items()}, path)
        path.chmod(0o644)


if __name__ == "__main__":
    main()
