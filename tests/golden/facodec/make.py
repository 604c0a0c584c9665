"""Write a small FACodec as Amphion does, and what its code makes of two sounds with it.

    git clone https://github.com/open-mmlab/Amphion
    python -m tests.golden.facodec.make Amphion

The code of commit 58dc8707 gave what lies here. checkpoint/ holds ns3_facodec_encoder.bin,
ns3_facodec_decoder.bin (random weights, in fp16) and a config.json with the rate;
answers.safetensors of both sounds, each run alone, `sound` [2, 1, T], `latents` [2, frames, dim],
`codes` [6, 2, frames], `timbre` [2, dim] and `decoded` [2, 1, T]; of the first `decoded.3`, without
detail, and `decoded.other`, in the voice of the second.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.parity.facodec import MODULES, NOT_CALLED, Networks
from tests.parity.peers import stand_ins
from tests.parity.randomise import randomise, sound

HERE = Path(__file__).parent
CHECKPOINT = HERE / "checkpoint"


def halved(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors in fp16, but for the filters, which are no weights."""
    return {k: v if k.endswith("filter") else v.half() for k, v in tensors.items()}


@torch.no_grad()
def main() -> None:
    """Write all files."""
    sys.path.insert(0, sys.argv[1])
    with stand_ins(NOT_CALLED):
        modules = [import_module(name) for name in MODULES]
    networks = Networks(
        *modules, ngf=2, strides=(2, 5), latent=8, channels=8, width=4, bits=4, layers=2, hidden=12,
        phones=3,
    )  # fmt: skip
    model = randomise(networks, seed=3, samples=4000)
    model.decoder.timbre_encoder.position_emb.pe = model.decoder.timbre_encoder.position_emb.pe[:4]
    for parameter in model.parameters():
        parameter.copy_(parameter.half())
    CHECKPOINT.mkdir(exist_ok=True)
    for half in ("encoder", "decoder"):
        tensors = halved(getattr(model, half).state_dict())
        torch.save(tensors, CHECKPOINT / f"ns3_facodec_{half}.bin")
    (CHECKPOINT / "config.json").write_text(json.dumps({"sampling_rate": 8000}))
    x = sound(370, batch=2, seed=4)
    found = [model.encode(each[None]) for each in x]
    z, y, codes, voices = (
        torch.cat([each[n] for each in found], axis) for n, axis in enumerate((0, 0, 1, 0))
    )
    decode = model.decoder.inference
    answers = {
        "sound": x,
        "latents": z.transpose(1, 2),
        "codes": codes,
        "timbre": voices,
        "decoded": decode(y, voices),
        "decoded.3": model.decode(codes[:, :1], voices[:1], detail=False),
        "decoded.other": decode(y[:1], voices[1:]),
    }
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
