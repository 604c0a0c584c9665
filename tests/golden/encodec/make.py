"""Make the golden tensors of EnCodec anew, from the published `encodec` package.

    VOCABLE_WRITE_GOLDEN=1 python -m pytest tests/parity/test_encodec.py -k golden

where that package is installed ("dev.py parity"); without the setting it compares.
Each file holds a toy's state dict with random weights (`state.…`), what a config.json would say
(metadata), and for sounds of several lengths the package's codes, scales and waveform.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.parity.peers import peer
from tests.parity.randomise import randomise, sound

HERE = Path(__file__).parent
GRAPH = dict(dimension=8, n_filters=2)
KINDS = {
    "causal": dict(causal=True, ratios=[4, 2]),
    "symmetric": dict(causal=False, ratios=[5, 3], true_skip=True),
    "stereo": dict(causal=False, ratios=[4, 2], channels=2, n_filters=4, norm="time_group_norm"),
}
LENGTHS = (1, 7, 160, 161, 233, 480)  # of the segments, 160 samples, two may be short


def make(kind: str) -> tuple[dict[str, Tensor], dict[str, object]]:
    """Return the tensors of one file, and its config in transformers' words."""
    encodec = peer("encodec")
    from encodec.modules import SEANetDecoder, SEANetEncoder
    from encodec.quantization import ResidualVectorQuantizer

    graph = {**GRAPH, **KINDS[kind]}
    stereo, hop = kind == "stereo", graph["ratios"][0] * graph["ratios"][1]
    rate = 8000
    bandwidth = 5 * 4 * -(-rate // hop) / 1000  # kbit/s of 4 levels of 32 entries
    model = encodec.EncodecModel(
        SEANetEncoder(**graph), SEANetDecoder(**graph),
        ResidualVectorQuantizer(dimension=8, n_q=4, bins=32), [bandwidth], rate,
        channels=1 + stereo, normalize=stereo, segment=0.02 if stereo else None, overlap=0.1,
    )  # fmt: skip
    randomise(model, seed=1)
    model.set_target_bandwidth(bandwidth)
    config = {
        "sampling_rate": rate, "use_causal_conv": kind == "causal", "normalize": stereo,
        "chunk_length_s": 0.02 if stereo else None, "overlap": 0.1 if stereo else None,
        "target_bandwidths": [bandwidth], "pad_mode": "reflect",
    }  # fmt: skip
    tensors = {f"state.{key}": value for key, value in model.state_dict().items()}
    for samples in LENGTHS:
        x = sound(samples, channels=1 + stereo, seed=samples)
        with torch.no_grad():
            frames = model.encode(x)
            y = model.decode(frames)
        tensors |= {f"{samples}.x": x, f"{samples}.y": y}
        tensors[f"{samples}.codes"] = torch.cat([codes for codes, _ in frames], 2).to(torch.int16)
        if stereo:
            tensors[f"{samples}.scales"] = torch.cat([scale for _, scale in frames], 1)
    return {key: value.contiguous() for key, value in tensors.items()}, config


def write(kind: str) -> None:
    """Write one file."""
    tensors, config = make(kind)
    save_file(tensors, HERE / f"{kind}.safetensors", {"config": json.dumps(config)})
