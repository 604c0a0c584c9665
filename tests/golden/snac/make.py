"""Write a small SNAC as its package does, and what the package makes of a sound with it.

    pip install snac==1.2.1
    python -m tests.golden.snac.make

checkpoint/ holds config.json and pytorch_model.bin (random weights, rounded to fp16);
answers.safetensors `sound` [1, 1, T], `latents` [1, frames, dim], `codes.N` [1, tokens] of each
level, `draws.N` [1, rows] the noise of each block of the decoder, `quiet` and `noisy` [1, 1, T] the
sound of these codes without noise and with these draws. As many frames as fill the windows.
"""

from pathlib import Path
from unittest import mock

import torch
from safetensors.torch import save_file
from snac import SNAC

from tests.parity.checkpoints import write_hub_folder
from tests.parity.randomise import randomise, sound

HERE = Path(__file__).parent
MODEL = HERE / "checkpoint"
SIZES = dict(
    sampling_rate=8000, encoder_dim=16, encoder_rates=[2, 3], decoder_dim=64, decoder_rates=[3, 2],
    attn_window_size=32, codebook_size=32, vq_strides=[4, 2, 1],
)  # fmt: skip


@torch.no_grad()
def main() -> None:
    """Write all files."""
    torch.manual_seed(0)
    model = randomise(SNAC(**SIZES), seed=3, samples=8000)
    for parameter in model.parameters():
        parameter.copy_(parameter.half())
    path = write_hub_folder(model, MODEL)
    tensors = {key: value.half() for key, value in model.state_dict().items()}
    torch.save(tensors, path)
    x = sound(300, seed=4)
    codes = model.encode(x)
    rows = codes[-1].shape[1]
    draws = [torch.randn(1, 1, rows := rows * rate) for rate in SIZES["decoder_rates"]]
    drawn = iter(draws)
    with mock.patch.object(torch, "randn", torch.zeros):
        quiet = model.decode(codes)
    with mock.patch.object(torch, "randn", lambda *_, **__: next(drawn)):
        noisy = model.decode(codes)
    latents = model.encoder(model.preprocess(x)).transpose(1, 2)
    answers = {"sound": x, "latents": latents, "quiet": quiet, "noisy": noisy}
    answers |= {f"codes.{n}": level for n, level in enumerate(codes)}
    answers |= {f"draws.{n}": draw[:, 0] for n, draw in enumerate(draws)}
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
