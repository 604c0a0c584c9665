"""EnCodec gives what the published `encodec` package gave, for toys of each kind.

The tensors beside `encodec/make.py` came from that package; see there.
"""

import pytest
import torch

from tests.golden.encodec.opened import opened, stored

LENGTHS = (1, 7, 160, 161, 233, 480)


@pytest.mark.parametrize("samples", LENGTHS)
@pytest.mark.parametrize("kind", ["causal", "symmetric", "stereo"])
@torch.no_grad()
def test_codes_and_sound_are_the_package_s(kind, samples):
    codec, tensors = opened(kind), stored(kind)
    x, codes = tensors[f"{samples}.x"], tensors[f"{samples}.codes"].long()
    found = codec.to_codes(x)
    assert torch.equal(found.stacked(), codes)
    assert len(codes.unique()) > min(8, codes.numel() // 4)
    if kind == "stereo":
        scales = tensors[f"{samples}.scales"]
        torch.testing.assert_close(found.sides["scale"], scales, rtol=1e-6, atol=0)
    y = tensors[f"{samples}.y"]
    torch.testing.assert_close(codec.from_codes(found), y, rtol=0, atol=1e-5)
