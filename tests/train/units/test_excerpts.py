"""Excerpts: classes belong to what is heard, at any speed; what is hidden is as the mask says."""

from pathlib import Path

import numpy as np
import pytest

from vocable.audio.manifest import Clip
from vocable.errors import RecipeError
from vocable.train.data.recordings import Recordings
from vocable.train.data.tables import Augment, Data
from vocable.train.units.excerpts import Excerpts
from vocable.train.units.labels import NONE, Labels, frame_count, stated
from vocable.train.units.masked import hide, hide_bands
from vocable.train.units.recipe import Mask

RATE, HOP = 16_000, 320
STILL = Augment(gain_db=(0.0, 0.0), flip=False)


def ramps(*lengths: int) -> tuple[Recordings, Labels]:
    """Return recordings whose samples say where they are, and classes that count the frames."""
    samples = np.concatenate([np.arange(n) // HOP * 10 for n in lengths]).astype(np.int16)[:, None]
    ends = np.cumsum(lengths)
    spans = np.stack([ends - lengths, ends], axis=1)
    found = Recordings(samples, spans, RATE, [Clip(Path(f"{k}.wav")) for k in range(len(lengths))])
    frames = [frame_count(n) for n in lengths]
    return found, Labels(np.concatenate([np.arange(n) for n in frames]).astype(np.int16), frames)


def drawn(seconds: float, *lengths: int, augment: Augment = STILL):
    recordings, labels = ramps(*lengths)
    source = Excerpts(recordings, Data(batch=32, segment=seconds), augment, seed=0)
    excerpt = source.draw()
    classes = labels.at(excerpt.recordings, excerpt.frames)
    return source, excerpt, classes


def heard(samples: np.ndarray) -> np.ndarray:
    """Return the number of the frame in its recording that begins at each frame's first sample."""
    first = samples[:, : -(400 - HOP) : HOP][:, : frame_count(samples.shape[1])]
    return np.round(first * 32767 / 10)


def test_a_frame_has_the_class_of_what_is_heard():
    _, excerpt, classes = drawn(2.0, 5 * RATE, 90_001)
    assert classes.shape == (32, frame_count(2 * RATE))
    assert (classes == heard(excerpt.samples.numpy())).all()


def test_played_faster_or_slower_it_keeps_its_class():
    augment = Augment(gain_db=(0.0, 0.0), flip=False, speed=(0.8, 1.25))
    _, excerpt, classes = drawn(2.0, 20 * RATE, augment=augment)
    away = np.abs(classes - heard(excerpt.samples.numpy()))[:, 1:-1]
    assert away.max() <= 1
    speeds = np.diff(classes[:, [0, -1]], axis=1)[:, 0] / frame_count(2 * RATE)
    assert speeds.min() < 0.85 and speeds.max() > 1.15


def test_short_recordings_follow_each_other():
    _, excerpt, classes = drawn(2.0, 9000, 12_345, 700)
    samples = excerpt.samples.numpy()
    known = classes != NONE
    assert 0.8 < known.mean() < 1
    assert (classes[known] == heard(samples)[known]).all()


def test_resumed_the_same_follows():
    source, *_ = drawn(1.0, 5 * RATE)
    state = source.state()
    first = source.draw()
    source.restore(state)
    again = source.draw()
    assert all(
        (a == b).all() for a, b in zip(vars(first).values(), vars(again).values(), strict=True)
    )


@pytest.mark.parametrize(("share", "length"), [(0.08, 10), (0.2, 5), (0.01, 10)])
def test_what_is_hidden_is_as_much_as_asked(share, length):
    mask = Mask(share=share, length=length)
    hidden = hide(np.random.default_rng(0), (200, 200), mask)
    spans = max(2, round(share * 200))
    most = spans * length / 200
    begins = 200 - length + 1  # of which as many are drawn, none twice
    seen = np.prod([(begins - spans - k) / (begins - k) for k in range(length)])
    assert hidden.mean() == pytest.approx(1 - seen, abs=0.03) and hidden.mean() <= most
    runs = np.diff(np.flatnonzero(np.diff(np.pad(hidden, ((0, 0), (1, 1))).ravel())))[::2]
    assert runs.min() >= length


def test_nothing_is_hidden_where_nothing_is_asked():
    assert not hide(np.random.default_rng(0), (2, 50), Mask(share=0.0, seen=1.0)).any()


def test_phones_are_those_at_the_middle_of_a_frame():
    recordings, _ = ramps(RATE)
    phones = ((0.0, 0.1, "b"), (0.1, 0.5, "a"))
    own = Recordings(
        recordings.samples, recordings.spans, RATE, [Clip(Path("0.wav"), phones=phones)]
    )
    classes = stated({"train": own}, classes=40)["train"].of(0)
    middles = (np.arange(49) * 320 + 200) / RATE
    wanted = np.where(middles < 0.1, 1, np.where(middles < 0.5, 0, NONE))
    assert (classes == wanted).all()


@pytest.mark.parametrize(
    ("phones", "wanted"),
    [
        (((0.0, 0.4, "a"), (400.0, 900.0, "b")), "1 of 2 phones begin behind its end"),
        (((1.0, 1.1, "a"),), "the first at 1 s; state them in seconds"),
        (((0.5, 0.4, "a"),), "0.wav: spans must be in order"),
    ],
    ids=["milliseconds", "at the end", "order"],
)
def test_phones_outside_the_recording_are_refused_by_its_name(phones, wanted):
    recordings, _ = ramps(RATE)
    clips = [Clip(Path("0.wav"), phones=phones)]
    own = Recordings(recordings.samples, recordings.spans, RATE, clips)
    with pytest.raises(RecipeError, match=wanted):
        stated({"train": own}, classes=40)


def test_only_recordings_that_are_asked_of_are_drawn():
    recordings, labels = ramps(RATE, 2 * RATE, 3 * RATE)
    labels.values[labels.edges[1] : labels.edges[2]] = NONE
    assert labels.known.tolist() == [True, False, True]
    excerpt = Excerpts(recordings, Data(batch=32, segment=1.0), STILL, seed=0).draw(labels.known)
    assert set(np.unique(excerpt.recordings)) - {NONE} == {0, 2}


def test_bands_are_hidden_in_two_spans_of_up_to_so_many():
    hidden = hide_bands(np.random.default_rng(0), (500, 80), 16)
    counts = hidden.sum(1)
    assert counts.min() < 4 and 24 < counts.max() <= 32 and hidden.any(0).all()
    edges = np.diff(np.pad(hidden, ((0, 0), (1, 1))).astype(int), axis=1)
    assert (edges == 1).sum(1).max() == 2
    assert not hide_bands(np.random.default_rng(0), (3, 80), 0).any()
