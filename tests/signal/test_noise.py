"""Noise depends on its position alone: white, of variance 1, equal in pieces and whole."""

import torch

from vocable.signal.noise import noise


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
