"""Kaldi's features: published numbers, a restatement in float64, and frames that stand alone."""

import math

import numpy as np
import pytest
import torch

from vocable.signal.kaldi import (
    deltas,
    fbank,
    frame_count,
    mel_triangles,
    mfcc,
    povey,
    with_deltas,
)

TIME = np.arange(16_000) / 16_000
TONES = 0.5 * np.sin(2 * np.pi * 440 * TIME) + 0.1 * np.sin(2 * np.pi * 1320 * TIME)
NOISE = 0.1 * np.random.RandomState(0).normal(size=16_000)
# What torchaudio's float32 code gives, by the settings of HuBERT's training script.
GOLDEN_TONES = [
    *(-43.2185, 70.008, -18.4443, -62.1553, 0.384, 12.3635, -81.787),
    *(-137.6618, -65.9596, 46.4297, 77.9791, 26.3978, -15.1406),
]
GOLDEN_NOISE = [
    *(5.4398, -34.5215, -8.3659, -11.2482, -13.6002, -9.2304, -6.5076),
    *(0.9409, -0.72, -7.2201, 5.7204, 4.2574, 6.8082),
]


def float32(samples):
    return torch.tensor(samples, dtype=torch.float32)


def restated(samples, bands, scale=1.0):
    """The log-mel spectrum, frame by frame in float64, with the transform as a sum."""
    edges = np.linspace(*(1127 * math.log(1 + hz / 700) for hz in (20, 8000)), bands + 2)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)) ** 0.85
    turns = np.exp(-2j * np.pi * np.outer(np.arange(256), np.arange(400)) / 512)
    rows = []
    for start in range(0, len(samples) - 399, 160):
        piece = samples[start : start + 400] * scale
        piece = piece - piece.mean()
        piece = piece - 0.97 * np.concatenate([piece[:1], piece[:-1]])
        power = np.abs(turns @ (piece * window)) ** 2
        mel = 1127 * np.log(1 + np.arange(256) * 31.25 / 700)
        weights = [
            np.interp(mel, edges[i : i + 3], [0.0, 1.0, 0.0], left=0, right=0) for i in range(bands)
        ]
        rows.append(np.log(np.maximum(np.array(weights) @ power, 2.0**-23)))
    return np.array(rows)


@pytest.mark.parametrize("frame", [0, 50])
def test_mfcc_of_two_tones_are_the_published_numbers(frame):
    """Almost all bands hold what leaks from two lines, hence the tolerance."""
    found = mfcc(float32(TONES))[frame].numpy()
    np.testing.assert_allclose(found, GOLDEN_TONES, rtol=0, atol=2e-3)


def test_mfcc_of_noise_are_the_published_numbers():
    found = mfcc(float32(NOISE))[10].numpy()
    np.testing.assert_allclose(found, GOLDEN_NOISE, rtol=0, atol=1e-4)


def test_mfcc_of_silence_are_the_published_numbers():
    found = mfcc(torch.zeros(2, 16_000))
    assert found.shape == (2, 98, 13)
    np.testing.assert_allclose(found[..., 0].numpy(), -76.457, rtol=0, atol=1e-3)
    np.testing.assert_allclose(found[..., 1:].numpy(), 0, rtol=0, atol=2e-4)


@pytest.mark.parametrize("bands", [23, 80])
@pytest.mark.parametrize("scale", [1.0, 2.0**15], ids=["full scale 1", "full scale 16 bits"])
def test_log_mel_equals_its_definition_in_float64(bands, scale):
    samples = float32(NOISE + TONES + 0.05)[:4000]
    expected = restated(samples.double().numpy(), bands, scale)
    found = fbank(samples * scale, 16_000, bands).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-4)


def test_mfcc_are_the_cosine_transform_of_23_bands():
    """By scipy's transform, and the lifter of the table."""
    fft = pytest.importorskip("scipy.fft")
    bands = fbank(float32(NOISE), 16_000, 23).double().numpy()
    expected = fft.dct(bands, type=2, norm="ortho")[:, :13]
    expected *= 1 + 11 * np.sin(np.pi * np.arange(13) / 22)
    np.testing.assert_allclose(mfcc(float32(NOISE)).numpy(), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("samples", [0, 1, 399, 400, 559, 560, 719, 720, 16_000])
def test_frames_are_those_that_fit(samples):
    expected = len([start for start in range(0, samples, 160) if start + 400 <= samples])
    assert frame_count(samples) == expected
    assert fbank(torch.zeros(3, samples), 16_000, 40).shape == (3, expected, 40)
    assert with_deltas(mfcc(torch.zeros(samples))).shape == (expected, 39)


def test_frames_at_another_rate_last_as_long():
    assert frame_count(8000, 8000) == 98 and fbank(torch.zeros(8000), 8000, 23).shape == (98, 23)


@pytest.mark.parametrize("sizes", [[400, 160, 160], [1, 399, 1000, 7, 2433]])
def test_a_stream_that_carries_samples_gets_the_frames_of_the_whole(sizes):
    samples = float32(NOISE)[: sum(sizes)]
    carried, found = samples[:0], []
    for piece in samples.split(sizes):
        carried = torch.cat([carried, piece])
        found.append(mfcc(carried))
        carried = carried[160 * len(found[-1]) :]
    torch.testing.assert_close(torch.cat(found), mfcc(samples), rtol=0, atol=2e-5)


def test_a_frame_depends_on_its_own_samples_only():
    samples = float32(NOISE)[:4000].clone()
    expected = fbank(samples)[5]
    samples[: 5 * 160] = torch.nan
    samples[5 * 160 + 400 :] = torch.nan
    found = fbank(samples)
    torch.testing.assert_close(found[5], expected, rtol=0, atol=1e-5)
    assert found[:5].isnan().any(dim=1).all() and found[6:].isnan().any(dim=1).all()


def test_deltas_are_slopes():
    line = torch.arange(10.0)[:, None] * torch.tensor([[1.0, -3.0]])
    found = deltas(line)
    torch.testing.assert_close(found[2:-2], torch.tensor([[1.0, -3.0]]).expand(6, 2))
    # At the ends the first and the last frame stand for those beyond: (2 · 2 + 1) / 10.
    torch.testing.assert_close(found[0], torch.tensor([0.5, -1.5]))
    torch.testing.assert_close(found[-1], torch.tensor([0.5, -1.5]))


def test_39_channels_are_three_blocks():
    static = mfcc(float32(NOISE))
    found = with_deltas(static[None])[0]
    blocks = found.split(13, dim=-1)
    for block, expected in zip(
        blocks, (static, deltas(static), deltas(deltas(static))), strict=True
    ):
        assert torch.equal(block, expected)


def test_tables_cached_in_inference_mode_work_in_training():
    povey.cache_clear()
    mel_triangles.cache_clear()
    with torch.inference_mode():
        mfcc(torch.ones(1, 2000))
    x = float32(NOISE[None, :2000]).requires_grad_()
    mfcc(x).sum().backward()
    assert x.grad is not None and x.grad.any()
