"""Quantizers side by side: each sees the latent itself, their projected results are summed."""

import pytest
import torch

from vocable import testing
from vocable.errors import ModelError, TokenError
from vocable.quantize import VQ, ResidualVQ, SplitVQ
from vocable.testing.quantizer_examples import quantizer_named


def learned(dropout: float = 0.0) -> SplitVQ:
    torch.manual_seed(0)
    split = SplitVQ(6, [VQ(4, 16), ResidualVQ(3, (16,) * 3, dropout=dropout)])
    split.start_learning(torch.randn(400, 6), per_step=60)
    return split


def latents(frames: int = 30) -> torch.Tensor:
    return torch.randn(2, frames, 6, generator=torch.Generator().manual_seed(1))


def test_each_part_quantizes_the_latent_not_what_the_others_left():
    split, z = learned().eval(), latents()
    codes = split.encode(z)
    semantic, acoustic = split.parts
    assert torch.equal(codes[:, :1], semantic.encode(split.into[0](z)))
    assert torch.equal(codes[:, 1:], acoustic.encode(split.into[1](z)))
    first = split.out[0](semantic.decode(codes[:, :1]))
    assert torch.equal(split.decode(codes[:, :1]), first)
    rest = split.out[1](acoustic.decode(codes[:, 1:3]))
    assert torch.equal(split.decode(codes[:, :3]), first + rest)


def test_levels_and_prefixes_are_those_of_the_parts_in_order():
    split = quantizer_named("split-of-some-prefixes")
    assert split.levels == (8, 8, 16, 16, 16, 16) and split.prefixes == (2, 3, 6)
    with pytest.raises(ModelError, match="levels is 1 but this quantizer decodes 2, 3, 6 levels"):
        split.encode(latents(), 1)
    with pytest.raises(TokenError, match="level 2 has a code 16 but its codebook has 16 entries"):
        split.decode(torch.full((1, 3, 1), 16) * torch.tensor([0, 0, 1])[:, None])


def test_all_weights_learn_and_all_entries_move():
    split, z = learned().train(), latents()
    before = [level.codebook.entries.clone() for part in split.parts for level in part.stack]
    found = split(z.requires_grad_())
    assert set(found.losses) == {"commitment"} and found.codes.shape == (2, 4, 30)
    (found.z.square().mean() + found.losses["commitment"]).backward()
    weights = dict(split.named_parameters())
    assert set(weights) == {"into.0.weight", "into.1.weight", "out.0.weight", "out.1.weight"}
    assert all(weight.grad.abs().sum() > 0 for weight in weights.values())
    assert z.grad.abs().sum() > 0
    after = [level.codebook.entries for part in split.parts for level in part.stack]
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_losses_weigh_levels_alike():
    split = learned().eval()
    found = split(latents())
    parts = [part(into(latents())) for part, into in zip(split.parts, split.into, strict=True)]
    first, rest = (part.losses["commitment"] for part in parts)
    torch.testing.assert_close(found.losses["commitment"], first / 4 + rest * 3 / 4)


def test_health_is_that_of_the_parts():
    split, z = learned().eval(), latents()
    z[0, 3] = torch.nan
    health = split(z).health
    assert [int(counts.sum()) for counts in health.counts] == [59] * 4
    assert int(health.unusable) == 1
    for part, into, at in zip(split.parts, split.into, ((0,), (1, 2, 3)), strict=True):
        own = part(into(z)).health.residual_db
        torch.testing.assert_close(health.residual_db[list(at)], own)
    assert len(health.energy) == 5
    known = z[~z.isnan().any(2)]
    torch.testing.assert_close(health.energy[0], known.double().square().sum())


def test_before_the_start_of_learning_latents_are_only_projected():
    split = SplitVQ(6, [VQ(4, 16), ResidualVQ(3, (16,) * 3)]).train()
    assert not split.learning_started
    z = latents()
    found = split(z)
    ways = [out(into(z)) for into, out in zip(split.into, split.out, strict=True)]
    torch.testing.assert_close(found.z, ways[0] + ways[1])
    split(latents(200))
    assert split.learning_started


def test_what_training_needs_can_be_left_out_and_resumed():
    split = learned()
    wanted = split.eval().encode(latents())
    split.drop_learning()
    kept = split.state_dict()
    entries = {f"parts.{p}.stack.{i}.codebook.entries" for p, i in ((0, 0), (1, 0), (1, 1), (1, 2))}
    ways = {f"{way}.{p}.weight" for way in ("into", "out") for p in (0, 1)}
    assert set(kept) == entries | ways
    other = SplitVQ(6, [VQ(4, 16, update=None), ResidualVQ(3, (16,) * 3, update=None)])
    other.load_state_dict(kept)
    assert torch.equal(other.eval().encode(latents()), wanted)
    further = SplitVQ(6, [VQ(4, 16), ResidualVQ(3, (16,) * 3)])
    further.load_state_dict(kept, strict=False)
    further.resume_learning(60)
    assert further.train().learning_started and torch.equal(further(latents()).codes, wanted)


@pytest.mark.parametrize("level", [0, 2])
def test_a_tie_of_either_part_is_a_tie_and_a_wrong_code_is_not(level):
    split, z = learned().eval(), latents()
    codes = split.encode(z)
    wrong = codes.clone()
    wrong[1, level, 7] = (wrong[1, level, 7] + 1) % 16
    with pytest.raises(AssertionError, match=f"differ first in frame 7, level {level}"):
        testing.check_codes_agree(split, z, codes, z + 1e-6, wrong)
    moved = z + 0.3 * torch.randn_like(z)
    other = split.encode(moved)
    assert not torch.equal(other, codes)
    ties = testing.check_codes_agree(split, z, codes, moved, other)
    assert ties == int((codes != other).any(1).sum())
    assert not split.tie_distance(z, codes[:, :1], moved, codes[:, :1]).any()


def test_parts_that_cannot_stand_side_by_side():
    with pytest.raises(ModelError, match="1 or more, of levels with one rate; got 0"):
        SplitVQ(6, [])
    with pytest.raises(ModelError, match=r"got 1 of strides \[\(2, 1\)\]"):
        SplitVQ(6, [ResidualVQ(6, (8, 8), strides=(2, 1))])
