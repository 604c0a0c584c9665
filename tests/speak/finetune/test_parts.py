"""The parts that fine-tunings share: order of rows, best weights, memory, verdicts."""

import numpy as np
import pytest
import torch
from torch import nn

from vocable.errors import RecipeError
from vocable.language.csm import Csm, csm_1b
from vocable.language.keys.csm_places import csm_places
from vocable.nn.lora import Adapter, LoraSettings, choose
from vocable.nn.settings import without_memory
from vocable.speak.finetune.epochs import Epochs
from vocable.speak.finetune.memory import kept, needed
from vocable.speak.finetune.stopping import Best
from vocable.speak.finetune.trained import Part, gradients, parts
from vocable.speak.finetune.verdicts import Scores, problems, verdict

SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def test_an_epoch_has_every_row_once_in_batches_of_like_lengths():
    lengths = np.random.default_rng(1).integers(10, 400, 50)
    epochs = Epochs(lengths.tolist(), 4, seed=3)
    batches = [epochs.draw() for _ in range(14)]  # two pools: 8 and 5 batches, the last of 2 rows
    once = [row for batch in batches[:13] for row in batch]
    assert sorted(once) == list(range(50)) and max(map(len, batches)) == 4
    spread = np.mean([np.ptp(lengths[batch]) for batch in batches[:13]])
    assert spread < 0.5 * np.mean([np.ptp(lengths[at : at + 4]) for at in range(0, 48, 4)])


def test_rows_go_on_where_they_were():
    one = Epochs([5] * 9, 2, seed=0)
    for _ in range(3):
        one.draw()
    other = Epochs([5] * 9, 2, seed=8)
    other.restore(one.state())
    assert [one.draw() for _ in range(9)] == [other.draw() for _ in range(9)]


def judged(evaluations):
    """Return what is kept of evaluations (bits, likeness), each 10 steps after the one before.

    The weights are the steps, so that what is kept can be read from them.
    """
    model, best = nn.Linear(2, 2), Best()
    for number, (bits, likeness) in enumerate(evaluations):
        nn.init.constant_(model.weight, 10 * number)
        best.add(10 * number, Scores(bits, likeness=likeness), model)
    return best, model


def kept_weights(best):
    model = nn.Linear(2, 2)
    best.put_into(model)
    return model.weight.unique().tolist()


def test_the_best_weights_are_kept():
    best, model = judged([(5.0, None), (3.0, None), (4.0, None), (3.0, None)])
    assert (best.step, best.waited) == (10, 2) and best.likeness == {}
    best.add(30, Scores(1.0), model)
    assert best.step == 10, "a step counts once"
    again = Best()
    again.restore(best.state())
    assert kept_weights(again) == [10] and (again.step, again.waited) == (10, 2)


@pytest.mark.parametrize(
    ("evaluations", "kept", "waited"),
    [
        ([(90, 0.5), (80, 0.6), (70, 0.7)], 20, 0),
        ([(90, 0.5), (70, 0.7), (70.6, 0.8), (70.5, 0.75)], 20, 1),  # nearer, and hardly more bits
        ([(90, 0.5), (70, 0.7), (70.8, 0.9)], 10, 1),  # more than 1 % more
        ([(90, 0.9), (70, 0.7), (69.9, 0.6)], 10, 0),  # bits still fall: go on, and keep the nearer
        ([(90, 0.5), (70, 0.8), (69.5, 0.7), (69.2, 0.6)], 30, 0),  # the kept one's are 1 % more
        ([(90, 0.5), (70, 0.7), (69.9, 0.6), (70, 0.7)], 10, 1),  # no nearer than the kept one
    ],
)
def test_likeness_decides_where_bits_hardly_differ(evaluations, kept, waited):
    best, _ = judged(evaluations)
    assert (best.step, best.waited) == (kept, waited) and kept_weights(best) == [kept]


def test_what_is_kept_is_near_the_fewest_bits_and_no_less_alike():
    random = np.random.default_rng(5)
    for _ in range(200):
        count = int(random.integers(1, 12))
        evaluations = list(
            zip(70 + random.exponential(1.0, count), random.uniform(0.5, 1, count), strict=True)
        )
        best, _ = judged(evaluations)
        fewest = min(best.bits, key=best.bits.__getitem__)
        assert best.bits[best.step] <= 1.01 * best.bits[fewest]
        assert best.likeness[best.step] >= best.likeness[fewest]
        assert best.waited <= (max(best.bits) - fewest) // 10
        assert kept_weights(best) == [best.step]
        blind, _ = judged([(bits, None) for bits, _ in evaluations])
        assert blind.step == fewest


