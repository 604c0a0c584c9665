"""Law 2 on codes: equal, but where two entries lie no further apart than the latents differ."""

import pytest
import torch

from vocable import testing
from vocable.quantize import ResidualVQ


def line(*first: float) -> ResidualVQ:
    """A quantizer of numbers with these entries at level 0, and 0 and 0.25 at level 1."""
    quantizer = ResidualVQ(1, (len(first), 2), update=None).eval()
    for level, entries in zip(quantizer.stack, (first, (0.0, 0.25)), strict=True):
        level.codebook.entries.copy_(torch.tensor(entries)[:, None])
    return quantizer


def agree(quantizer: ResidualVQ, z: list[float], moved: list[float]) -> int:
    latents = [torch.tensor(values)[None, :, None] for values in (z, moved)]
    codes = [quantizer.encode(latent) for latent in latents]
    return testing.check_codes_agree(quantizer, latents[0], codes[0], latents[1], codes[1])


def test_a_latent_on_the_border_ties():
    assert agree(line(-1.0, 1.0), [0.5, 1e-6, -1.0], [0.5, -1e-6, -1.0]) == 1


def test_a_tie_at_level_0_excuses_the_levels_below():
    quantizer = line(-1.0, 1.0, 5.0)
    z = torch.tensor([1e-6, 5.0])[None, :, None]
    codes = quantizer.encode(z)
    other = codes.clone()
    other[0, :, 0] = 1 - codes[0, :, 0]
    assert testing.check_codes_agree(quantizer, z, codes, -z, other) == 1


def test_equal_codes_do_not_tie():
    assert agree(line(-1.0, 1.0), [0.5, 0.1, -1.0], [0.5, 0.2, -1.0]) == 0


@pytest.mark.parametrize("level", [0, 1])
def test_a_wrong_code_is_no_tie(level):
    quantizer = line(-1.0, 1.0)
    z = torch.tensor([[[0.9], [-0.9]]])
    codes = quantizer.encode(z)
    wrong = codes.clone()
    wrong[0, level, 1] = 1 - wrong[0, level, 1]
    with pytest.raises(AssertionError, match=f"differ first in frame 1, level {level}"):
        testing.check_codes_agree(quantizer, z, codes, z + 1e-6, wrong)


def test_a_coarse_token_that_ties_is_one_tie():
    quantizer = ResidualVQ(1, (2,), strides=(4,), update=None).eval()
    quantizer.stack[0].codebook.entries.copy_(torch.tensor([[-1.0], [1.0]]))
    z = torch.full((1, 8, 1), 1e-6)
    codes = quantizer.encode(z), quantizer.encode(-z)
    assert testing.check_codes_agree(quantizer, z, codes[0], -z, codes[1]) == 2
