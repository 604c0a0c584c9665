"""Write a small MiMo-Audio-Tokenizer as published, and what its authors' code makes of a sound.

    pip install --no-deps vllm-omni==0.30.0
    python -m tests.golden.mimo_audio.make

checkpoint/ holds config.json and model.safetensors (random weights, rounded to fp16);
answers.safetensors `sound` [1, 1, T], `latents` [1, frames, dim], `codes` [1, levels, frames],
`decoded` [1, 1, T]; and `parts` [1, levels, frames], the codes where 24 spectra are encoded
together.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.parity import mimo_audio as package
from tests.parity.randomise import sound

HERE = Path(__file__).parent


@torch.no_grad()
def main() -> None:
    """Write all files."""
    model = package.randomised(package.TOY, seed=3)
    for name, tensor in model.state_dict().items():
        if not name.endswith("istft.window"):
            tensor.copy_(tensor.half())
    package.write(model, package.TOY, HERE / "checkpoint", half=True)
    x = sound(16 * 20 - 5, seed=4)
    codes = package.codes(model, x)
    answers = {
        "sound": x,
        "latents": package.latents(model, x),
        "codes": codes.to(torch.int16),
        "decoded": package.decode(model, codes),
        "parts": package.codes(model, x, rows=24).to(torch.int16),
    }
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
