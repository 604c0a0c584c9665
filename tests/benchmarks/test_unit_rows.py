"""Rows of the table of units: frames that units are made of, computed once."""

import numpy as np
import pytest
import torch

from benchmarks.unit_rows import EverySecond, Kept, baselines, trained
from vocable.audio import Audio
from vocable.load import save_model
from vocable.signal import kaldi
from vocable.units.streaming import StreamingUnits, StreamingUnitsConfig

SOUND = Audio(0.1 * np.random.default_rng(0).normal(size=16_000).astype(np.float32), 16_000)


def test_every_second_frame_of_kaldis_mfcc_with_slopes_is_taken():
    (found,) = EverySecond("mfcc").features([SOUND], layer=0)
    assert found.shape == (49, 39)
    wanted = kaldi.with_deltas(kaldi.mfcc(torch.tensor(SOUND.samples)))[0, ::2]
    assert found == pytest.approx(wanted.numpy(), abs=1e-4)


def test_frames_are_computed_once():
    calls = []

    class Counting(EverySecond):
        def features(self, sources, rate=None, **how):
            calls.append(len(sources))
            return super().features(sources, rate, **how)

    kept = Kept(Counting("log-mel"))
    first, again = (kept.features([Audio(SOUND.samples, 16_000)], layer=0)[0] for _ in range(2))
    assert calls == [1] and first is again


def test_all_rows_have_as_many_frames():
    found = [row.encoder.features([SOUND], layer=row.layer)[0] for row in baselines(4, [SOUND])]
    assert [rows.shape for rows in found] == [(49, 39), (49, 80), (49, 256)]


def test_the_network_that_has_learnt_nothing_is_the_same_every_time():
    first, again = (baselines(4, [SOUND])[2].encoder for _ in range(2))
    assert first.space == again.space


def test_a_folder_is_a_row_of_the_layer_that_is_asked_for(tmp_path):
    save_model(
        StreamingUnits(StreamingUnitsConfig(bands=40, channels=32, layers=2, units=6)),
        tmp_path, name="tiny", version="1",
    )  # fmt: skip
    whole, first = trained(f"net={tmp_path}"), trained(f"net@1={tmp_path}")
    assert (whole.layer, first.layer, whole.standardise) == (2, 1, True)
    assert whole.own is not None and first.own is None and first.name == "net@1"
