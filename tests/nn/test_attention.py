"""Attention gives what its formula gives, at any position, and streams of any age share a batch."""

import math

import pytest
import torch

from vocable import nn, testing
from vocable.errors import ModelError
from vocable.nn import attention
from vocable.nn.rotary import cos_and_sin, kept_cos_and_sin, rotate, turns_per_row
from vocable.testing.block_laws import run_steps


def rows(time: int, batch: int = 2, channels: int = 8) -> torch.Tensor:
    return torch.randn(batch, time, channels, generator=torch.Generator().manual_seed(0))


def by_formula(block: nn.Attention, x: torch.Tensor, start: int = 0) -> torch.Tensor:
    """Attend row by row in double precision, with angles by their definition."""
    x, into, out = x.double(), block.into.weight.double(), block.out.weight.double()
    width = block.width
    query, key, value = (x @ into.T).chunk(3, -1)
    frequencies = 10_000.0 ** (-2 * torch.arange(width // 2).double() / width)
    angles = (start + torch.arange(x.shape[1]).double())[:, None] * frequencies

    def turned(rows: torch.Tensor) -> torch.Tensor:
        pairs = torch.complex(*rows.unflatten(2, (block.heads, 2, -1)).unbind(3))
        pairs = pairs * torch.polar(torch.ones_like(angles), angles)[:, None]
        return torch.cat((pairs.real, pairs.imag), -1)  # [batch, time, heads, width]

    query, key, value = turned(query), turned(key), value.unflatten(2, (block.heads, -1))
    found = []
    for row in range(x.shape[1]):
        seen = slice(max(0, row - block.context + 1), row + 1)
        scores = torch.einsum("bhw,bshw->bhs", query[:, row], key[:, seen]) / math.sqrt(width)
        found.append(torch.einsum("bhs,bshw->bhw", scores.softmax(-1), value[:, seen]))
    return torch.stack(found, 1).flatten(2) @ out.T


@pytest.mark.parametrize("context", [1, 7, 64, 1000])
@pytest.mark.parametrize("time", [1, 6, 63, 64, 65, 200])
def test_attention_is_its_formula(context, time):
    block = nn.Attention(8, 2, context=context)
    wanted = by_formula(block, rows(time)).float()
    torch.testing.assert_close(block(rows(time)), wanted)
    torch.testing.assert_close(run_steps(block, rows(time), [1, 70, 5]), wanted)


@pytest.mark.parametrize("position", [0, 10**6, 2**31, 2**33 - 100])
def test_angles_are_exact_however_late(position):
    """In fp32 the product of position and frequency is off by 0.04 at a million rows."""
    pace, width = turns_per_row(64, 10_000.0), 64
    cos, sin = cos_and_sin(torch.tensor([[position, position + 249]]), pace, torch.float32)
    angles = torch.atan2(sin, cos).double()[0, :, 0]
    wanted = 249 * 10_000.0 ** (-2 * torch.arange(width // 2).double() / width)
    away = (angles[1] - angles[0] - wanted + math.pi) % math.tau - math.pi
    assert away.abs().max() < 1e-6


def test_only_distance_matters():
    """A stream that has run for a year says what a fresh one says."""
    block, x = nn.Attention(8, 2, context=5), rows(20)
    kept, age = block.initial_state(2)
    fresh, state = block.step(x[:, :10], (kept, age))
    late, late_state = block.step(x[:, :10], (kept, age + 25 * 86_400 * 365))
    torch.testing.assert_close(late[:, 5:], fresh[:, 5:])  # the first see rows that never came
    wanted, _ = block.step(x[:, 10:], state)
    torch.testing.assert_close(block.step(x[:, 10:], late_state)[0], wanted)


@pytest.mark.parametrize(("ages", "time"), [([0], 5), ([63, 10**9], 64), ([7], 65), (range(17), 3)])
def test_kept_angles_are_those_of_the_positions(ages, time):
    """Within a chunk, across its edge, longer than one, and of more streams than are kept."""
    positions = torch.tensor(list(ages))[:, None] + torch.arange(time)
    wanted = cos_and_sin(positions, turns_per_row(8, 1e4), torch.float32)
    found = kept_cos_and_sin(list(ages), time, 8, 1e4, torch.float32)
    assert all(torch.equal(a, b) for a, b in zip(found, wanted, strict=True))


def test_rotation_keeps_lengths_and_pairs_halves():
    pace = turns_per_row(4, 100.0)
    cos, sin = cos_and_sin(torch.tensor([[3]]), pace, torch.float32)
    y = rotate(torch.tensor([1.0, 0.0, 0.0, 2.0])[None, None, None], cos, sin).flatten()
    wanted = [math.cos(3), -2 * math.sin(0.3), math.sin(3), 2 * math.cos(0.3)]
    torch.testing.assert_close(y, torch.tensor(wanted))


@pytest.mark.parametrize("session", [False, True])
def test_streams_of_any_age_share_a_batch(session):
    """Joining needs no equal phase: one has just begun, one is full, one came in between."""
    with torch.inference_mode(session):
        _share_a_batch([0, 3, 29])
        _share_a_batch([24, 5, 29])  # all have come that are seen


def _share_a_batch(ages):
    block, x = nn.TransformerLayer(8, 2, context=6, hidden=16, scale=0.5), rows(40, batch=3)
    states = []
    for row, age in enumerate(ages):
        state = block.initial_state(1)
        states.append(block.step(x[row : row + 1, :age], state)[1])
    later = [x[row, age : age + 11] for row, age in enumerate(ages)]
    y, _ = block.step(torch.stack(later), nn.stack_states(states))
    for row, age in enumerate(ages):
        wanted = block(x[row : row + 1])[:, age : age + 11]
        torch.testing.assert_close(y[row : row + 1], wanted)


def test_a_row_that_is_not_a_number_harms_no_row_before_it():
    block = nn.Attention(8, 2, context=5)
    clean, spoilt = block(rows(20)), rows(20)
    spoilt[:, 12] = torch.nan
    y = block(spoilt)
    assert torch.equal(y[:, :12], clean[:, :12]) and y[:, 12].isnan().all()


def test_memory_follows_the_rows_not_their_square(monkeypatch):
    """No mask is larger than a tile of rows by what the tile sees."""
    seen = []
    original = attention.F.scaled_dot_product_attention

    def counted(query, key, value, mask):
        seen.append(mask.numel())
        return original(query, key, value, mask)

    monkeypatch.setattr(attention.F, "scaled_dot_product_attention", counted)
    nn.Attention(8, 2, context=50)(rows(3000, batch=1))
    assert max(seen) == attention.TILE * (attention.TILE + 49)


def test_attention_that_cannot_be():
    with pytest.raises(ModelError, match="has 6 channels in 2 heads; each needs an even number"):
        nn.Attention(6, 2, context=4)
    with pytest.raises(ModelError, match="context must be at least 1 row but is 0"):
        nn.Attention(8, 2, context=0)


def test_heads_of_their_own_width_are_those_of_a_wider_layer():
    """Whose other channels are silent."""
    block, wide = nn.Attention(4, 2, context=5, width=6), nn.Attention(12, 2, context=5)
    with torch.no_grad():
        wide.into.weight[:, :4] = block.into.weight
        wide.out.weight[:4] = block.out.weight
    x = rows(20)[..., :4]
    wanted = wide(torch.nn.functional.pad(x, (0, 8)))[..., :4]
    torch.testing.assert_close(block(x), wanted)
    with pytest.raises(ModelError, match="has 6 channels in 2 heads; each needs an even number"):
        nn.Attention(4, 2, context=5, width=3)


def test_a_gated_layer():
    layer = nn.GatedTransformerLayer(8, 2, context=6, hidden=16, scale=0.5)
    x, (attention, mlp) = rows(20), layer.blocks
    norm, widen, _, narrow, scale = mlp.branch.blocks
    y = torch.nn.functional.rms_norm(x, (8,), eps=1e-5)
    gate, value = widen(y).chunk(2, -1)
    y = narrow(gate * gate.sigmoid() * value)
    torch.testing.assert_close(mlp(x), x + 0.5 * y)
    assert isinstance(norm, nn.RMSNorm) and isinstance(attention.branch.blocks[0], nn.RMSNorm)
    torch.testing.assert_close(layer(x), mlp(attention(x)))


def test_a_layer_starts_near_the_identity_and_knows_its_reach():
    layer = nn.TransformerLayer(8, 2, context=6, hidden=16)
    assert (layer(rows(20)) - rows(20)).abs().max() < 0.1
    assert (layer.lookahead, layer.receptive) == (0, 6)
    assert nn.Stack(layer, layer, layer).receptive == 16
    testing.check_lookahead(layer, rows(40))
