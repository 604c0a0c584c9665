"""CPC against its description in torch's own layers, through a file as CPC_audio writes it.

The reference's code needs torchaudio, which has no build for this torch.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import vocable
from tests.parity.randomise import sound
from tests.parity.test_units_wav2vec2 import compare
from vocable.errors import ModelError
from vocable.testing.compare import WHOLE_CODEC

SHAPES = [(10, 5, 3), (8, 4, 2), (4, 2, 1), (4, 2, 1), (4, 2, 1)]
SETTINGS = {
    "hiddenEncoder": 16, "hiddenGar": 12, "nLevelsGRU": 2, "arMode": "LSTM",
    "normMode": "layerNorm", "encoder_type": "cpc", "samplingType": "samespeaker",
}  # fmt: skip


class Described(nn.Module):
    """The network in the words of its paper; keys as in CPC_audio."""

    def __init__(self, filters=16, width=12, levels=2):
        super().__init__()
        self.gEncoder, self.gAR = nn.Module(), nn.Module()
        for i, (kernel, stride, pad) in enumerate(SHAPES):
            conv = nn.Conv1d(filters if i else 1, filters, kernel, stride, pad)
            norm = nn.Module()
            norm.weight = nn.Parameter(1 + 0.2 * torch.randn(1, filters, 1))
            norm.bias = nn.Parameter(0.2 * torch.randn(1, filters, 1))
            self.gEncoder.add_module(f"conv{i}", conv)
            self.gEncoder.add_module(f"batchNorm{i}", norm)
        self.gAR.baseNet = nn.LSTM(filters, width, levels, batch_first=True)

    @torch.no_grad()
    def forward(self, x, level):
        for i in range(len(SHAPES)):
            norm = self.gEncoder.get_submodule(f"batchNorm{i}")
            x = self.gEncoder.get_submodule(f"conv{i}")(x)
            x = (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True) + 1e-5).sqrt()
            x = (x * norm.weight + norm.bias).relu()
        x = x.transpose(1, 2)
        if not level:
            return x
        whole = self.gAR.baseNet
        fewer = nn.LSTM(whole.input_size, whole.hidden_size, level, batch_first=True)
        fewer.load_state_dict(whole.state_dict(), strict=False)  # as its users take a level
        return fewer(x)[0]


@pytest.fixture
def pair(tmp_path):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = Described()
    held = {"config": SETTINGS, "weights": made.state_dict()}
    torch.save(held, tmp_path / "cpc.pt")
    return made, vocable.load(tmp_path / "cpc.pt")


def test_every_level(pair):
    made, encoder = pair
    assert (encoder.name, encoder.layers, encoder.frame) == ("cpc-2x12", 2, 160)
    assert [encoder.channels(layer) for layer in range(3)] == [16, 12, 12]
    x = sound(16_000 + 77)
    for layer in range(3):
        (ours,) = encoder.features(x[0, 0].numpy(), 16_000, layer=layer)
        compare(ours, made(x, layer)[0])


def test_pieces_of_four_seconds_begin_anew(pair):
    made, encoder = pair
    x = sound(150_000)
    (ours,) = encoder.features(x[0, 0].numpy(), 16_000, layer=2)
    pieces = [made(x[..., start : start + 64_000], 2)[0] for start in (0, 64_000, 128_000)]
    compare(ours, torch.cat(pieces))
    (again,) = encoder.features(x[0, 0].numpy(), 16_000, layer=2, window=1.0, context=0.0)
    np.testing.assert_array_equal(ours, again)  # exact in parts, whatever windows others need


def test_frames_follow_from_samples(pair):
    made, encoder = pair
    lengths = (158, 159, 160, 318, 319, 5000, 63_999, 64_000, 64_158, 64_159, 130_000)
    for n in lengths:
        pieces = [min(64_000, n - start) for start in range(0, n, 64_000)]
        wanted = sum(made(torch.zeros(1, 1, k), 0).shape[1] if k > 158 else 0 for k in pieces)
        assert encoder.model.frames(n) == wanted == (n + 1) // 160
        assert len(encoder.features(np.zeros(n, np.float32), 16_000, layer=1)[0]) == wanted


def test_a_batch_gives_what_each_recording_alone_does(pair):
    _, encoder = pair
    clips = [sound(n, seed=n)[0, 0].numpy() for n in (70_000, 900, 64_000, 100, 900)]
    together = encoder.features(clips, 16_000, layer=2)
    for clip, rows in zip(clips, together, strict=True):
        (alone,) = encoder.features(clip, 16_000, layer=2)
        np.testing.assert_allclose(rows, alone, rtol=0, atol=WHOLE_CODEC)


def test_other_memories_are_refused(tmp_path):
    made = Described()
    made.gAR.baseNet = nn.GRU(16, 12, batch_first=True)
    torch.save({"weights": made.state_dict()}, tmp_path / "gru.pt")
    with pytest.raises(ModelError, match="of 36 rows, where an LSTM has 48"):
        vocable.load(tmp_path / "gru.pt")
    kept = {k: v for k, v in made.state_dict().items() if k.startswith("gEncoder")}
    torch.save({"weights": kept}, tmp_path / "none.pt")
    with pytest.raises(ModelError, match="lacks gAR.baseNet.weight_hh_l0"):
        vocable.load(tmp_path / "none.pt")
