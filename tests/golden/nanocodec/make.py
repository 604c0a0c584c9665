"""Write a small NanoCodec as NVIDIA NeMo does, and what NeMo's parts make of a sound with it.

    git clone https://github.com/NVIDIA/NeMo CLONES/NeMo
    VOCABLE_CHECKOUTS=CLONES python -m tests.golden.nanocodec.make

The code of commit 8cfedd72 gave what lies here. checkpoint/ holds tiny.nemo (random weights, in
fp16); answers.safetensors `sound` [1, 1, T], `latents` [1, frames, dim], `codes` [1, levels,
frames] and `decoded` [1, 1, T].
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.parity import nanocodec as theirs
from tests.parity.randomise import randomise, sound

HERE = Path(__file__).parent
SIZES = theirs.Sizes((3, 5), 2, 12, groups=2, levels=(5, 4), kernels=(3, 5), dilations=(1, 2),
                     rate=8000)  # fmt: skip


@torch.no_grad()
def main() -> None:
    """Write all files."""
    model = randomise(theirs.Networks(SIZES), seed=3, samples=4000, books=False)
    for parameter in model.parameters():
        parameter.copy_(parameter.half())
    model.write(HERE / "checkpoint" / "tiny.nemo", halved=True)
    x = sound(295, seed=4)
    z, codes = model.encode(x)
    answers = {"sound": x, "latents": z, "codes": codes, "decoded": model.decode(codes)}
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
