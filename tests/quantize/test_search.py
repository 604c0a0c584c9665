"""The search finds the nearest entry, the first of equal ones, in fp32 whatever else is allowed."""

import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.quantize import oracle
from vocable.quantize.precision import full_precision
from vocable.quantize.search import BLOCK, FEW, GROUP, nearest, prepare

SIZES = [1, 2, 5, GROUP, 8 * GROUP, 8 * GROUP + 1, 1024]


def whole_numbers(rows, dim, seed, top=3):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-top, top + 1, (rows, dim), generator=generator).float()


@settings(deadline=None, max_examples=25)
@given(
    rows=st.sampled_from([1, FEW, FEW + 5]),
    size=st.sampled_from(SIZES),
    dim=st.integers(1, 6),
    seed=st.integers(0, 999),
)
def test_whole_numbers_are_searched_exactly_and_ties_go_to_the_lowest(rows, size, dim, seed):
    # Small whole numbers have no rounding, and few dimensions make many equal distances.
    x, entries = whole_numbers(rows, dim, seed), whole_numbers(size, dim, seed + 1)
    expected = [oracle.nearest(row, entries) for row in x]
    assert nearest(x, prepare(entries)).tolist() == expected


def test_real_numbers_agree_with_a_double_search():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(500, 32, generator=generator)
    entries = torch.randn(1024, 32, generator=generator)
    found = nearest(x, prepare(entries))
    exact = torch.cdist(x.double(), entries.double(), compute_mode="donot_use_mm_for_euclid_dist")
    clear = torch.tensor([oracle.margin(row, entries) > 1e-4 for row in x])
    assert clear.float().mean() > 0.99
    assert torch.equal(found[clear], exact.argmin(1)[clear])


@pytest.mark.filterwarnings("error")
def test_blocks_do_not_show():
    x, entries = whole_numbers(BLOCK + 3, 4, 0), whole_numbers(256, 4, 1)
    table = prepare(entries)
    singles = torch.cat([nearest(row[None], table) for row in x[-9:]])
    assert torch.equal(nearest(x, table)[-9:], singles)
    assert nearest(x[:0], table).shape == (0,)


@pytest.mark.parametrize("allow", ["autocast", "medium"])
def test_lower_precision_around_it_changes_nothing(allow):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(400, 128, generator=generator)
    table = prepare(torch.randn(1024, 128, generator=generator))
    expected = nearest(x, table)
    if allow == "autocast":
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(nearest(x, table), expected)
        return
    try:
        torch.set_float32_matmul_precision("medium")
        assert torch.equal(nearest(x, table), expected)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_a_bf16_search_would_be_noticed():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(400, 128, generator=generator)
    entries = torch.randn(1024, 128, generator=generator)
    rough = nearest(x.bfloat16().float(), prepare(entries.bfloat16().float()))
    assert not torch.equal(rough, nearest(x, prepare(entries)))


def test_the_oracle_itself():
    assert oracle.nearest([0.0], [[2.0], [1.0], [-1.0]]) == 1
    assert oracle.margin([0.0], [[2.0], [1.0]]) == 3.0
    decoded = oracle.decode([[1], [0]], [[[0.0], [4.0]], [[0.5], [9.0]]])
    assert np.array_equal(decoded, [[4.5]])


def test_few_rows_take_the_lowest_of_equal_entries_too():
    entries = torch.randn(64, 8, generator=torch.Generator().manual_seed(3)).repeat(16, 1)
    table = prepare(entries)
    x = entries[:1024:3]
    few = torch.cat([nearest(row[None], table) for row in x])
    assert torch.equal(few, nearest(x, table))
    assert torch.equal(few, torch.arange(0, 1024, 3)[: len(x)] % 64)


needs_backends = pytest.mark.skipif(
    not hasattr(torch.backends.cuda.matmul, "fp32_precision"), reason="torch before 2.9"
)


@pytest.fixture
def lowered():
    before = torch.backends.fp32_precision
    torch.backends.fp32_precision = "bf16"
    yield torch.backends.mkldnn
    torch.backends.fp32_precision = before


@needs_backends
def test_the_precision_of_all_backends_is_followed_again_afterwards(lowered):
    seen = [lowered.conv.fp32_precision]
    with full_precision("cpu"), full_precision("cpu"):
        seen.append(lowered.conv.fp32_precision)
    seen.append(lowered.conv.fp32_precision)
    torch.backends.fp32_precision = "ieee"
    assert [*seen, lowered.conv.fp32_precision] == ["bf16", "ieee", "bf16", "ieee"]


@needs_backends
def test_the_precision_stays_until_the_last_thread_leaves(lowered):
    entered, leave = threading.Event(), threading.Event()

    def other():
        with full_precision("cpu"):
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with full_precision("cpu"):
        thread.start()
        assert entered.wait(10)
    assert lowered.conv.fp32_precision == "ieee", "the other thread still computes"
    leave.set()
    thread.join(10)
    assert lowered.conv.fp32_precision == "bf16"
