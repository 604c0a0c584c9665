"""Search along several paths: the best sum that there is, if the beam is wide enough."""

import itertools

import pytest
import torch

from vocable.errors import ModelError
from vocable.quantize import (
    VQ,
    Gradient,
    GroupedVQ,
    Normalised,
    Quantizer,
    ResidualVQ,
    SimVQ,
    SplitVQ,
)

BY_GRADIENT = {"update": Gradient(), "revival": None, "initialise": None}
KINDS = {
    "plain": {},
    "normalised": {"codebook": Normalised(3), "update": Gradient()},
    "simvq": {"codebook": SimVQ(), **BY_GRADIENT},
}


def latents(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def learned(kind: str, sizes: tuple[int, ...]) -> ResidualVQ:
    torch.manual_seed(0)
    quantizer = ResidualVQ(5, sizes, **KINDS[kind])
    quantizer.start_learning(torch.randn(400, 5), per_step=60)
    return quantizer.eval()


def errors(quantizer: Quantizer, z: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    return (z - quantizer.decode(codes)).double().square().sum(-1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_beam_of_all_paths_finds_the_best_of_all_sums(kind: str):
    quantizer, z = learned(kind, (6, 5, 4)), latents(1, 40, 5)
    every = torch.tensor(list(itertools.product(range(6), range(5), range(4)))).T[None]
    sums = quantizer.decode(every)[0]
    wanted = torch.cdist(z[0].double(), sums.double()).amin(1)
    quantizer.beam = 30
    found = errors(quantizer, z, quantizer.encode(z))[0].sqrt()
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("beam", [2, 4])
def test_the_error_is_never_larger_than_that_of_greedy_search(kind: str, beam: int):
    quantizer, z = learned(kind, (256, 40, 16, 16)), latents(2, 300, 5)
    for levels in (1, 2, 4):
        quantizer.beam = 1
        greedy = quantizer.encode(z, levels)
        quantizer.beam = beam
        codes = quantizer.encode(z, levels)
        before, after = errors(quantizer, z, greedy), errors(quantizer, z, codes)
        assert (after <= before).all()
        if levels > 1:
            assert (after < before).float().mean() > 0.05


def test_of_one_path_codes_are_those_of_greedy_search_and_forward_always_is():
    quantizer, z = learned("plain", (64, 16, 16)), latents(2, 50, 5)
    greedy = quantizer.encode(z)
    quantizer.beam = 3
    assert torch.equal(quantizer(z).codes, greedy)
    assert not torch.equal(quantizer.encode(z), greedy)
    quantizer.beam = 1
    assert torch.equal(quantizer.encode(z), greedy)


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_gets_its_codes_whatever_stands_beside_it(kind: str):
    """At 256 entries the maximum is taken in two steps, at 40 in one."""
    quantizer, z = learned(kind, (256, 40, 40)), latents(3, 200, 5)
    quantizer.beam = 4
    whole = quantizer.encode(z)
    assert torch.equal(quantizer.encode(z), whole)
    for item, frame in ((0, 0), (1, 77), (2, 199)):
        alone = quantizer.encode(z[item : item + 1, frame : frame + 1])
        assert torch.equal(alone[0, :, 0], whole[item, :, frame])
    assert torch.equal(quantizer.encode(z[1:2]), whole[1:2])
    z[0, 3] = torch.nan
    assert torch.equal(quantizer.encode(z)[1:], whole[1:])


def test_equal_entries_give_the_lower_index():
    quantizer = ResidualVQ(2, (4, 4), update=None).eval()
    for level in quantizer.stack:
        level.codebook.entries.copy_(latents(2, 2).repeat_interleave(2, 0))
    quantizer.beam = 4
    assert not (quantizer.encode(latents(1, 50, 2, seed=2)) % 2).any()


@pytest.mark.parametrize("kind", ["split", "grouped"])
def test_quantizers_of_parts_look_along_the_paths_of_each(kind: str):
    torch.manual_seed(0)
    if kind == "split":
        quantizer: Quantizer = SplitVQ(6, [VQ(4, 16), ResidualVQ(3, (16,) * 3)])
    else:
        quantizer = GroupedVQ([ResidualVQ(3, (16, 8, 8)) for _ in range(2)])
    quantizer.start_learning(torch.randn(200, 6), per_step=60)
    z = latents(1, 60, 6)
    greedy = quantizer.eval().encode(z)
    for part in quantizer.parts:
        part.beam = 3
    assert torch.equal(quantizer(z).codes, greedy)
    codes = quantizer.encode(z)
    assert (codes != greedy).any()
    if kind == "grouped":
        assert (errors(quantizer, z, codes) <= errors(quantizer, z, greedy)).all()


def test_the_kept_table_follows_the_codebook():
    quantizer, z = learned("normalised", (16, 16)), latents(1, 50, 5)
    quantizer.beam = 3
    first = quantizer.encode(z)
    for level in quantizer.stack:
        level.codebook.entries.data.neg_()
        level.codebook.up.weight.data.neg_()  # writes that torch does not count
        level.codebook.down.weight.data.neg_()
        level.codebook.down.bias.data.neg_()
    quantizer.train().eval()
    assert torch.equal(quantizer.encode(z), first)


def test_beams_that_are_none():
    with pytest.raises(ModelError, match="beam is 0; give 1 for greedy search, or more paths"):
        ResidualVQ(4, (8,)).beam = 0
    with pytest.raises(ModelError, match=r"beam is 2 but levels have strides \(2, 1\)"):
        ResidualVQ(4, (8, 8), strides=(2, 1)).beam = 2
