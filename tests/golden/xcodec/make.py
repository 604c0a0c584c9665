"""Write what transformers makes of a sound with a small X-Codec and a small Higgs audio tokenizer.

    python -m tests.golden.xcodec.make

Of each, NAME.json holds its config and the shapes of its weights, which tests.golden.drawn draws;
NAME.safetensors `sound` [1, 1, T], `latents` [1, frames, dim], `codes` [1, levels, frames] and
`decoded` [1, 1, T].
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.golden import drawn
from tests.parity import xcodec as theirs
from tests.parity.randomise import sound
from vocable.codecs.codes import Codes
from vocable.testing.semantic_references import xcodec_reference

HERE = Path(__file__).parent


@torch.no_grad()
def main() -> None:
    """Write all files."""
    for name, samples in (("xcodec_wavlm", 4 * 320), ("higgs", 2 * 960)):
        kind = name.removesuffix("_wavlm")
        model = theirs.reference(kind, wavlm=name != kind)
        shapes = {key: list(value.shape) for key, value in model.state_dict().items()}
        model.load_state_dict(drawn.tensors(shapes))
        kept = {"config": json.loads(model.config.to_json_string()), "shapes": shapes}
        (HERE / f"{name}.json").write_text(json.dumps(kept, separators=(",", ":")) + "\n")
        x = sound(samples, seed=4)
        reference = xcodec_reference(model)
        codes = reference.codes(x)
        answers = {"sound": x, "codes": torch.stack(codes, 1), "latents": reference.latents(x)}
        answers["decoded"] = reference.sound(Codes(codes))
        path = HERE / f"{name}.safetensors"
        save_file({key: value.contiguous() for key, value in answers.items()}, path)
        path.chmod(0o644)


if __name__ == "__main__":
    main()
