"""Write what the published code makes of a sound with a small DualCodec behind a small w2v-BERT.

    git clone https://github.com/jiaqili3/DualCodec CLONES/DualCodec
    VOCABLE_CHECKOUTS=CLONES python -m tests.golden.dualcodec.make

The code of commit 5e80764 gave what lies here, and transformers 5.24. shapes.json holds the shapes
of the weights of both, which tests.golden.drawn draws, and the config of w2v-BERT;
answers.safetensors `sound` [1, 1, T], `latents` [1, frames, dim], `codes` [1, levels, frames],
`decoded` [1, 1, T], and `first`, the sound of level 0 alone.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.golden import drawn
from tests.golden.dualcodec.test_dualcodec import statistics
from tests.parity.dualcodec import Pair
from tests.parity.randomise import sound

HERE = Path(__file__).parent


@torch.no_grad()
def main() -> None:
    """Write both files."""
    pair, kept = Pair().eval(), {}
    for name in ("codec", "speech"):
        part = getattr(pair, name)
        shapes = {key: list(value.shape) for key, value in part.state_dict().items()}
        part.load_state_dict(drawn.tensors(shapes))
        kept[name] = shapes
    pair.mean, pair.var = statistics().values()
    (HERE / "shapes.json").write_text(json.dumps(kept, separators=(",", ":")) + "\n")
    x = sound(2 * 960 + 100, seed=4)
    codes = pair.codes(x)
    answers = {"sound": x, "latents": pair.latents(x), "codes": codes}
    answers |= {"decoded": pair.decoded(codes), "first": pair.decoded(codes[:, :1])}
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
