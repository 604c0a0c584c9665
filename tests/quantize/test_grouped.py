"""Quantizers of groups of channels: one batched search that finds what each group's own does."""

import copy
import math

import pytest
import torch

from tests.quantize import oracle
from vocable.errors import ModelError
from vocable.quantize import VQ, GroupedVQ, Normalised, ResidualVQ
from vocable.quantize.group_search import joined, nearest_in_groups
from vocable.quantize.search import nearest, prepare


def latents(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def learned(dropout: float = 0.0) -> GroupedVQ:
    torch.manual_seed(0)
    grouped = GroupedVQ([ResidualVQ(3, (16, 8, 8), dropout=dropout) for _ in range(2)])
    grouped.start_learning(torch.randn(200, 6), per_step=60)
    return grouped


@pytest.mark.parametrize("rows", [1, 3, 60])
def test_codes_and_latents_are_those_of_loops_over_scalars(rows: int):
    grouped, z = learned().eval(), latents(1, rows, 6)
    codes = grouped.encode(z)
    for group, part in enumerate(grouped.parts):
        books = [level.codebook.entries.numpy() for level in part.stack]
        wanted = oracle.encode(z[0, :, 3 * group : 3 * group + 3].numpy(), books)
        assert codes[0, group::2].tolist() == wanted
        found = grouped.decode(codes)[0, :, 3 * group : 3 * group + 3]
        assert torch.equal(found, torch.from_numpy(oracle.decode(wanted, books)))


@pytest.mark.parametrize("size", [40, 256, 1024])
@pytest.mark.parametrize(("rows", "width"), [(1, 4), (8, 4), (9, 4), (300, 4), (300, 64)])
def test_the_batched_search_is_that_of_each_codebook(size: int, rows: int, width: int):
    """Entries that come twice tie: the lower index is found, whatever the form of the maximum."""
    entries = latents(3, size, width).repeat_interleave(2, 1)[:, :size]
    tables, x = [prepare(each) for each in entries], latents(3, rows, width, seed=2)
    found = nearest_in_groups(x, joined(tables))
    assert torch.equal(found, torch.stack([nearest(a, t) for a, t in zip(x, tables, strict=True)]))
    assert not (found % 2).any()


def test_levels_come_stage_by_stage_and_prefixes_are_whole_stages():
    grouped, z = learned().eval(), latents(2, 20, 6)
    assert grouped.levels == (16, 16, 8, 8, 8, 8) and grouped.prefixes == (2, 4, 6)
    with pytest.raises(ModelError, match="levels is 3 but this quantizer decodes 2, 4, 6 levels"):
        grouped.encode(z, 3)
    parts = [part.encode(x) for part, x in zip(grouped.parts, z.chunk(2, -1), strict=True)]
    assert torch.equal(grouped.encode(z), torch.stack(parts, 2).flatten(1, 2))


def test_health_counts_what_is_left_of_the_whole_latent():
    grouped, z = learned().eval(), latents(2, 30, 6)
    z[1, 4, 5] = math.nan
    health, codes = grouped(z).health, grouped.encode(z)
    assert int(health.unusable) == 1
    assert [int(counts.sum()) for counts in health.counts] == [60, 59] * 3
    whole = grouped.decode(codes[:, :4])
    known = torch.where(z.isnan(), torch.zeros(()), z - whole)
    known[1, 4, 3:] = 0.0  # that group's frame is left out
    torch.testing.assert_close(health.energy[4], known.double().square().sum())
    assert (health.energy[1:] < health.energy[:-1]).all()


def test_all_groups_learn_and_items_use_equal_numbers_of_levels():
    torch.manual_seed(0)
    grouped = GroupedVQ([ResidualVQ(3, (16, 8), dropout=1.0) for _ in range(2)]).train()
    z = latents(1, 9, 6)
    assert torch.equal(grouped(z).z, z) and not grouped.learning_started
    grouped(latents(8, 20, 6))
    assert grouped.learning_started
    before = [level.codebook.entries.clone() for part in grouped.parts for level in part.stack]
    z = latents(40, 20, 6, seed=3).requires_grad_()
    found = grouped(z)
    (found.z.square().mean() + found.losses["commitment"]).backward()
    assert z.grad.abs().sum() > 0
    after = [level.codebook.entries for part in grouped.parts for level in part.stack]
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    used = []
    for group in range(2):
        rows = found.z[..., 3 * group : 3 * group + 3]
        first = before[2 * group][found.codes[:, group]]
        used.append((rows == first).flatten(1).all(1))  # items that use the first stage alone
    assert torch.equal(*used) and 5 < int(used[0].sum()) < 35


def test_the_kept_tables_follow_the_codebooks_and_copies_have_their_own():
    grouped, z = learned().eval(), latents(1, 40, 6)
    grouped.encode(z)
    other = copy.deepcopy(grouped)
    for part in other.parts:
        part.stack[0].codebook.entries.neg_()
    assert torch.equal(other.encode(z, 2), grouped.encode(-z, 2))
    grouped.parts[1].stack[0].codebook.entries.neg_()
    assert torch.equal(other.encode(z)[:, 1], grouped.encode(z)[:, 1])


@pytest.mark.parametrize(
    "parts",
    [
        lambda: [],
        lambda: [VQ(3, 8), VQ(2, 8)],
        lambda: [VQ(3, 8), VQ(3, 16)],
        lambda: [VQ(3, 8), VQ(3, 8, codebook=Normalised(3))],
        lambda: [ResidualVQ(3, (8, 8), strides=(2, 1)) for _ in range(2)],
    ],
)
def test_parts_that_are_no_groups(parts):
    with pytest.raises(ModelError, match="groups are 1 or more, alike in channels"):
        GroupedVQ(parts())
