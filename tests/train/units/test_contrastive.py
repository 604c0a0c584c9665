"""Contrastive prediction: what is asked has not been heard, and what can be told is learnt."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.train.units.small import CONTRASTIVE, SMALL, recipe, write_manifest
from vocable.train import run
from vocable.train.units import make_task
from vocable.train.units.contrastive import TEMPERATURE, unheard
from vocable.train.units.excerpts import Excerpt

STEPS, WITHIN, ACROSS = CONTRASTIVE["contrast"].values()
CHANCE = 1 / (1 + WITHIN + ACROSS)


def made(**config):
    """Return the task of a contrastive recipe with random weights."""
    units = {"config": SMALL | config, "deeper": 1}
    return make_task(recipe(**CONTRASTIVE, units=units))


def reached(value: torch.Tensor, samples: torch.Tensor) -> tuple[int, int]:
    """Return the first and the last sample that decide on a value."""
    (slope,) = torch.autograd.grad(value, samples, retain_graph=True)
    (places,) = torch.nonzero(slope[0], as_tuple=True)
    return int(places.min()), int(places.max())


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_nothing_that_a_context_has_heard_is_asked(ahead):
    """No sample decides on both a context and a frame that it is to tell; one earlier, some do."""
    network = made(ahead=ahead).model
    samples = (0.1 * torch.randn(1, 8000)).requires_grad_()
    rows = network.log_mels(samples)
    contexts, first = network.contexts(rows), unheard(network.units.encoder)
    assert first == ahead + 2
    weights = torch.randn(contexts.shape[-1])
    for t in (5, 9):
        heard = reached(contexts[0, t] @ weights, samples)[1]
        assert heard < reached(rows[0, t + first].sum(), samples)[0]
        assert heard >= reached(rows[0, t + first - 1].sum(), samples)[0]


def asked_of(task, samples, recordings, seed=0):
    frames = np.tile(np.arange(recordings.shape[1]), (len(recordings), 1))
    excerpt = Excerpt(samples, recordings, frames)
    return task.objective.draw(excerpt, "train", 0.0, np.random.default_rng(seed))


def test_the_loss_is_that_of_the_right_frame_among_the_wrong_ones():
    """One by one, as it is defined: a wrong frame that is the right one itself is left out."""
    task = made()
    recordings = np.array([[3] * 20 + [5] * 29, [1] * 48 + [-1]])
    samples = 0.1 * torch.randn(2, 16_000)
    question = asked_of(task, samples, recordings)
    with torch.no_grad():
        answers = task.objective.ask(task.model, question)
        rows, parts = task.model.log_mels(samples), task.model.parts
        frames = F.normalize(parts.frames(rows), dim=-1)
        predicted = parts.predictions(task.model.contexts(rows))
    losses, right = [], []
    for b, t, k in np.ndindex(2, 49 - STEPS - 2, STEPS):
        place = t + unheard(task.model.units.encoder) + k
        if recordings[b, t] != recordings[b, place] or recordings[b, t] < 0:
            continue
        across = [divmod(int(each), 49) for each in question.across]
        wrong = [(b, int(each)) for each in question.within[b]] + across
        scores = torch.stack(
            [frames[each] @ predicted[b, t, k] for each in wrong if each != (b, place)]
        )
        true = frames[b, place] @ predicted[b, t, k]
        losses.append(
            F.cross_entropy(torch.cat((true[None], scores)) / TEMPERATURE, torch.tensor(0))
        )
        right.append(bool(true > scores.max()))
    assert float(answers.losses["coming"]) == pytest.approx(float(torch.stack(losses).mean()), 1e-4)
    assert [int(each) for each in answers.right["coming"]] == [sum(right), len(right)]


def test_frames_of_another_recording_are_not_asked():
    question = asked_of(made(), torch.zeros(1, 16_000), np.array([[0] * 20 + [-1] * 2 + [1] * 27]))
    asked = question.asked[0]
    assert asked.shape == (49 - 3 - STEPS + 1, STEPS)
    assert asked[:16].all() and not asked[18:22].any() and asked[22:].all()
    assert asked[16].tolist() == [True, False] and not asked[17].any()


def test_wrong_frames_are_drawn_without_repeats_and_alike_for_a_seed():
    task, samples = made(), torch.zeros(3, 16_000)
    one, again, other = (
        asked_of(task, samples, np.zeros((3, 49), np.int64), seed) for seed in (1, 1, 2)
    )
    assert all(len(set(row.tolist())) == WITHIN for row in one.within)
    assert torch.equal(one.within, again.within) and torch.equal(one.across, again.across)
    assert not torch.equal(one.within, other.within)


def trained_on(folder, sounds) -> dict[str, float]:
    """Return what is right of held-out frames after some steps."""
    lines = []
    asked = recipe(
        **CONTRASTIVE,
        schedule={"steps": 50, "warmup": 5},
        optimizer={"lr": 1e-2},
        average=0.5,
        augment={"flip": False},
        checkpoints={"log_steps": 25, "evaluate_steps": 50, "tensorboard": False},
    )
    run(asked, write_manifest(folder, sounds), folder / "run", progress=lines.append)
    assert {"coming_right", "near_right", "far_right"} < set(lines[1])
    (found,) = [line for line in lines if line["kind"] == "held_out"]
    return found


def test_what_can_be_told_is_learnt(tmp_path):
    """Tones of 120 ms that follow each other in a fixed order: what comes next is known."""

    def sounds():
        for index in range(6):
            hertz = np.tile(np.repeat([300.0, 700, 1500, 2500, 4000], 1920), 4)[960 * index :]
            noise = np.random.default_rng(index).normal(0, 1e-3, len(hertz))
            yield 0.2 * np.sin(2 * np.pi * np.cumsum(hertz) / 16_000) + noise

    found = trained_on(tmp_path, sounds())
    assert found["near_right"] > 4 * CHANCE and found["far_right"] > 4 * CHANCE


def test_what_cannot_be_told_is_not(tmp_path):
    """Of white noise nothing tells what comes, unless it has been heard."""
    noises = (0.1 * np.random.default_rng(k).standard_normal(32_000) for k in range(6))
    found = trained_on(tmp_path, noises)
    assert found["near_right"] < 1.5 * CHANCE and found["far_right"] < 1.5 * CHANCE
