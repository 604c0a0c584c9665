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
from torch import Tensor, nn

from tests.parity.peers import TORCHAUDIO, stand_ins
from tests.parity.randomise import randomise, sound

HERE = Path(__file__).parent
CHECKPOINT = HERE / "checkpoint"
NOT_CALLED = (*TORCHAUDIO, "pyworld", "librosa", "librosa.filters", "soundfile")


class Networks(nn.Module):
    """Both networks of Amphion's, small; its encoder of voices has one size, so it is replaced."""

    def __init__(self) -> None:
        super().__init__()
        with stand_ins(NOT_CALLED):
            codec = import_module("models.codec.ns3_codec.facodec")
        transformer = import_module("models.codec.ns3_codec.transformer")
        self.encoder = codec.FACodecEncoder(ngf=2, up_ratios=[2, 5], out_channels=8)
        self.decoder = codec.FACodecDecoder(
            in_channels=8, upsample_initial_channel=8, up_ratios=[5, 2], vq_dim=8, codebook_dim=4,
            codebook_size_prosody=4, codebook_size_content=4, codebook_size_residual=4,
        )  # fmt: skip
        self.decoder.timbre_encoder = transformer.TransformerEncoder(
            encoder_layer=2, encoder_hidden=8, encoder_head=4, conv_filter_size=12,
            conv_kernel_size=5, encoder_dropout=0.1,
        )  # fmt: skip
        self.decoder.phone_predictor.heads = nn.ModuleList([nn.Linear(8, 3)])

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return latents, what is decoded, codes `[levels, batch, frames]` and the voice."""
        z = self.encoder(x)
        y, codes, _, _, voice = self.decoder(z, eval_vq=False, vq=True)
        return z, y, codes, voice

    def forward(self, x: Tensor) -> Tensor:
        """Encode and decode whole frames."""
        _, y, _, voice = self.encode(x)
        return self.decoder.inference(y, voice)


def halved(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors in fp16, but for the filters, which are no weights."""
    return {k: v if k.endswith("filter") else v.half() for k, v in tensors.items()}


@torch.no_grad()
def main() -> None:
    """Write all files."""
    sys.path.insert(0, sys.argv[1])
    model = randomise(Networks(), seed=3, samples=4000)
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
        "decoded.3": decode(model.decoder.vq2emb(codes[:, :1], False), voices[:1]),
        "decoded.other": decode(y[:1], voices[1:]),
    }
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
