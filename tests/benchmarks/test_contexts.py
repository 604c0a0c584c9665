"""Bits by place: those of the model, those of a windowed one in a ring, alike where all is seen."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks import contexts
from tests.benchmarks.test_scripts import table
from tests.language.frames import toys
from tests.language.stages import toys as stages
from vocable.language.lessons import Lessons
from vocable.load.own_language import save_language
from vocable.tokens import joined
from vocable.tokens.sets import About, TokenSetWriter


def made(name: str):
    if name == "flatten":
        return stages.network(name), lambda frames, seed: stages.some_tracks(frames, seed)[
            "acoustic"
        ]
    return toys.network(name), toys.some_tokens


@pytest.mark.parametrize("name", ["flatten", "delay", "depth", "acoustic_delay"])
def test_bits_are_those_of_the_model(name):
    network, tokens = made(name)
    turned = [tokens(12, seed) for seed in range(2)]
    found = contexts.bits_by_frame(network, turned, {})
    assert found.shape == (2, 12)
    for bits, each in zip(found, turned, strict=True):
        told = network.nats(Lessons.of([network.score(each, begins=False)]))
        codes = told.levels < network.asked.end
        wanted = float(told.nats[codes].sum()) / np.log(2)
        # the end is among what the first level may be there, and not here
        assert 0 <= wanted - bits.sum() < 0.1 * wanted


@pytest.mark.parametrize("name", ["flatten", "delay"])
def test_a_ring_is_a_window(name):
    network, tokens = made(name)
    sound = [tokens(40, 0)]
    ring = contexts.bits_by_frame(network, sound, {"window": 17, "sinks": 0})
    full = contexts.bits_by_frame(network, sound, {})
    config = network.config
    windowed = type(network)(replace(config, trunk=replace(config.trunk, window=17)))
    windowed.load_state_dict(network.state_dict())
    windowed.eval().requires_grad_(False)
    score = network.score(sound[0], begins=False)
    ids, levels = torch.from_numpy(score.ids)[None], score.levels[1:]
    hidden = windowed.trunk(windowed.embed(ids[:, :-1]))
    wanted = np.pad(contexts.nats(network, hidden, ids[:, 1:], levels), ((0, 0), (1, 0), (0, 0)))
    wanted = contexts.by_frame(wanted / np.log(2), score.levels, sound[0])
    assert np.allclose(ring, wanted, atol=1e-4)
    assert not np.allclose(ring, full, atol=1e-2)  # what is forgotten is missed
    assert np.allclose(ring[:, :4], full[:, :4], atol=1e-4)


def test_the_table(monkeypatch, capsys, tmp_path):
    save_language(toys.network("delay"), tmp_path / "model", "toy")
    with TokenSetWriter(tmp_path / "set") as out:
        for number in range(6):
            tokens = toys.some_tokens(30, number)
            split = "valid" if number else "train"
            out.add({"acoustic": tokens}, About(f"r{number}", split, speaker=f"s{number}"))
    asked = ["--seconds", "0.4", "--figure", str(tmp_path / "figure.png")]
    rows, _ = table(
        monkeypatch, capsys, "contexts", str(tmp_path / "set"), str(tmp_path / "model"), *asked
    )
    assert len(rows) == 12 and rows[0] == ["s", "full", "ring", "ring + sinks"]
    assert len(set(rows[1][1:])) == 1 and rows[-1][0] == "most above the first"
    assert (tmp_path / "figure.png").stat().st_size > 1000


def test_all_windows_of_sound_stand_at_all_places(monkeypatch):
    """With bits that only the sound decides, the curve is flat."""
    sound = joined([toys.some_tokens(10, seed) for seed in range(4)])
    monkeypatch.setattr(contexts, "bits_by_frame", lambda network, turned, options: np.stack(
        [each.codes[0].sum(0) for each in turned]))  # fmt: skip
    found = contexts.curve(toys.network("delay"), "full", sound, 10)
    assert found.shape == (4, 2) and np.ptp(found, axis=0).max() == 0
    assert torch.is_grad_enabled()
