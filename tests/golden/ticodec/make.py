"""Write what TiCodec's code makes of two sounds with narrow networks.

    git clone https://github.com/y-ren16/TiCodec
    VOCABLE_CHECKOUTS=. python -m tests.golden.ticodec.make

The code of commit 13af0eba gave what lies here. ticodec.json holds the config and the shapes of all
weights, which tests.golden.drawn draws; answers.safetensors of both sounds, `sound` [2, 1, T],
`latents` [2, frames, dim], `codes` [2, levels, frames], `voice` [2, groups], `vector` [2, numbers]
before it is quantized, `decoded` [1, 1, T] of the first; and `other`, the first in the voice of the
second.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.golden.ticodec.written import networks
from tests.parity import ticodec as theirs
from tests.parity.randomise import sound

HERE = Path(__file__).parent


@torch.no_grad()
def main() -> None:
    """Write both files."""
    model = theirs.Networks(theirs.narrowed(theirs.module()), theirs.TOY).eval()
    shapes = {
        name: {key: list(value.shape) for key, value in part.state_dict().items()}
        for name, part in model.named_children()
    }
    kept = {"config": theirs.TOY, "shapes": shapes}
    (HERE / "ticodec.json").write_text(json.dumps(kept, separators=(",", ":")) + "\n")
    for name, tensors in networks(kept).items():
        getattr(model, name).load_state_dict(tensors)
    x = sound(300, batch=2, seed=4)
    x[1] = x[1].cumsum(1) / 4  # which sounds darker
    z, codes, voice = model.encode(x)
    answers = {
        "sound": x,
        "latents": z,
        "codes": codes.to(torch.int16),
        "voice": voice.to(torch.int16),
        "vector": model.encoder(x)[1],
        "decoded": model.decode(codes[:1], voice[:1]),
        "other": model.decode(codes[:1], voice[1:]),
    }
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
