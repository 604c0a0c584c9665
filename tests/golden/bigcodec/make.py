"""Write a small BigCodec as its authors do, and what their code makes of a sound with it.

    pip install bigcodec==0.0.3
    python -m tests.golden.bigcodec.make

checkpoint/ holds bigcodec.pt (random weights, in fp16) and a config.json with the rate;
answers.safetensors `sound` [1, 1, T], `latents` [1, frames, dim], `codes` [1, 1, frames] and
`decoded` [1, 1, T].
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.parity.bigcodec_networks import Networks
from tests.parity.randomise import randomise, sound

HERE = Path(__file__).parent
SIZES = dict(ngf=2, strides=(2, 5), latent=8, channels=8, lstm_layers=2, size=32, width=4)


def halved(tensors):
    """Return tensors in fp16, but for the filters, which are no weights."""
    return {k: v if k.endswith("filter") else v.half() for k, v in tensors.items()}


@torch.no_grad()
def main() -> None:
    """Write all files."""
    model = randomise(Networks(**SIZES), seed=3, samples=4000)
    for parameter in model.parameters():
        parameter.copy_(parameter.half())
    path = model.write(HERE / "checkpoint" / "bigcodec.pt", rate=8000)
    torch.save({name: halved(part) for name, part in torch.load(path).items()}, path)
    x = sound(370, seed=4)
    z, codes = model.encode(x)
    answers = {"sound": x, "latents": z.transpose(1, 2), "codes": codes}
    answers["decoded"] = model.decode(codes)
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
