"""Write a small WavTokenizer as its training does, and what its code makes of a sound with it.

    git clone https://github.com/jishengpeng/WavTokenizer CLONES/WavTokenizer
    VOCABLE_CHECKOUTS=CLONES python -m tests.golden.wavtokenizer.make

checkpoint/ holds config.yaml and model.ckpt (random weights, rounded to fp16); answers.safetensors
`sound` [1, 1, T], `latents` [1, frames, dim], `codes` [1, 1, frames] and `decoded` [1, 1, T].
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.parity import wavtokenizer as theirs
from tests.parity.randomise import randomise, sound

HERE = Path(__file__).parent
SIZES = theirs.TOY._replace(rate=8000, width=32, hidden=24)


@torch.no_grad()
def main() -> None:
    """Write all files."""
    model = randomise(theirs.reference(SIZES), seed=3, run=theirs.run, samples=8000)
    tensors = theirs.halved(model.state_dict())
    model.load_state_dict({key: value.float() for key, value in tensors.items()})
    theirs.write_lightning(tensors, SIZES, HERE / "checkpoint")
    x = sound(301, seed=4)
    codes = theirs.codes(model, x)
    answers = {"sound": x, "codes": codes, "decoded": theirs.decoded(model, codes)}
    answers["latents"] = theirs.latents(model, x)
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
