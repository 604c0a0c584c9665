"""Train models of tokens in several layouts on the same tokens, and say what each knows.

    python -m benchmarks.token_models SET --runs FOLDER [--seeds 3] [--levels 4] [--figure FILE]

Equal parameters (to 2 %), equal frames seen, the same optimizer steps; bits of held-out recordings,
level by level, beside n-grams of the same training tokens. Runs are kept in FOLDER, and gone on
with; one that is finished is read. In brackets the least and the most of the seeds.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.machine import describe
from benchmarks.tables import heading, row
from vocable.nn.settings import without_memory
from vocable.tokens.sets import TokenSet
from vocable.train import read_recipe, run
from vocable.train.language import complete
from vocable.train.recipe import Recipe

ARMS = {  # recipe, what is set, and positions a frame (None: one for each level)
    "flatten": ("flatten", [], None),
    "frame + depth": ("csm", [], 1),
    "coarse first": ("delay", ["model.layout=coarse_first"], 2),
    "coarse first, places": ("delay", ["model.layout=coarse_first"], 2),
    "delay": ("delay", [], 1),
    "parallel": ("delay", ["model.layout=parallel"], 1),
}
WIDTH, LAYERS, HEADS, SECONDS, FRAMES = 128, 4, 4, 10.0, 500  # frames of a batch
ORDERS = (0, 1, 2)
RATE = 4e-3  # so few steps on so small models: 1 bit a frame below 1e-3, and dropout only costs


@dataclass(frozen=True)
class Plan:
    """What all arms share. parameters: of each; steps: of each run."""

    tokens: Path
    levels: int
    steps: int
    parameters: int


def main() -> None:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tokens", type=Path, metavar="SET")
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--levels", type=int, default=4)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--parameters", type=int, default=1_500_000)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    plan = Plan(options.tokens, options.levels, options.steps, options.parameters)
    found: dict[str, list[dict[str, Any]]] = {}
    for seed in range(options.seeds):
        for arm in ARMS:
            found.setdefault(arm, []).append(trained(plan, arm, seed, options.runs))
    print(*table(found, plan), sep="\n")
    print(f"\n{describe(threads=1)}")
    if options.figure:
        draw(found, plan, options.figure)


def trained(plan: Plan, arm: str, seed: int, runs: Path) -> dict[str, Any]:
    """Return the best evaluation of a run, with its parameters and seconds."""
    folder = runs / f"{arm.replace(' ', '-')}-{plan.levels}-{plan.steps}-{seed}"
    return outcome(recipe_of(plan, arm, seed), plan.tokens, folder)


def outcome(recipe: Recipe, tokens: Path, folder: Path) -> dict[str, Any]:
    """Return the same of a recipe; its run is gone on with, or read where it is finished."""
    if not (folder / "config.json").is_file():
        run(recipe, tokens, folder, resume=(folder / "checkpoint.pt").is_file(), device="cpu")
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    held_out = [line for line in lines if line["kind"] == "held_out"]
    best = min(held_out, key=lambda line: line["bits"]["frame"])
    return {**best, "seconds": held_out[-1]["seconds"], "parameters": parameters(recipe)}


def recipe_of(plan: Plan, arm: str, seed: int) -> Recipe:
    """Return the recipe of an arm, its MLP as wide as makes it as large as the others."""
    return sized(lambda hidden: _recipe(plan, arm, seed, hidden), plan.parameters)


def sized(recipe: Callable[[int], Recipe], wanted: int) -> Recipe:
    """Return a recipe of so many parameters, made by how wide the MLP is."""
    low, high = 8, 2048
    while high - low > 8:
        middle = (low + high) // 16 * 8
        low, high = (middle, high) if parameters(recipe(middle)) < wanted else (low, middle)
    return recipe(low)


def _recipe(plan: Plan, arm: str, seed: int, hidden: int) -> Recipe:
    name, more, positions = ARMS[arm]
    each = plan.levels if positions is None else positions
    trunk = (
        f"model.trunk={{width = {WIDTH}, layers = {LAYERS}, heads = {HEADS}, hidden = {hidden}, "
        f"context = {64 + round(each * SECONDS * 25) + 8}, dropout = 0.0}}"
    )
    depth = "model.depth={width = 64, layers = 2, heads = 4, hidden = 128, context = 16}"
    overrides = [
        trunk, *([depth] if name == "csm" else []), *more, f"model.levels={plan.levels}",
        f"seed={seed}", f"tokens.seconds={SECONDS}", f"tokens.positions={FRAMES * each + 32}",
        "tokens.patience=0", "tokens.held_out=100", f"schedule.steps={plan.steps}",
        f"checkpoints.evaluate_steps={plan.steps // 3}", "checkpoints.tensorboard=false",
        f"optimizer.lr={RATE}", "precision=fp32", f"model.places={'places' in arm}".lower(),
    ]  # fmt: skip
    found: Recipe = complete(read_recipe(name, overrides), plan.tokens)
    return found


def parameters(recipe: Any) -> int:
    """Return how many parameters a recipe's network has."""
    config = recipe.model.config(recipe.tracks)
    with without_memory():
        network = recipe.model.network(config)
    return sum(weight.numel() for weight in network.parameters())


def table(found: dict[str, list[dict[str, Any]]], plan: Plan) -> Iterator[str]:
    """Yield the lines of the table."""
    names = [f"level {level}" for level in range(plan.levels)]
    yield heading(["model", "parameters", "s", *names, "bits a frame", "bit/s"])
    first = next(iter(found.values()))[0]
    nominal = _nominal(plan)
    yield row(["the codec's own", "", "", *(f"{each:.2f}" for each in nominal), *_both(nominal)])
    for order in ORDERS:
        total = first[f"{order}-grams"]
        cells = [f"{first['ngrams'][order][k]:.2f}" for k in range(plan.levels)]
        yield row([f"n-grams of order {order}", "", "", *cells, *_both([total])])
    for arm, runs in found.items():
        levels = [[each["bits"][f"level{k}"] for each in runs] for k in range(plan.levels)]
        frames = [each["bits"]["frame"] for each in runs]
        size = f"{runs[0]['parameters'] / 1e6:.2f} M"
        took = f"{np.mean([each['seconds'] for each in runs]):.0f}"
        cells = [f"{np.mean(each):.2f}" for each in levels]
        yield row([arm, size, took, *cells, _interval(frames), f"{np.mean(frames) * 25:.0f}"])


def _interval(values: Sequence[float]) -> str:
    return f"{np.mean(values):.2f} [{min(values):.2f}, {max(values):.2f}]"


def _nominal(plan: Plan) -> list[float]:
    spec = TokenSet(plan.tokens).specs["acoustic"]
    return [float(level.bits) for level in spec.levels[: plan.levels]]


def _both(bits: Sequence[float]) -> list[str]:
    return [f"{sum(bits):.2f}", f"{sum(bits) * 25:.0f}"]


def draw(found: dict[str, list[dict[str, Any]]], plan: Plan, path: Path) -> None:
    """Write bits per level, ours against n-grams, as a PNG."""
    from benchmarks.token_models_figure import draw as drawn

    drawn(found, _nominal(plan), path)


if __name__ == "__main__":
    main()
