"""Write a small Vocos behind the causal EnCodec of the golden files, and what its package makes.

    pip install --no-deps vocos==0.1.0 encodec==0.1.1
    python -m tests.golden.vocos.make

checkpoint/ holds config.yaml and pytorch_model.bin (random weights, rounded to fp16);
answers.safetensors `codes` [4, 1, frames], and the sound [1, 1, T] of the first `2` and all `4`.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.golden.encodec.opened import checkpoint, load
from tests.parity import vocos as theirs

HERE = Path(__file__).parent
SIZES = theirs.Sizes(8, width=8, hidden=12, blocks=2, window=32, hop=8, bandwidths=(10.0, 20.0))


@torch.no_grad()
def main() -> None:
    """Write all files."""
    stack = load(checkpoint("causal")).model.quantizer.stack
    entries = len(stack[0].codebook.entries)
    books = torch.cat([level.codebook.entries for level in stack])
    model = theirs.behind(books, entries, SIZES)
    kept = ("window", "codebook_weights")
    for name, value in model.state_dict().items():
        if not name.endswith(kept):
            value.copy_(value.half().float())
    theirs.write(model, SIZES, HERE / "checkpoint")
    codes = torch.randint(entries, (4, 1, 21), generator=torch.Generator().manual_seed(2))
    answers = {"codes": codes, "2": model(codes[:2], 0), "4": model(codes, 1)}
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