def test_bytes_of_a_step_are_those_of_a_real_one():
    """What is counted without memory is what autograd keeps."""

    def network():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.LayerNorm(32), nn.Linear(32, 4))

    real = network()
    wanted = kept(real, lambda: real(torch.randn(3, 50, 8)).exp().sum())
    with without_memory():
        empty = network()
    found = needed(empty, lambda: empty(torch.randn(3, 50, 8, device="meta")).exp().sum())
    assert kept(empty, lambda: empty(torch.zeros(3, 50, 8, device="meta")).exp().sum()) == wanted
    assert wanted > 4 * 150 * (8 + 32 + 32 + 4)
    weights = sum(weight.numel() for weight in real.parameters())
    assert (found.weights, found.learning) == (4 * weights, 20 * weights)


def test_what_learns_of_the_published_csm():
    """Rank 32 in the seven maps: 22.54 M weights in the backbone and 4.39 M in the depth model."""
    with without_memory():
        network = Csm(csm_1b()).requires_grad_(False)
        adapter = Adapter(network, choose(csm_places(network.config), SEVEN), LoraSettings(32))
    found = parts(adapter)
    assert len(found) == 14 and found[0] == Part(
        "backbone_model.layers.*.self_attn.q_proj", 16, 16 * 32 * 2 * 2048
    )
    for name, wanted in (("backbone_model", 22.54e6), ("depth_decoder", 4.39e6)):
        counted = sum(part.parameters for part in found if part.name.startswith(name))
        assert counted == pytest.approx(wanted, rel=1e-3)


def test_gradients_are_named_by_kinds_and_missing_ones_refused():
    model = nn.ModuleDict({"layers": nn.ModuleList(nn.Linear(3, 3) for _ in range(3))})
    model["head"] = nn.Linear(3, 1)
    x = torch.ones(1, 3)
    for layer in model["layers"]:
        x = layer(x)
    model["head"](x).sum().backward()
    norms = gradients(model)
    assert list(norms) == ["layers.*", "head"] and min(norms.values()) > 0
    smallest = min(float(torch.cat([layer.weight.grad.flatten(), layer.bias.grad]).norm())
                   for layer in model["layers"])  # fmt: skip
    assert norms["layers.*"] == pytest.approx(smallest)
    model["layers"][1].zero_grad()
    with pytest.raises(RecipeError, match=r"^1 layers .* got no gradient \(layers.1\); leave"):
        gradients(model)


GOOD = Scores(90.0, 0.9, samples=2, ended=2, quieter=1.0)


@pytest.mark.parametrize(
    ("scores", "bits", "words"),
    [
        (GOOD, {0: 120.0, 10: 100.0, 20: 90.0}, "healthy"),
        (GOOD, {0: 120.0}, "healthy"),
        (GOOD, {0: 120.0, 10: 90.0, 20: 90.5}, "healthy"),
        (GOOD, {0: 120.0, 10: 90.0, 20: 95.0}, "overfitting: held-out bits were 90.0 a frame at"),
        (GOOD, {0: 120.0, 10: 125.0}, "nothing learnt: held-out bits went from 120.0 to 125.0"),
        (Scores(90.0, 0.9, 2, 2, 33.0), {0: 99.0, 9: 90.0}, "silence: what it speaks is 33 dB b"),
        (Scores(90.0, 0.9, 2, 0, 1.0), {0: 99.0, 9: 90.0}, "missing end: 0 of 2 texts ended by"),
        (Scores(90.0, 0.01), {0: 99.0, 9: 90.0}, "missing end: where speech ends, the model does"),
        (Scores(90.0, None), {0: 99.0, 9: 90.0}, "healthy"),
    ],
)  # fmt: skip
def test_verdicts(scores, bits, words):
    assert verdict(problems(scores, bits, {})).startswith(words)


@pytest.mark.parametrize(
    ("likeness", "words"),
    [
        ({0: 0.7}, "healthy"),
        ({0: 0.7, 10: 0.9, 20: 0.86}, "healthy"),
        (
            {0: 0.7, 10: 0.9, 20: 0.8},
            "less like the voice: likeness was 0.90 at step 10 and is 0.8",
        ),
        (
            {0: 0.9, 10: 0.7},
            "less like the voice: likeness was 0.90 at step 0 and is 0.70; lower ",
        ),
    ],
)
def test_a_voice_that_is_lost_is_told(likeness, words):
    assert verdict(problems(GOOD, {0: 120.0, 10: 90.0}, likeness)).startswith(words)
