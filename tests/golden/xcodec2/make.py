"""Write what transformers makes of a sound with a small X-Codec 2 and a small NeuCodec.

    python -m tests.golden.xcodec2.make

Of each, KIND.json holds its config and the shapes of its weights, which tests.golden.drawn draws;
KIND.safetensors `sound` [1, 1, T], `latents` [1, frames, dim], `codes` [1, 1, frames] and
`decoded` [1, 1, T].
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.golden import drawn
from tests.parity import xcodec2 as theirs
from tests.parity.randomise import sound
from vocable.codecs.codes import Codes
from vocable.testing.semantic_references import xcodec2_reference

HERE = Path(__file__).parent


@torch.no_grad()
def main() -> None:
    """Write all files."""
    for kind in theirs.KINDS:
        model = theirs.reference(kind)
        shapes = {key: list(value.shape) for key, value in model.state_dict().items()}
        model.load_state_dict(drawn.tensors(shapes))
        kept = {"config": json.loads(model.config.to_json_string()), "shapes": shapes}
        (HERE / f"{kind}.json").write_text(json.dumps(kept, separators=(",", ":")) + "\n")
        x = sound(4 * 320, seed=4)
        reference = xcodec2_reference(model)
        (codes,) = reference.codes(x)
        answers = {"sound": x, "codes": codes[:, None], "latents": reference.latents(x)}
        answers["decoded"] = reference.sound(Codes((codes,)))
        path = HERE / f"{kind}.safetensors"
        save_file({key: value.contiguous() for key, value in answers.items()}, path)
        path.chmod(0o644)


if __name__ == "__main__":
    main()
