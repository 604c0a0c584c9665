"""Write a small VQ-VAE of Jukebox as its authors do, and what their code makes of a sound with it.

    VOCABLE_CHECKOUTS=FOLDER python -m tests.golden.jukebox.make

FOLDER holds a clone of github.com/openai/jukebox. checkpoint/ holds vqvae.pth.tar (random weights,
in fp16) and a config.json with the rate; answers.safetensors `sound` [1, 1, T], `codes_N` [1,
tokens] of each level, coarsest first, and `decoded_N` [1, 1, T], of the first N levels.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.parity import jukebox
from tests.parity.randomise import sound

HERE = Path(__file__).parent


@torch.no_grad()
def main() -> None:
    """Write all files."""
    model = jukebox.reference(
        3, downs=(1, 1, 1), width=3, depth=1, multipliers=(2, 1, 1), latent=4, size=16
    )
    for tensor in model.state_dict().values():
        tensor.copy_(tensor.half())
    path = jukebox.write(model, HERE / "checkpoint")
    torch.save({"model": {k: v.half() for k, v in torch.load(path)["model"].items()}}, path)
    (path.parent / "config.json").write_text(json.dumps({"sampling_rate": 8000}))
    x = sound(320, seed=4)
    codes = jukebox.codes(model, x)
    answers = {"sound": x}
    for level, found in enumerate(codes):
        answers[f"codes_{level}"] = found
        answers[f"decoded_{level + 1}"] = jukebox.decoded(model, codes[: level + 1])
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
