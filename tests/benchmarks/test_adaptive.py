"""The table of adaptive rates: edges that agree, baselines, fixed strides, the script itself."""

import json
import sys

import numpy as np
import pytest
import soundfile

from benchmarks import adaptive
from benchmarks.boundaries import drawn, hits, phone_edges, uniform
from tests.measures.signals import RATE, voice
from vocable.testing.codec_examples import small_codec


def test_each_edge_agrees_with_one_at_most():
    wanted = np.array([0.1, 0.2, 0.5])
    assert hits(wanted, wanted) == 3
    assert hits(np.array([0.08, 0.12]), wanted) == 1
    assert hits(np.array([0.12, 0.21, 0.479]), wanted) == 2
    assert hits(np.zeros(0), wanted) == hits(wanted, np.zeros(0)) == 0


def test_edges_of_phones_lie_between_different_ones():
    spans = [(0.0, 0.1, "sil"), (0.1, 0.2, "a"), (0.2, 0.3, "a"), (0.4, 0.5, "a"), (0.5, 0.6, "b")]
    assert phone_edges(spans).tolist() == [0.1, 0.4, 0.5]


def test_edges_that_know_nothing_are_as_many():
    assert uniform(3, 4.0).tolist() == [1, 2, 3]
    places = np.arange(50) / 25
    found = drawn(9, places, 0)
    assert len(set(found)) == 9 and set(found) <= set(places) and (np.diff(found) > 0).all()


def test_a_fixed_rate_has_tokens_of_equal_length():
    codec = small_codec("channel-vocoder")
    sound = voice(2.01)
    tokens = adaptive.FixedRate(codec, 4).encode(sound, rate=RATE)
    assert set(tokens.durations[:-1]) == {4} and tokens.frames == 51 and tokens.durations[-1] == 3
    assert adaptive.FixedRate(codec, 1).encode(sound, rate=RATE).expand().codes == pytest.approx(
        codec.encode(sound, rate=RATE).codes
    )


@pytest.fixture
def manifest(tmp_path):
    pause = np.concatenate([voice(1.5), np.zeros(RATE // 2), voice(1.0)])
    rows = []
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.wav", pause, RATE)
        phones = [[0.0, 0.7, "iy"], [0.7, 1.5, "s"], [1.5, 2.0, "pau"], [2.0, 3.0, "iy"]]
        rows.append({"path": f"{name}.wav", "speaker": name, "phones": phones})
    target = tmp_path / "manifest.jsonl"
    target.write_text("\n".join(map(json.dumps, rows)))
    return target


@pytest.mark.parametrize("name", ["speech-16k", "units-16k"])
def test_the_script_prints_a_row_for_each_way(monkeypatch, capsys, manifest, tmp_path, name):
    figure = tmp_path / "figure.png"
    options = [
        str(manifest),
        "--codec",
        name,
        "--prices",
        "1",
        "--strides",
        "2",
        "--figure",
        figure,
    ]
    monkeypatch.setattr(sys, "argv", ["adaptive.py", *map(str, options)])
    adaptive.main()
    lines = capsys.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in each.split("|")[1:-1]] for each in lines if each[:1] == "|"]
    assert [each[0] for each in rows[2:]] == ["1 frame", "2 frames", "λ = 1"]
    cells = dict(zip(rows[0], zip(*rows[2:], strict=True), strict=True))
    rates = [float(cell.split()[0]) for cell in cells["tokens/s"]]
    assert rates[0] > rates[1] and rates[0] > rates[2]
    assert ("–" in cells["STOI"]) == (name == "units-16k") and "–" not in cells["PNMI"]
    assert (
        cells["saved in silence"][0] == "–" and float(cells["saved in silence"][2].split()[0]) > 0
    )
    assert "python -m benchmarks.adaptive" in lines[-1] and figure.stat().st_size > 10_000
