"""Write a small DAC as its package does, and what the package makes of a sound with it.

    python3 dev.py parity          # sets up .venv-parity, with descript-audio-codec 1.0.0
    .venv-parity/bin/python tests/golden/dac/make.py

weights.pth holds random weights and the arguments of the class; answers.safetensors `sound`
[1, 1, T], `latents` [1, frames, dim], `codes` [1, levels, frames] and `decoded.N` [1, 1, T], the
sound of the first N levels, which lacks 4 samples of whole frames.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))

import tests  # noqa: E402

tests.__path__ = [str(HERE.parents[1])]  # descript-audio-codec installs a package of this name

from tests.parity.checkpoints import write_original  # noqa: E402
from tests.parity.peers import peer  # noqa: E402
from tests.parity.randomise import randomise, sound  # noqa: E402

ARGUMENTS = {
    "encoder_dim": 2, "encoder_rates": [4, 5], "latent_dim": 8, "decoder_dim": 8,
    "decoder_rates": [5, 4], "n_codebooks": 3, "codebook_size": 16, "codebook_dim": 4,
    "sample_rate": 8000,
}  # fmt: skip


@torch.no_grad()
def main() -> None:
    """Write both files."""
    model = randomise(peer("dac").DAC(**ARGUMENTS), seed=0)
    write_original(model, HERE, **ARGUMENTS)
    audio = sound(1013)
    filled = model.preprocess(audio, None)
    codes = model.encode(filled)[1]
    answers = {"sound": audio, "latents": model.encoder(filled).transpose(1, 2), "codes": codes}
    for n in (1, 2, 3):
        answers[f"decoded.{n}"] = model.decode(model.quantizer.from_codes(codes[:, :n])[0])
    save_file({k: v.contiguous() for k, v in answers.items()}, HERE / "answers.safetensors")


if __name__ == "__main__":
    main()
