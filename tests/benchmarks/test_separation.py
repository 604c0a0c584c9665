"""The benchmark of separation runs on toys; a perfect separator and none are its two ends."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile
import torch

from benchmarks import separation
from tests.benchmarks.test_scripts import table
from tests.separation.test_conv_tasnet import PAPER, network
from tests.units.test_long import streaming_units
from vocable.audio import Audio
from vocable.load import save_model
from vocable.load.separators import save_separator

RATE = 16_000


@pytest.fixture(scope="module")
def speakers(tmp_path_factory):
    """Return a manifest of five speakers, a hum each, the last without a partner."""
    folder, rows = tmp_path_factory.mktemp("speakers"), []
    for number in range(5):
        time = np.arange(RATE + 1000 * number) / RATE
        soundfile.write(folder / f"{number}.wav", 0.1 * np.sin((600 + 900 * number) * time), RATE)
        text = "one two three" if number else ""
        rows.append({"path": f"{number}.wav", "speaker": f"s{number}", "text": text})
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "manifest.jsonl"


def heard(samples, rate):
    """Return the words of a recogniser that hears the level of a recording."""
    assert rate == RATE
    return f"one two {'three' if np.abs(samples).mean() < 0.04 else 'four'}"


def test_three_rows(monkeypatch, capsys, speakers, tmp_path):
    save_separator(network(rate=RATE, **PAPER), tmp_path / "separator", "small")
    save_model(streaming_units(), tmp_path / "units", name="small-units")
    monkeypatch.setattr(separation, "load_recogniser", lambda name: heard)
    rows, _ = table(
        monkeypatch, capsys, "separation", str(tmp_path / "separator"), "--data", str(speakers),
        "--mixtures", "5", "--units", str(tmp_path / "units"), "--figure", str(tmp_path / "a.png"),
    )  # fmt: skip
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert [row[0] for row in rows[1:]] == list(separation.SYSTEMS)
    mixture, parts, clean = rows[1:]
    assert mixture[2] == clean[1] == clean[2] == "" and parts[2][0] in "+-"
    assert float(clean[4].split()[0]) == 0.0 and float(clean[5].split()[0]) == 0.0
    assert float(mixture[5].split()[0]) == pytest.approx(50, abs=10)


def test_mixtures_are_fixed_and_of_couples(speakers):
    clips = separation.read_manifest(speakers)
    one, other = (list(separation.made(clips, 4, 0)) for _ in range(2))
    assert [each.couple for each in one] == [each.couple for each in other]
    assert len({each.couple for each in one}) == 2
    for each, again in zip(one, other, strict=True):
        np.testing.assert_array_equal(each.sources, again.sources)
        assert each.audio.samples.shape[1] == each.sources.shape[1]


class Perfect:
    """Gives the sources, the second one first."""

    def __init__(self, mixture):
        self.mixture = mixture

    def separate(self, audio):
        assert audio == self.mixture.audio
        return [Audio(source, RATE) for source in self.mixture.sources[::-1]]


def test_a_perfect_separator_gains_all(speakers):
    (mixture,) = separation.made(separation.read_manifest(speakers), 1, 0)
    systems, in_turn = separation.parted(Perfect(mixture), mixture)
    assert not in_turn
    np.testing.assert_array_equal(systems["parts"], mixture.sources)


def test_share_of_the_other():
    random = torch.Generator().manual_seed(0)
    own, other = torch.randn(2, 4000, generator=random).numpy()
    assert separation.share_of_other(0.3 * own, own, other) == pytest.approx(0, abs=1e-9)
    assert separation.share_of_other(own + other, own, other) == pytest.approx(0.5, abs=0.05)
    assert separation.share_of_other(other - own / 3, own, other) == pytest.approx(0.9, abs=0.05)
