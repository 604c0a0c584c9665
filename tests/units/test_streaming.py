"""The encoder that works in steps: how long it waits, and how many units there are."""

import pytest

from vocable.units.streaming import StreamingUnits, StreamingUnitsConfig

MODEL = StreamingUnits(StreamingUnitsConfig())


def test_a_unit_waits_65_ms_for_what_it_hears():
    """Three frames of 20 ms, and the 80 samples by which a window is longer than a frame."""
    assert MODEL.encoder.lookahead == 3 * 320 + 80 == 65 * 16


@pytest.mark.parametrize(
    ("samples", "frames"), [(399, 0), (400, 1), (719, 1), (720, 2), (16_000, 49), (160_000, 499)]
)
def test_there_are_as_many_as_wav2vec_has_frames(samples, frames):
    assert MODEL.spec.frames(samples) == frames
