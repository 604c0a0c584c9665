"""Write a small FACodec as Amphion does, and what its code makes of two sounds with it.

    git clone https://github.com/open-mmlab/Amphion
    python -m tests.golden.facodec.make Amphion

The code of commit 58dc8707 gave what lies here. checkpoint/ holds ns3_facodec_encoder.bin,
ns3_facodec_decoder.bin (random weights, in fp16) and a config.json with the rate;
answers.safetensors of both sounds, each run alone, `sound` [2, 1, T], `latents` [2, frames, dim],
`codes` [6, 2, frames], `timbre` [2, dim] and `decoded` [2, 1, T]; of the first `decoded.3`, without
detail, and `decoded.other`, in the voice of the second.

    python -m tests.golden.facodec.make Amphion --second

The second version, with librosa installed, whose filters it reads: v2.json holds the shapes of its
weights, which tests.golden.drawn draws, without what encoding and decoding do not ask;
v2.safetensors of both sounds `sound`, `latents` (prosody's behind the others), `codes`, `timbre`
and `decoded`, `mel_basis`, the filters, and codebooks by their keys. Commit d3de90f0 and librosa
0.11.0 gave these.
"""

from __future__ import annotations

import json
import re
import sys
from importlib import import_module
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.golden import drawn
from tests.parity.facodec import MODULES, NOT_CALLED, Networks, Second
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


def filled(model: Second, x: Tensor) -> dict[str, Tensor]:
    """Fill each codebook with what its level searches for, so that codes differ; return them."""
    found = {}
    for name, level in model.named_modules():
        if not hasattr(level, "_codebook"):
            continue
        rows: list[Tensor] = []
        hook = level.in_proj.register_forward_hook(lambda *call, rows=rows: rows.append(call[2]))
        model.encode(x)
        hook.remove()
        book = level._codebook.weight
        book.copy_(rows[0][0, :: rows[0].shape[1] // len(book)][: len(book)])
        found[f"{name}._codebook.weight"] = book
    return found


@torch.no_grad()
def second() -> None:
    """Write those of the second version."""
    import librosa

    sys.path.insert(0, sys.argv[1])
    with stand_ins(tuple(name for name in NOT_CALLED if not name.startswith("librosa"))):
        modules = [import_module(name) for name in MODULES]
    model = Second(
        *modules, librosa.filters.mel, ngf=2, strides=(2, 5), latent=8, channels=8, width=4, bits=4,
        layers=1, hidden=12, phones=3, rate=8000, bands=24, transform=40, window=30,
    ).eval()  # fmt: skip
    left_out = re.compile(r".*(_predictor\.|\.filter|position_emb\.pe|mel_transform\.).*")
    state = {k: v for k, v in model.state_dict().items() if not left_out.fullmatch(k)}
    shapes = {key: list(value.shape) for key, value in state.items()}
    model.load_state_dict(drawn.tensors(shapes), strict=False)
    (HERE / "v2.json").write_text(json.dumps(shapes, separators=(",", ":")) + "\n")
    x = sound(370, batch=2, seed=4)
    books = filled(model, x[:1])
    found = [model.encode(each[None]) for each in x]
    z, y, codes, voices = (
        torch.cat([each[n] for each in found], axis) for n, axis in enumerate((0, 0, 1, 0))
    )
    answers = books | {
        "sound": x,
        "latents": z.transpose(1, 2),
        "codes": codes,
        "timbre": voices,
        "decoded": model.decoder.inference(y, voices),
        "mel_basis": model.encoder.mel_transform.mel_basis,
    }
    path = HERE / "v2.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    second() if "--second" in sys.argv else main()
