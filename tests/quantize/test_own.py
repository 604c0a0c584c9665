"""A quantizer that a user writes is examined like ours: here FSQ, as docs/quantizers.md has it."""

import re
from pathlib import Path

import pytest
import torch

from vocable import testing
from vocable.quantize import VQ, Health, Quantized, Quantizer

PAGE = (Path(__file__).parents[2] / "docs" / "quantizers.md").read_text("utf-8")


def fsq() -> Quantizer:
    """Return the quantizer of the page."""
    code = next(c for c in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "class FSQ" in c)
    names: dict = {"__name__": "page"}
    exec(code, names)
    return names["fsq"]


def agree(quantizer: Quantizer, z: torch.Tensor, moved: torch.Tensor) -> int:
    codes = quantizer.encode(z), quantizer.encode(moved)
    return testing.check_codes_agree(quantizer, z, codes[0], moved, codes[1])


def test_it_is_nested_and_refuses_what_it_does_not_decode():
    testing.check_nested(fsq(), torch.randn(3, 40, 4))
    with pytest.raises(ValueError, match="level 0 has a code 625 but its codebook has 625"):
        fsq().decode(torch.tensor([[[625]]]))


def test_a_rounding_tie_is_a_tie():
    z = torch.randn(1, 5, 4)
    z[0, 2, 1] = torch.atanh(torch.tensor(0.25))  # bounded to 0.5, between two steps
    up, down = z.clone(), z.clone()
    up[0, 2, 1] += 1e-6
    down[0, 2, 1] -= 1e-6
    assert agree(fsq(), up, down) == 1
    assert agree(fsq(), z, z) == 0


def test_a_wrong_code_is_not_a_tie():
    z = torch.full((1, 5, 4), 0.1)
    codes = fsq().encode(z)
    wrong = codes.clone()
    wrong[0, 0, 3] += 1
    with pytest.raises(AssertionError, match="FSQ: codes differ first in frame 3, level 0"):
        testing.check_codes_agree(fsq(), z, codes, z + 1e-6, wrong)


class Nearest(Quantizer):
    """Four numbers, without a word on ties: the distance is then that of the decoded latents."""

    dim, levels, prefixes = 1, (4,), (1,)
    entries = torch.tensor([-3.0, -1.0, 1.0, 3.0])

    def encode(self, z, levels=None):
        return (z - self.entries).abs().argmin(-1)[:, None]

    def decode(self, codes):
        return self.entries[codes[:, 0]][..., None]

    def forward(self, z):
        codes = self.encode(z)
        return Quantized(self.decode(codes), codes, {}, Health.of(codes, self.levels))


def test_the_tie_rule_holds_without_a_method_of_ones_own():
    near, far = torch.tensor([[[1e-7], [2.5]]]), torch.tensor([[[-1e-7], [2.5]]])
    assert agree(Nearest(), near, far) == 1
    with pytest.raises(AssertionError, match="Nearest: codes differ first in frame 1, level 0"):
        wrong = Nearest().encode(near).clone()
        wrong[0, 0, 1] -= 1
        testing.check_codes_agree(Nearest(), near, Nearest().encode(near), near + 1e-7, wrong)


def test_learning_may_be_left_out():
    """What learns nothing need not say so; what learns is told by everybody in the same words."""
    for quantizer in (Nearest(), VQ(1, 4)):
        quantizer.start_learning(torch.randn(64, 1), per_step=8)
        quantizer.resume_learning()
        quantizer.drop_learning()
        assert not [key for key in quantizer.state_dict() if "learner" in key or "waiting" in key]
