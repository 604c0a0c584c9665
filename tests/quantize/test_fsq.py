"""Finite scalar quantization, as loops over scalars give it: bounds, groups, training."""

import math

import pytest
import torch

from tests.quantize import lattice_oracle as oracle
from vocable import testing
from vocable.errors import ModelError, TokenError
from vocable.quantize import FSQ, AtanhBound, SymmetricBound, TanBound
from vocable.quantize.lattice import MOST

BOUNDS = {"tan": TanBound(), "atanh": AtanhBound(), "symmetric": SymmetricBound()}
STEPS = [(8, 5, 5, 5), (9, 8, 8, 7), (3, 4, 6)]
each_bound = pytest.mark.parametrize("bound", BOUNDS)


def latents(*shape: int, spread: float = 1.5, seed: int = 0) -> torch.Tensor:
    return spread * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@each_bound
@pytest.mark.parametrize("steps", STEPS)
def test_codes_and_values_are_those_of_loops_over_scalars(bound: str, steps: tuple[int, ...]):
    fsq, z = FSQ(steps, bound=BOUNDS[bound]).eval(), latents(1, 400, len(steps))
    codes = fsq.encode(z)[0, 0].tolist()
    wanted = [oracle.encode(frame, steps, bound) for frame in z[0]]
    sure = [(got, code) for got, (code, margin) in zip(codes, wanted, strict=True) if margin > 1e-5]
    assert len(sure) > 390 and all(got == code for got, code in sure)
    decoded = fsq.decode(torch.tensor(codes)[None, None])[0]
    values = torch.tensor([oracle.decode(code, steps, bound) for code in codes])
    torch.testing.assert_close(decoded, values, rtol=0, atol=1e-6)


def test_codes_are_those_of_nvidia_s_own_code():
    """Made by NeMo's `FiniteScalarQuantizer` (release 2) of the same 40 frames."""
    z = torch.linspace(-3, 3, 160).reshape(1, 40, 4)
    wanted = [0] * 10 + [72, 82, 658, 658, 658, 739, 1316, 1397, 1398, 2055, 2056, 2714, 2714]
    wanted += [3372, 3372, 3373, 3373, 3445, 4030, *[4031] * 11]
    assert FSQ((9, 8, 8, 7)).eval().encode(z)[0, 0].tolist() == wanted


def test_a_latent_that_is_bounded_twice():
    """As X-Codec 2 does: other codes than once, those of the loops."""
    steps, z = (4,) * 8, latents(1, 300, 8)
    twice = FSQ(steps, bound=AtanhBound(times=2)).eval().encode(z)[0, 0].tolist()
    wanted = [oracle.encode(frame, steps, "atanh", times=2) for frame in z[0]]
    assert all(
        got == code for got, (code, margin) in zip(twice, wanted, strict=True) if margin > 1e-5
    )
    assert twice != FSQ(steps, bound=AtanhBound()).eval().encode(z)[0, 0].tolist()


@each_bound
def test_the_values_of_all_codes_are_the_whole_lattice(bound: str):
    fsq = FSQ((8, 5, 4), bound=BOUNDS[bound]).eval()
    rows = fsq.decode(torch.arange(160)[None, None])[0]
    assert len({tuple(row) for row in rows.tolist()}) == 160
    assert rows.amin() == -1 and rows.amax() <= 1
    torch.testing.assert_close(fsq.code_axes(0), rows, rtol=0, atol=0)
    near = fsq.encode_axes(rows[None] + 0.2 * fsq.axis_spacing())
    assert near[0, 0].tolist() == list(range(160)), "rows are told by the point next to them"


def test_the_bounds_are_models_apart():
    """By the paper's and by the library's form some digits differ, few of them."""
    z = latents(1, 20_000, 8, spread=3)
    codes = [FSQ((8,) * 4, groups=2, bound=bound).eval().encode(z) for bound in BOUNDS.values()]
    assert 0 < int((codes[0] != codes[1]).sum()) < 0.01 * codes[0].numel()
    assert int((codes[0] != codes[2]).sum()) > 0.3 * codes[0].numel()


def test_groups_are_neighbouring_channels_each_with_a_code():
    steps, z = (4, 5, 3), latents(2, 30, 6)
    both = FSQ(steps, groups=2).eval()
    assert both.levels == (60, 60) and both.prefixes == (2,) and both.dim == 6
    one = FSQ(steps).eval()
    halves = torch.cat([one.encode(z[..., :3]), one.encode(z[..., 3:])], 1)
    assert torch.equal(both.encode(z), halves)
    decoded = [one.decode(row[:, None]) for row in halves.unbind(1)]
    assert torch.equal(both.decode(halves), torch.cat(decoded, 2))
    with pytest.raises(ModelError, match="levels is 1 but this quantizer decodes 2 levels"):
        both.encode(z, 1)


def test_the_highest_code_of_the_largest_level_is_exact():
    """2²⁴ codes: in half precision, or with a sum that rounds, the last ones would be one."""
    fsq = FSQ((16,) * 6).eval()
    assert fsq.levels == (MOST,)
    top = torch.full((1, 3, 6), 9.0)
    top[0, 1, 0] = 0.95  # one step lower in the lowest digit
    top[0, 2, 5] = -9.0
    codes = fsq.encode(top)[0, 0].tolist()
    assert codes[0] == MOST - 1 and codes[1] < codes[0] and codes[0] - codes[1] < 16
    assert codes[2] == MOST - 1 - 15 * 16**5
    with torch.autocast("cpu", torch.bfloat16):
        assert fsq.encode(top)[0, 0].tolist() == codes
    again = torch.tensor([MOST - 2, 12_345_678, MOST - 1])
    axes = fsq.axes_of(again[None, None])
    assert torch.equal(fsq.encode_axes(axes)[0, 0], again)


