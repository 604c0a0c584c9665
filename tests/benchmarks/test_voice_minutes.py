"""The arithmetic of the experiment with minutes of a voice: gains that are kept, and verdicts."""

import sys

import numpy as np
import pytest

from benchmarks import speaking, voice_minutes
from benchmarks import voice_tables as tables
from benchmarks.voice_runs import Run, Said, Surprise, kept
from benchmarks.voice_ways import within
from tests.speak.small import write_sayer
from tests.train.say.small import write as write_speech
from tests.train.say.test_prepare import TEXT
from tests.train.say.test_prepare import write as write_recordings

TEXTS = [f"sentence {number}" for number in range(12)]


def run(way, likeness, bits, minutes=5, seeds=(0,), share=0.04, noise=0.0):
    """Return runs in which every sentence is as like, and every frame costs as many bits."""
    random = np.random.default_rng(0)
    return [
        Run(
            way, minutes, seed,
            tuple(Said(text, seed, 1, 4, likeness + noise * random.normal()) for text in TEXTS),
            tuple(Surprise(text, "her", 10 * bits, 10) for text in TEXTS),
            tuple(Surprise(text, text, 20 * bits, 20) for text in TEXTS), share, 1.0,
        )
        for seed in seeds
    ]  # fmt: skip


def test_a_gain_is_kept_by_sentence_and_by_recording():
    base, full = run("base", 0.5, 60, 0), run("full", 0.9, 50)
    part = run("LoRA", 0.8, 52)
    assert tables.gain_kept("likeness", part, full, base).mean == pytest.approx(0.75)
    assert tables.gain_kept("bits", part, full, base).mean == pytest.approx(0.8)
    same = tables.gain_kept("likeness", full, full, base)
    assert (same.mean, same.low, same.high) == pytest.approx((1, 1, 1))


def test_the_interval_of_a_gain_is_over_sentences_and_no_narrower_for_more_seeds():
    base, full = run("base", 0.5, 60, 0), run("full", 0.9, 50)
    part = run("LoRA", 0.8, 52, noise=0.1)
    found = tables.gain_kept("likeness", part, full, base)
    assert found.low < found.mean < found.high
    again = [Run(**{**vars(each), "seed": seed}) for seed in (0, 1) for each in part]
    again = [
        Run(**{**vars(each), "said": tuple(Said(s.text, each.seed, 1, 4, s.likeness)
                                           for s in each.said)})
        for each in again
    ]  # fmt: skip
    twice = tables.gain_kept(
        "likeness", again, run("full", 0.9, 50, seeds=(0, 1)), run("base", 0.5, 60, 0, (0, 1))
    )
    assert twice.high - twice.low == pytest.approx(found.high - found.low, rel=0.05)


def test_where_all_of_the_weights_gain_nothing_nothing_is_kept():
    worse = tables.gain_kept("bits", run("LoRA", 1, 50), run("full", 1, 61), run("base", 1, 60, 0))
    assert worse is None and "nothing to keep" in tables.verdict("bits", 0.04, worse)


def test_a_gain_needs_the_same_seeds():
    with pytest.raises(ValueError, match="same seeds"):
        tables.gain_kept(
            "likeness", run("LoRA", 0.8, 52, seeds=(1,)), run("full", 0.9, 50), run("base", 0, 60)
        )


@pytest.mark.parametrize(
    ("ends", "share", "told"),
    [
        ((0.9, 0.85, 0.95), 0.05, "holds"),
        ((0.85, 0.7, 1.0), 0.05, "holds for the mean"),
        ((0.7, 0.6, 0.9), 0.05, "does not hold"),
        ((0.9, 0.85, 0.95), 0.06, "no test"),
    ],
)
def test_what_is_said_of_the_claim(ends, share, told):
    line = tables.verdict("likeness", share, tables.Interval(*ends))
    assert line.split(": ")[-1].startswith(told)


def test_what_is_forgotten_is_counted_in_bits_a_frame():
    found = tables.change(run("full", 0.9, 63), run("base", 0.5, 60, 0), tables.of_others)
    assert found.mean == pytest.approx(3) and found.low == pytest.approx(3)


