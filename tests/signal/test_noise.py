"""Noise depends on its position alone: white, of variance 1, equal in pieces and whole."""

from statistics import NormalDist

import torch

from vocable.signal.noise import gaussian_noise, noise


def test_pieces_equal_the_whole_far_into_a_stream():
    whole = noise(torch.arange(2**33, 2**33 + 4000))
    assert torch.equal(whole[1234:2000], noise(torch.arange(2**33 + 1234, 2**33 + 2000)))


def test_it_is_white_with_variance_one():
    x = noise(torch.arange(2**18)).double()
    assert abs(x.mean()) < 0.01 and abs(x.var() - 1) < 0.01
    spectrum = torch.fft.rfft(x.reshape(-1, 256)).abs().square().mean(0) / 256
    assert torch.all((spectrum[1:-1] - 1).abs() < 0.2)


def test_the_seed_and_the_upper_half_of_the_position_change_it():
    position = torch.arange(1000)
    assert (noise(position) == noise(position, seed=1)).float().mean() < 0.01
    assert (noise(position) == noise(position + 2**32)).float().mean() < 0.01


def test_it_equals_the_same_hash_in_plain_integers():
    # Decoded audio depends on it: a change here belongs under Bits in the changelog.
    def mix(x: int) -> int:
        x = ((x ^ (x >> 16)) * 0x7FEB352D) % 2**32
        x = ((x ^ (x >> 15)) * 0x846CA68B) % 2**32
        return x ^ (x >> 16)

    for position in (0, 1, 2, 640, 12_345_678_901):
        wanted = mix(mix(position % 2**32) ^ mix(position >> 32)) / 2**31 - 1
        assert abs(float(noise(torch.tensor(position))) - wanted * 3**0.5) < 1e-6


def test_gaussian_noise_has_the_shares_of_the_normal_distribution():
    x = gaussian_noise(torch.arange(2**18), 5).double()
    assert abs(x.mean()) < 0.01 and abs(x.var() - 1) < 0.01
    assert x.isfinite().all() and 4 < x.abs().max() < 6
    assert abs(gaussian_noise(torch.tensor(0), 0, 0)) < 3  # where all that is mixed is 0
    for z in (-3.0, -1.0, 0.0, 0.5, 2.0):
        assert abs(float((x < z).double().mean()) - NormalDist().cdf(z)) < 0.003


def test_gaussian_noise_of_any_two_keys_is_unrelated():
    """Neighbouring seeds and numbers too, at the same place and at others."""
    keys = [(0, 0), (0, 1), (1, 0), (1, 1), (0,), (0, 2**32 - 1)]
    each = torch.stack([gaussian_noise(torch.arange(2**16), *key) for key in keys]).double()
    spectra = torch.fft.rfft(each)
    for a, one in enumerate(spectra):
        for two in spectra[a + 1 :]:
            assert torch.fft.irfft(one * two.conj()).abs().max() / 2**16 < 0.025


def test_gaussian_noise_far_into_a_stream():
    far = torch.arange(2**33, 2**33 + 4000)
    whole = gaussian_noise(far, 1, 2)
    assert torch.equal(whole[1234:2000], gaussian_noise(far[1234:2000], 1, 2))
    assert (whole == gaussian_noise(far - 2**32, 1, 2)).float().mean() < 0.01


def test_gaussian_noise_is_the_same_hash_turned_normal():
    # Decoded audio depends on it: a change here belongs under Bits in the changelog.
    def mix(x: int) -> int:
        x = ((x ^ (x >> 16)) * 0x7FEB352D) % 2**32
        x = ((x ^ (x >> 15)) * 0x846CA68B) % 2**32
        return x ^ (x >> 16)

    for position, seed, block in ((0, 0, 0), (1, 7, 2), (12_345_678_901, 3, 1)):
        seeded = mix(mix(0x9E3779B9 ^ seed) ^ block)
        bits = mix(mix(position % 2**32 ^ seeded) ^ mix(position >> 32))
        wanted = NormalDist().inv_cdf(((bits >> 9) + 0.5) / 2**23)
        got = float(gaussian_noise(torch.tensor(position), seed, block))
        assert abs(got - wanted) < 1e-5 * max(1, abs(wanted))