@pytest.mark.parametrize("threads", [1, 2])
def test_codes_are_the_same_alone_in_a_batch_in_pieces_and_by_any_threads(threads: int):
    fsq, z = FSQ((9, 8, 8, 7), groups=4).eval(), latents(3, 3000, 16)  # longer than one tile
    whole = fsq.encode(z)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert torch.equal(torch.cat([fsq.encode(row[None]) for row in z]), whole)
        pieces = torch.split(z, [1, 7, 992, 2000], 1)
        assert torch.equal(torch.cat([fsq.encode(piece) for piece in pieces], 2), whole)
        strided = z.transpose(1, 2).contiguous().transpose(1, 2)
        assert torch.equal(fsq.encode(strided), whole)
    finally:
        torch.set_num_threads(before)


@each_bound
def test_the_gradient_passes_rounding_and_follows_the_bound(bound: str):
    fsq, z = FSQ((8, 5, 4), bound=BOUNDS[bound]).train(), latents(2, 10, 3).requires_grad_()
    found = fsq(z)
    assert torch.equal(found.z, fsq.decode(found.codes)) and not found.losses
    found.z.sum().backward()
    x = z.detach().double().requires_grad_()
    values = fsq.to_axes(x)
    values.sum().backward()
    torch.testing.assert_close(z.grad, x.grad.float())
    assert (z.grad > 0).all()


def test_projections_learn_and_are_all_that_is_stored():
    fsq = FSQ((5, 5), dim=6).train()
    keys = {"into.weight", "into.bias", "out.weight", "out.bias"}
    assert set(fsq.state_dict()) == keys and not FSQ((5, 5)).state_dict()
    fsq(latents(2, 20, 6)).z.square().mean().backward()
    assert all(weight.grad.abs().sum() > 0 for weight in fsq.parameters())
    other = FSQ((5, 5), dim=6).eval()
    other.load_state_dict(fsq.state_dict())
    z = latents(2, 20, 6, seed=1)
    assert torch.equal(other.encode(z), fsq.eval().encode(z))


def test_health_counts_codes_and_leaves_bad_frames_out():
    fsq, z = FSQ((4, 5), groups=2).train(), latents(2, 2000, 4)
    z[0, 3, 1], z[1, 7, 2] = math.nan, math.inf
    found = fsq(z)
    health = found.health
    assert int(health.unusable) == 2 and [int(c.sum()) for c in health.counts] == [3998] * 2
    assert (health.used == 1).all() and (health.perplexity > 10).all()
    assert health.energy.isfinite().all() and (health.residual_db.diff() < 0).all()
    assert int(found.codes.min()) >= 0 and int(found.codes.max()) < 20
    assert found.z[0, 3].isnan().any(), "a loss says so, and a loop skips the step"
    fine = FSQ((4, 5)).eval()
    ends = torch.tensor([math.nan, math.inf, -math.inf, 1e30])[None, :, None].expand(1, 4, 2)
    assert fine.encode(ends)[0, 0].tolist() == [10 + 0, 19, 0, 19]


def test_a_rounding_tie_is_a_tie_and_a_wrong_code_is_not():
    fsq = FSQ((8, 5, 5, 5)).eval()
    z = latents(1, 5, 4)
    z[0, 2, 1] = math.atanh(0.5 / 1.998)  # between two of 5 steps
    up, down = z.clone(), z.clone()
    up[0, 2, 1] += 1e-6
    down[0, 2, 1] -= 1e-6
    codes = fsq.encode(up), fsq.encode(down)
    assert testing.check_codes_agree(fsq, up, codes[0], down, codes[1]) == 1
    wrong = codes[0].clone()
    wrong[0, 0, 3] = (wrong[0, 0, 3] + 40) % 1000
    with pytest.raises(AssertionError, match="FSQ: codes differ first in frame 3, level 0"):
        testing.check_codes_agree(fsq, up, codes[0], up, wrong)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: FSQ(()), r"steps are \(\); give each number of a code 2 or more"),
        (lambda: FSQ((8, 1)), r"steps are \(8, 1\); give each number of a code 2 or more"),
        (lambda: FSQ((8, 0), bound=SymmetricBound()), r"steps are \(8, 0\); give each"),
        (lambda: FSQ((4, 2), bound=AtanhBound()), r"AtanhBound a number has 3 to 1000, others by"),
        (lambda: FSQ((1001,), bound=AtanhBound()), r"AtanhBound a number has 3 to 1000, others by"),
        (lambda: FSQ((8,) * 9), r"make 134217728 codes, and a level has 16777216 at most; make"),
        (lambda: FSQ((8, 5), groups=0), "groups is 0; give 1 or more, each with a code"),
        (lambda: FSQ((8, 5), dim=0), "dim is 0; give the channels of a latent, 1 or more"),
    ],
)
def test_what_makes_no_lattice_is_refused(make, says: str):
    with pytest.raises(ModelError, match=says):
        make()


def test_what_is_no_latent_or_code_of_it_is_refused():
    fsq = FSQ((8, 5), groups=2).eval()
    with pytest.raises(ModelError, match="latents have 5 channels but this quantizer takes 4"):
        fsq.encode(latents(1, 3, 5))
    with pytest.raises(TokenError, match="level 1 has a code 40 but its codebook has 40 entries"):
        fsq.decode(torch.tensor([[[0], [40]]]))
    assert fsq.encode(latents(1, 0, 4)).shape == (1, 2, 0)
    assert fsq.decode(torch.zeros(1, 2, 0, dtype=torch.int64)).shape == (1, 0, 4)