def test_the_tables_of_every_way():
    runs = [
        *run("base", 0.5, 60, 0, share=0), *run("prompt", 0.6, 58, share=0),
        *run("LoRA", 0.8, 52), *run("full", 0.9, 50, share=1.0), *run("LoRA + prompt", 0.86, 51),
    ]  # fmt: skip
    rows = tables.ways_table(runs, ["base", "prompt", "LoRA", "full"]).splitlines()
    assert rows[2].startswith("| base |  | 0.500 (0.500 to 0.500) | 25 % (25 to 25) | 60.00")
    assert "| 4.0 % | 1 s |" in rows[4]
    gains = tables.gains_table(runs).splitlines()
    assert gains[2].startswith("| 5 | likeness | base | +0.400 | 75 % (75 to 75) | 90 % (90 to 90)")
    assert len(tables.verdicts(runs)) == 4
    assert tables.forgetting_table(runs).splitlines()[4].endswith("-10.00 (-10.00 to -10.00) |")


def test_the_figure_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    from benchmarks.voice_figure import draw

    runs = [*run("base", 0.5, 60, 0), *run("recordings", 0.9, 0, 0)]
    for way in ("prompt", "LoRA", "full", "LoRA + prompt"):
        runs += [*run(way, 0.7, 55, 1), *run(way, 0.8, 52, 30)]
    draw(runs, "anna", tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:4] == b"\x89PNG"


def test_minutes_are_the_first_recordings_that_fit():
    assert within([20, 20, 20, 20], 60) == 3 and within([20, 20], 600) == 2
    assert within([90], 60) == 1


def test_what_was_measured_is_not_measured_again(tmp_path):
    (first,) = run("LoRA", 0.8, 52)
    kept(tmp_path, "LoRA", 5, 0, TEXTS, lambda: first)
    assert kept(tmp_path, "LoRA", 5, 0, TEXTS, lambda: pytest.fail("again")) == first
    (other,) = run("LoRA", 0.7, 53)
    assert kept(tmp_path, "LoRA", 5, 0, TEXTS[:3], lambda: other) == other


@pytest.mark.slow
def test_the_experiment_goes_on_where_it_was_broken_off(tmp_path, monkeypatch, capsys):
    plain = TEXT.replace("Then, up", "Then up")
    rows = {
        f"{split}{number}": {"speaker": "john", "split": split, "language": "en", "text": text}
        for split in ("train", "valid")
        for number, text in enumerate((TEXT, plain, TEXT, plain))
    }
    other = {"speaker": "anna", "split": "train", "language": "en", "text": TEXT}
    manifest = write_recordings(tmp_path, **rows, anna=other)
    line = ["voice_minutes", str(write_sayer(tmp_path / "base")), "--manifest", str(manifest)]
    line += ["--speech", str(write_speech(tmp_path)), "--speaker", "john", "--minutes", "0.2"]
    line += ["--sentences", "2", "--seeds", "1", "--out", str(tmp_path / "out"), "--set"]
    line += ["schedule.steps=4", "schedule.warmup=1", "checkpoints.tensorboard=false"]
    monkeypatch.setattr(sys, "argv", line)
    monkeypatch.setattr(speaking, "load_recogniser", lambda name: lambda x, rate: "up got")
    for place in (speaking, voice_minutes):
        monkeypatch.setattr(
            place, "load_embedding", lambda name: lambda x, rate: np.array([1.0, x.std()])
        )
    voice_minutes.main()
    first = capsys.readouterr().out
    table = [[cell.strip() for cell in row.split("|")[1:-1]] for row in first.splitlines()]
    ways = [row[:2] for row in table[2:10]]
    assert ways == [
        ["recordings of others", ""], ["recordings", ""], ["round trip", ""], ["base", ""],
        ["prompt", "0.2"], ["LoRA", "0.2"], ["full", "0.2"], ["LoRA + prompt", "0.2"],
    ]  # fmt: skip
    assert (
        first.count("- 0.2 minutes, LoRA") == 4
        and (tmp_path / "out" / "voice_minutes.png").exists()
    )
    (tmp_path / "out" / "runs" / "prompt-0.2-0.json").unlink()
    monkeypatch.setattr("benchmarks.voice_ways.finetune", None)  # all of that is there
    voice_minutes.main()
    assert capsys.readouterr().out.splitlines()[:-1] == first.splitlines()[:-1]
