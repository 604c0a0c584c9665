"""Write a small Vocos of mel spectra, and the sound that its package makes of some.

    pip install --no-deps vocos==0.1.0 encodec==0.1.1
    python -m tests.golden.vocos_mel.make

checkpoint/ holds config.yaml and pytorch_model.bin (random weights, rounded to fp16);
answers.safetensors `sound` [1, T], its `mels` [1, bands, frames] and what they become, `decoded`
[1, 1, (frames - 1) · hop].
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.parity import vocos as theirs
from tests.parity.randomise import sound

HERE = Path(__file__).parent
SIZES = theirs.MelSizes(rate=8000, bands=8, width=8, hidden=12, blocks=2, window=64, hop=16)


@torch.no_grad()
def main() -> None:
    """Write all files."""
    model = theirs.of_mels(SIZES)
    for value in model.parameters():
        value.copy_(value.half().float())
    theirs.write_mels(model, SIZES, HERE / "checkpoint")
    x = sound(333, seed=2)[0]
    mels = model.mels(x)
    path = HERE / "answers.safetensors"
    answers = {"sound": x, "mels": mels, "decoded": model(mels)}
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
