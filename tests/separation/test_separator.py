"""Recordings in, one of each speaker out: lengths, rates, order, streams, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
import torch

from tests.separation.test_conv_tasnet import PAPER, network
from vocable.errors import AudioError, ModelError
from vocable.separation import Separator, windows
from vocable.separation.order import Onsets
from vocable.testing.compare import check_rows_equal, cut

FORMS = pytest.mark.parametrize("form", [{}, PAPER], ids=["causal", "paper"])


def separator(**options) -> Separator:
    return Separator(network(rate=8000, **options), name="small")


def noise(samples: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal((channels, samples)).astype(np.float32)


@FORMS
@pytest.mark.parametrize("rate", [8000, 11025, 48000])
@pytest.mark.parametrize("samples", [1, 3, 4001, 70001])
def test_parts_have_the_length_and_rate_of_the_recording(form, rate, samples):
    one, two = separator(**form).separate(noise(samples), rate=rate)
    for part in (one, two):
        assert (part.channels, len(part), part.rate) == (1, samples, rate)


@FORMS
def test_parts_add_up_to_the_recording(form):
    recording = noise(9001)
    one, two = separator(**form).separate(recording, rate=8000)
    np.testing.assert_allclose(one.samples + two.samples, recording, atol=1e-6)


@FORMS
def test_a_file_is_what_its_samples_are(form, tmp_path):
    soundfile.write(tmp_path / "talk.wav", noise(100_000)[0], 8000, subtype="FLOAT")
    held = separator(**form).separate(noise(100_000), rate=8000)
    assert held == separator(**form).separate(tmp_path / "talk.wav")


@pytest.mark.parametrize("sizes", [[1] * 40, [333, 0, 5, 2000], [4001], []])
def test_a_stream_gives_the_parts_of_the_whole(sizes):
    """Law 2, with the order in which speakers begin: silence, then sound."""
    made = separator()
    samples = np.concatenate([np.zeros((1, 1111), np.float32), noise(2890)], 1)
    wanted = torch.tensor(np.concatenate([p.samples for p in made.separate(samples, rate=8000)]))
    state, found = made.start(), []
    for block in cut(torch.tensor(samples[0]), sizes, axis=0):
        before = state
        parts, state = made.step(block, state)
        again, _ = made.step(block, before)
        assert torch.equal(parts, again)
        found.append(parts)
    found.append(made.finish(state))
    check_rows_equal("a stream", torch.cat(found, 1), wanted, axis=1)


def test_a_stream_keeps_what_it_says_it_waits_for():
    made = separator()
    loud = torch.full((800,), 0.1)
    loud[::2] *= -1
    parts, state = made.step(loud, made.start())
    assert parts.shape[1] == 800 - made.model.config.late
    parts, state = made.step(torch.zeros(10), made.start())
    assert parts.shape[1] == 0  # nobody has begun: a stretch of 40 ms is not full


def beginning(late: int, first: int) -> torch.Tensor:
    """Return two parts: `first` begins at once, the other `late` samples later."""
    parts = torch.zeros(2, 4000)
    parts[first, 500:] = 0.1
    parts[1 - first, 500 + late :] = 0.2
    return parts


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("size", [1, 7, 320, 4000])
def test_who_begins_is_first(first, size):
    parts, state, found = beginning(1000, first), Onsets(320, torch.zeros(2, 0)), []
    for block in cut(parts, [size] * (4000 // size)):
        done, state = state.push(block)
        found.append(done)
    found.append(state.push(parts[:, :0], last=True)[0])
    joined = torch.cat(found, 1)
    assert torch.equal(joined, parts[[first, 1 - first]])


def test_of_three_each_takes_the_place_of_his_onset():
    parts = torch.zeros(3, 4000)
    for begin, speaker in ((320, 2), (960, 0), (1600, 1)):
        parts[speaker, begin:] = 0.1
    found, state = Onsets(320, torch.zeros(3, 0)).push(parts, last=True)
    assert state.begun == (2, 0)
    assert torch.equal(found[:, 2000:], parts[[2, 0, 1], 2000:])


def flipping(window: int):
    """Return what parts a recording exactly, and names the speakers the other way each time."""
    calls = []

    def part(samples: torch.Tensor) -> torch.Tensor:
        calls.append(len(samples))
        parts = torch.stack((samples.clamp(min=0), samples.clamp(max=0)))
        return parts.flip(0) if len(calls) % 2 else parts

    return part, calls


def test_windows_keep_the_order_and_their_size():
    samples = torch.tensor(noise(10_000)[0])
    part, calls = flipping(1000)
    blocks = torch.split(samples, 333)
    parts = torch.cat(list(windows.parted_in_windows(part, blocks, 1000, 200)), 1)
    assert torch.allclose(parts, torch.stack((samples.clamp(max=0), samples.clamp(min=0))))
    assert len(calls) == 12 and max(calls) < 2000


@FORMS
def test_silence_gives_silence(form):
    for part in separator(**form).separate(np.zeros((1, 5000), np.float32), rate=16000):
        assert len(part) == 5000 and not part.samples.any()


@FORMS
def test_settings_of_the_program_do_not_reach_in(form):
    made, recording = separator(**form), noise(5000)
    wanted = made.separate(recording, rate=8000)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"), torch.autocast("cpu", torch.bfloat16):
            found = made.separate(recording, rate=8000)
    finally:
        torch.set_default_dtype(torch.float32)
    assert found == wanted


@FORMS
def test_one_speaker_where_two_are_asked(form):
    """Nothing is lost: both tracks have the length, and together what was said."""
    voice = noise(5000) * np.linspace(0, 1, 5000, dtype=np.float32)
    one, two = separator(**form).separate(voice, rate=8000)
    assert len(one) == len(two) == 5000
    np.testing.assert_allclose(one.samples + two.samples, voice, atol=1e-6)


def test_what_is_refused():
    made = separator()
    with pytest.raises(AudioError, match=r"has 2 channels but a separator takes one; pass mix="):
        made.separate(noise(800, channels=2), rate=8000)
    assert len(made.separate(noise(800, channels=2), rate=8000, mix=True)[0]) == 800
    with pytest.raises(AudioError, match="0 samples"):
        made.separate(np.zeros((1, 0), np.float32), rate=8000)
    with pytest.raises(ModelError, match="reads all of a recording, so it takes no streams"):
        separator(**PAPER).start()
    with pytest.raises(ModelError, match=r"takes a tensor \[samples\] of floats"):
        made.step(torch.zeros(1, 80), made.start())
    with pytest.raises(AudioError, match="not finite"):
        made.step(torch.full((80,), torch.nan), made.start())
