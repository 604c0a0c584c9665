"""Mimi gives what Kyutai's `moshi` package gave, for a toy.

The tensors beside `mimi/make.py` came from that package; see there.
"""

import pytest
import torch

from tests.golden.mimi.make import LENGTHS
from tests.golden.mimi.opened import checkpoint, load, stored


@pytest.mark.parametrize("samples", LENGTHS)
@torch.no_grad()
def test_latents_codes_and_sound_are_the_package_s(samples):
    codec, tensors = load(checkpoint()), stored()
    x, codes = tensors[f"{samples}.x"], tensors[f"{samples}.codes"].long()
    z = codec.model.encoder(codec.model._rows(x))
    torch.testing.assert_close(z, tensors[f"{samples}.z"], rtol=0, atol=1e-5)
    assert torch.equal(codec.to_codes(x).stacked(), codes)
    assert len(codes.unique()) > min(8, codes.numel() // 4)
    torch.testing.assert_close(codec.from_codes(codes), tensors[f"{samples}.y"], rtol=0, atol=1e-5)


@torch.no_grad()
def test_a_stream_is_the_package_s_whole():
    """80 ms in, a frame of codes and 80 ms of sound out."""
    codec, tensors = load(checkpoint()), stored()
    codes, encoding = tensors["480.codes"].long(), codec.start_encoding(1)
    found, said, decoding = [], [], codec.start_decoding(1)
    for frame in tensors["480.x"].split(codec.frame, 2):
        mine, encoding = codec.encode_step(frame, encoding)
        sound, decoding = codec.decode_step(mine, decoding)
        assert mine[0].shape == (1, 1) and sound.shape == frame.shape
        found.append(mine.stacked())
        said.append(sound)
    assert torch.equal(torch.cat(found, 2), codes)
    torch.testing.assert_close(torch.cat(said, 2), tensors["480.y"], rtol=0, atol=1e-5)
