"""It learns what is said, what comes after and what came before; and is loaded as it was saved."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import vocable
from tests.language.soundstorm.toys import SPEC, UNITS, config, said, tokens, trunk
from vocable.errors import RecipeError
from vocable.language.lessons import Lessons
from vocable.language.soundstorm import MaskedSampling, Piece, SoundStorm, SoundStormGenerator
from vocable.load.own_language import save_language
from vocable.tokens import AudioTokens
from vocable.tokens.sets import About, TokenSetWriter
from vocable.train import run

FRAMES = 6
STEPS = 450


def pattern(seed):
    """Level 0 is a frame's second unit; levels 1 and 2 are level 0 of the frames beside it."""
    units = np.random.default_rng(seed).integers(0, 8, 2 * FRAMES)
    first = units[1::2]
    levels = [first, np.append(first[1:], 0), np.append(0, first[:-1])]
    return {
        "acoustic": AudioTokens(SPEC, [each[None] for each in levels]),
        "semantic": AudioTokens(UNITS, [units[None]]),
    }


@pytest.fixture(scope="module")
def learnt():
    torch.manual_seed(0)
    made = SoundStorm(replace(config(), trunk=trunk(width=32, layers=1, hidden=64))).train()
    lessons = [made.lesson(pattern(1000 + seed)) for seed in range(800)]
    optimizer = torch.optim.AdamW(made.parameters(), lr=8e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, STEPS)
    for step in range(STEPS):
        optimizer.zero_grad()
        drawn = [lessons[(16 * step + item) % 800] for item in range(16)]
        made.nats(Lessons.of(drawn)).nats.mean().backward()
        optimizer.step()
        schedule.step()
    return made.eval()


def test_it_learns_a_pattern_that_looks_both_ways(learnt):
    found = [pattern(seed) for seed in range(20)]
    with torch.no_grad():
        told = learnt.nats(Lessons.of([learnt.lesson(each) for each in found]))
    sums, counts = told.sums(3)
    assert (sums / counts).max() < 0.15  # chance: 2.1 and more
    made = SoundStormGenerator(learnt, name="toy@1")
    pieces = [Piece(each["semantic"], seed=seed) for seed, each in enumerate(found)]
    right = [
        np.mean(piece.codes == each["acoustic"].codes)
        for piece, each in zip(made.generate_batch(pieces), found, strict=True)
    ]
    assert np.mean(right) > 0.98


def test_saved_and_loaded_it_makes_the_same(learnt, tmp_path):
    half = SoundStorm(learnt.config).eval()
    half.load_state_dict({k: v.half().float() for k, v in learnt.state_dict().items()})
    expected = SoundStormGenerator(half, name="toy@1").generate(Piece(said(8), seed=3))
    assert save_language(learnt, tmp_path / "m", "toy") == "toy@1"
    state = torch.get_rng_state()
    made = vocable.load(tmp_path / "m")
    assert torch.equal(state, torch.get_rng_state())
    assert isinstance(made, SoundStormGenerator) and made.network.config == learnt.config
    assert made.generate(Piece(said(8), seed=3)) == expected
    assert made.abilities.codec == "toy" and made.abilities.seconds == 2.56


@pytest.fixture
def data(tmp_path):
    with TokenSetWriter(tmp_path / "set") as out:
        for seed in range(6):
            about = About(f"r{seed}", "valid" if seed > 4 else "train")
            out.add(pattern(seed), about)
    return tmp_path / "set"


SMALL = [
    "model.trunk.width=16", "model.trunk.layers=1", "model.trunk.heads=2", "model.trunk.hidden=16",
    "tokens.positions=44", "schedule.steps=4", "schedule.warmup=1", "checkpoints.log_steps=2",
    "checkpoints.evaluate_steps=4", "checkpoints.tensorboard=false",
]  # fmt: skip


def test_its_recipe_trains(data, tmp_path):
    run("soundstorm", data, tmp_path / "run", overrides=SMALL, device="cpu")
    made = vocable.load(tmp_path / "run")
    assert made.generate(Piece(said(8)), sampling=MaskedSampling(2)).frames == 8
    alone = [*SMALL, "model.semantic=", "model.given=1"]
    run("soundstorm", data, tmp_path / "alone", overrides=alone, device="cpu")
    made = vocable.load(tmp_path / "alone")
    assert made.generate(Piece(given=tokens(8))).codes.shape == (1, 3, 8)
    with pytest.raises(RecipeError, match='reads a track "semantik", which the data lacks'):
        run("soundstorm", data, tmp_path / "no", overrides=[*SMALL, "model.semantic=semantik"])
