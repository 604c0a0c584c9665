"""Write a small codec of Pocket TTS, and what transformers makes of a sound with it.

    python -m tests.golden.pocket_tts.make

checkpoint/ holds config.json and model.safetensors (random weights, rounded to fp16);
answers.safetensors `sound` [1, 1, T], `latents` [1, frames, 6], `decoded` [1, 1, T].
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
# 24 samples a frame; attention sees 10 rows, 2.5 frames
SIZES: dict[str, Any] = dict(
    num_filters=2, upsampling_ratios=[3, 2], hidden_size=8, latent_dim=6, latent_stride=4,
    num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2, head_dim=4,
    intermediate_size=16, upsample_groups=8, sliding_window=10,
)  # fmt: skip


def reference(sizes: dict[str, Any], seed: int) -> nn.Module:
    """Return a codec of transformers with random weights."""
    package = peer("transformers")
    made = package.PocketTTSAudioTokenizerModel(package.PocketTTSAudioTokenizerConfig(**sizes))
    return randomise(made, seed, books=False)


@torch.no_grad()
def main() -> None:
    """Write all files."""
    model = reference(SIZES, 3)
    for tensor in model.parameters():
        tensor.copy_(tensor.half())
    write_hub_folder(model.half(), HERE / "checkpoint").chmod(0o644)
    model.float()
    x = sound(24 * 40, seed=4)
    latents = model.encode(x).latents
    answers = {"sound": x, "latents": latents, "decoded": model.decode(latents).audio_values}
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
