"""Write what their authors' code makes of a sound with a small FocalCodec and a small stream.

    git clone https://github.com/lucadellalib/focalcodec CLONES/focalcodec
    VOCABLE_CHECKOUTS=CLONES python -m tests.golden.focalcodec.make

The code of commit 912b7f2 gave what lies here. Of each, KIND.json holds its config and the shapes
of its weights, which tests.golden.drawn draws; KIND.safetensors `sound` [1, 1, T], `latents`
[1, frames, bits], brought to length 1, `codes` [1, 1, frames] and `decoded` [1, 1, T].
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.golden import drawn
from tests.parity import focalcodec as theirs
from tests.parity.randomise import sound

HERE = Path(__file__).parent


@torch.no_grad()
def main() -> None:
    """Write all files."""
    for kind, frames in (("whole", 5), ("stream", 7)):
        model = theirs.reference(kind)
        shapes = {key: list(value.shape) for key, value in model.state_dict().items()}
        model.load_state_dict(drawn.tensors(shapes))
        model.to_config(str(HERE / kind))
        kept = {"config": json.loads((HERE / f"{kind}.json").read_text()), "shapes": shapes}
        (HERE / f"{kind}.json").write_text(json.dumps(kept, separators=(",", ":")) + "\n")
        x = sound(frames * 640 - 100, seed=4)
        codes = theirs.codes(model, x)
        answers = {"sound": x, "latents": theirs.latents(model, x), "codes": codes[:, None]}
        answers["decoded"] = theirs.decoded(model, codes)
        path = HERE / f"{kind}.safetensors"
        save_file({key: value.contiguous() for key, value in answers.items()}, path)
        path.chmod(0o644)


if __name__ == "__main__":
    main()
