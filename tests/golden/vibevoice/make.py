"""Write small tokenizers of VibeVoice, and what transformers makes of a sound with them.

    python -m tests.golden.vibevoice.make

acoustic/ and semantic/ hold config.json and model.safetensors (random weights, rounded to fp16);
answers.safetensors `sound` [1, 1, T], `latents` [1, frames, 6] and `decoded` [1, 1, T] of the one,
`semantic` [1, frames, 10] of the other.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from tests.parity.checkpoints import write_hub_folder
from tests.parity.peers import peer
from tests.parity.randomise import randomise, sound

HERE = Path(__file__).parent
SIZES: dict[str, Any] = dict(
    hidden_size=6, kernel_size=3, num_filters=2, downsampling_ratios=[2, 8], depths=[1, 2, 1],
    ffn_expansion=2, layer_scale_init_value=1e-6,
)  # fmt: skip


def acoustic(sizes: dict[str, Any], seed: int) -> nn.Module:
    """Return an acoustic tokenizer of random weights."""
    package = peer("transformers")
    made = package.VibeVoiceAcousticTokenizerModel(
        package.VibeVoiceAcousticTokenizerConfig(**sizes)
    )
    return randomise(made, seed, lambda model, x: model(x, sample=False), books=False)


def semantic(sizes: dict[str, Any], seed: int) -> nn.Module:
    """Return a semantic tokenizer of random weights: an encoder by itself."""
    package = peer("transformers")
    config = package.VibeVoiceAcousticTokenizerEncoderConfig(**sizes)
    made = package.AutoModel.from_config(config)
    return randomise(made, seed, books=False)


@torch.no_grad()
def main() -> None:
    """Write all files."""
    models = {"acoustic": acoustic(SIZES, 3), "semantic": semantic({**SIZES, "hidden_size": 10}, 4)}
    for name, model in models.items():
        for tensor in model.parameters():
            tensor.copy_(tensor.half())
        model.half()
        write_hub_folder(model, HERE / name).chmod(0o644)
        model.float()
    x = sound(16 * 40, seed=4)
    latents = models["acoustic"].encode(x, sample=False).latents
    answers = {
        "sound": x,
        "latents": latents,
        "decoded": models["acoustic"].decode(latents).audio,
        "semantic": models["semantic"](x).latents,
    }
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
