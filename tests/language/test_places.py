"""Tables and heads that know where codes lie: what they compute, what they learn from little."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.language.stages import toys as stages
from vocable.errors import ModelError
from vocable.language.config import TransformerConfig
from vocable.language.frames import Frames, FramesConfig
from vocable.language.lessons import Lessons
from vocable.language.places import PlacedHead, PlacedTable, Places, PlacesConfig
from vocable.tokens import AudioTokens, Level, TokenSpec

CIRCLE = TokenSpec("circle@1:0a", 16_000, 640, 1, (Level(64), Level(64)), (2,))
TRUNK = TransformerConfig(width=32, layers=1, heads=2, hidden=32, context=40)


def even(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(0)
    return centred / centred.std(0, ddof=1)


def test_heads_and_tables_are_what_the_places_say() -> None:
    torch.manual_seed(0)
    vectors, size, learned = torch.randn(5, 3) * torch.tensor([1.0, 100.0, 0.01]) + 7, 7, 4
    places = Places(5, 3)
    places.set(vectors)
    head, table = PlacedHead(places, 6, size, learned), PlacedTable(places, size, 6)
    known = even(vectors.double().numpy())
    known = np.concatenate([known, even(np.square(known))], 1)
    known = np.concatenate([known, np.zeros((2, 6))])  # ids behind the codes have no place
    x = torch.randn(2, 3, 6)
    into = x.numpy() @ head.into.weight.detach().numpy().T + head.into.bias.detach().numpy()
    axes = np.concatenate([known, head.learned.detach().numpy()], 1)
    wanted = into @ axes.T + head.bias.detach().numpy()
    np.testing.assert_allclose(head(x).detach(), wanted, atol=1e-4)
    rows = known @ table.known.weight.detach().numpy().T + table.weight.detach().numpy()
    ids = torch.tensor([[0, 4], [5, 6]])
    np.testing.assert_allclose(table(ids).detach(), rows[ids.numpy()], atol=1e-4)


def circle(recordings: int, seed: int) -> list[AudioTokens]:
    """Return walks on a circle, a step of 3 to 5 codes at a time, that begin anywhere."""
    random, found = np.random.default_rng(seed), []
    for _ in range(recordings):
        steps = random.integers(3, 6, 5)
        walk = (random.integers(64) + np.cumsum(steps)) % 64
        found.append(AudioTokens(CIRCLE, [walk[None], (walk[None] + 7) % 64]))
    return found


def bits_of_other_walks(placed: bool) -> float:
    torch.manual_seed(0)
    places = PlacesConfig((2, 2), learned=2) if placed else None
    made = Frames(FramesConfig(TRUNK, CIRCLE.to_dict(), 2, "parallel", places=places))
    angle = torch.arange(64) * (2 * torch.pi / 64)
    if placed:
        made.place({"acoustic": [torch.stack((angle.cos(), angle.sin()), 1)] * 2})

    def lessons(tokens: list[AudioTokens]) -> Lessons:
        return Lessons.of([made.lesson({"acoustic": each}, begins=False, ends=False)
                           for each in tokens])  # fmt: skip

    few, others = circle(30, 0), circle(200, 1)
    optimizer, found = torch.optim.Adam(made.parameters(), 1e-2), []
    for step in range(60):
        optimizer.zero_grad()
        made.nats(lessons(few)).nats.mean().backward()
        optimizer.step()
        if step % 5 == 4:
            with torch.no_grad():
                found.append(float(made.nats(lessons(others)).nats.mean()) / np.log(2))
    return min(found)


def test_little_says_more_where_neighbours_are_known() -> None:
    placed, plain = map(bits_of_other_walks, (True, False))
    assert placed < 0.8 * plain


def test_places_that_cannot_be() -> None:
    with pytest.raises(ModelError, match="places have widths .* wanted 1 or more of each"):
        PlacesConfig((2, 0))
    with pytest.raises(ModelError, match="places are of 1 levels, but 2 are modelled"):
        FramesConfig(TRUNK, CIRCLE.to_dict(), 2, "delay", places=PlacesConfig((2,)))
    made = Frames(FramesConfig(TRUNK, CIRCLE.to_dict(), 2, "delay", places=PlacesConfig((2, 2))))
    with pytest.raises(ModelError, match=r"has \[64, 3\] places, wanted \[64, 2\]"):
        made.place({"acoustic": [torch.randn(64, 3), torch.randn(64, 2)]})


def test_a_stage_has_one_table_that_places_tell_of() -> None:
    made, config = stages.network("placed"), stages.CONFIGS["placed"]
    wanted = made.table.weight.detach().double().clone()
    assert [offset for offset, _, _ in config.placed] == [config.offsets[1][0], *config.offsets[2]]
    for (offset, size, _), places, known in zip(
        config.placed, made.places, made.known, strict=True
    ):
        vectors = places.vectors.double().numpy()
        axes = torch.tensor(np.concatenate([vectors, even(np.square(vectors))], 1))
        wanted[offset : offset + size] += axes @ known.weight.detach().double().T
    torch.testing.assert_close(made.rows.double(), wanted, atol=1e-5, rtol=1e-5)
    with torch.no_grad():
        before = made.rows
        assert made.rows is before  # made once
        made.known[1].weight.add_(1)
        assert not torch.equal(made.rows, before)
        copied = copy.deepcopy(made)
        copied.table.weight.zero_()
        assert not torch.equal(copied.rows, made.rows)


def test_places_of_stages_that_cannot_be() -> None:
    good = stages.CONFIGS["placed"]
    for places in (((2,), (3, 4)), ((), (2,), (3,)), ((2,), (2,), (3, 4))):
        with pytest.raises(ModelError, match=r"but the parts have \[3, 1, 2\]"):
            replace(good, places=places)
