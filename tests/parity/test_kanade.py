"""Kanade against its own code and Vocos of its package, at toy size and many lengths."""

from __future__ import annotations

import torch

import vocable
from tests.golden.kanade.written import written
from tests.parity import kanade as theirs
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.randomise import sound
from vocable.codecs.codes import Codes


@torch.no_grad()
def test_latents_codes_voices_and_sound(tmp_path, monkeypatch):
    """Recordings of whole frames; those of which are as many spectra as rows, more and fewer."""
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    networks = theirs.networks()
    (tmp_path / "kanade").mkdir()
    model = vocable.load(written(tmp_path / "kanade", theirs.kept(networks))).model
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    for frames in (1, 2, 16, 75):
        x = sound(frames * 960, seed=frames)
        z, sides = model.latents_and_sides(x)
        wanted, codes, voice = networks.encode(x)
        worst["latents"] = max(worst["latents"], compare_latents(z, wanted))
        assert torch.allclose(sides["voice"], voice, atol=1e-4)
        got = model.to_codes(x).stacked()
        worst["ties"] += compare_codes(model.quantizer, z, got, wanted, codes)
        worst["frames"] += frames
        there = networks.sound(codes, voice)
        here = model.from_codes(Codes((codes[:, 0],), {"voice": voice}))
        n = min(there.shape[2], here.shape[2])
        assert here.shape[2] == frames * 960 and n > frames * 960 - 256
        worst["samples"] = max(worst["samples"], compare_samples(here[..., :n], there[..., :n]))
    record("Kanade", size="toy", reference="its authors' code, vocos", **worst)
