"""Write a small ESC as its authors' training keeps it, and what their code makes of a sound.

    VOCABLE_CHECKOUTS=FOLDER python -m tests.golden.esc.make

FOLDER holds a clone of github.com/yzGuu830/efficient-speech-codec. checkpoint/ holds model.pth
(random weights, in fp16) and config.yaml; answers.safetensors `sound` [1, 1, T], `latents`
[1, frames, dim], `codes` [1, levels, frames], and `decoded` [1, 1, T], of all scales, and
`coarse`, of two.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.parity import esc
from tests.parity.randomise import sound

HERE = Path(__file__).parent
SIZES = dict(
    in_freq=12, h_dims=[4, 6, 12], max_streams=3, win_len=14, hop_len=4, sr=1000,
    patch_size=[3, 2], swin_heads=[2, 3], swin_depth=2, window_size=2, mlp_ratio=2.0,
    overlap=2, group_size=3, codebook_size=16, codebook_dims=[4, 4, 3],
)  # fmt: skip


@torch.no_grad()
def main() -> None:
    """Write all files."""
    model = esc.reference(3, **SIZES)
    for parameter in model.parameters():
        parameter.copy_(parameter.half())
    path = esc.write(model, HERE / "checkpoint", SIZES)
    held = torch.load(path)
    held["model_state_dict"] = {
        k: v.half() if v.is_floating_point() and "window" not in k else v
        for k, v in held["model_state_dict"].items()
    }
    torch.save(held, path)
    x = sound(20 * 16, seed=4)
    codes = esc.codes(model, x)
    answers = {"sound": x, "latents": esc.latents(model, x), "codes": codes}
    answers["decoded"] = esc.decoded(model, codes)
    answers["coarse"] = esc.decoded(model, codes[:, :6])
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
