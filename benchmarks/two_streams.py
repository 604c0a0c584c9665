"""Compare a model of two streams with a model of one stream of their mixture (E8).

    python -m benchmarks.two_streams FOLDER --data MANIFEST … [--seeds 3] [--minutes 30]

Conversations are made of recordings of single speakers (`vocable data conversations`: the turns are
drawn, what is said means nothing), of held-out speakers for what is held out. The codec makes two
tracks of them: each channel a stream, silence coded as silence, and both channels mixed into one.
One model learns each, in the layout of Moshi without text, of equal parameters (to 2 %), from
stretches of the same seconds of talk, in as many steps.

bits    of a second of held-out talk. Two streams cost what both take together, the first stream's
        step before the second's, each with all that came before in both; the mixture costs one
        stream of the same codec, which nobody can take apart again. So two streams carry twice the
        nominal bits and more than the mixture does; they take fewer only where silence is cheap,
        and each voice alone is told better than both at once.
turns   of what the model of two streams makes of the first 4 s of held-out conversations, against
        the same seconds of these, both decoded from as many levels and measured by energy. Bar:
        each within a factor of 2. Strangers: a channel of one conversation beside one of another.

Conversations, tokens and runs are kept in FOLDER, and gone on with. As set, some 25 minutes on one
core that does nothing else.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import vocable
from benchmarks.machine import describe
from benchmarks.tables import heading, progress, row
from benchmarks.token_models import RATE, outcome, sized
from vocable.audio.manifest import read_manifest
from vocable.codecs.bundle import Bundle
from vocable.measures.turns import Turns, turn_statistics, turns
from vocable.tokens import AudioTokens
from vocable.tokens.sets import TokenSet
from vocable.train import read_recipe
from vocable.train.data.conversations import make_conversations
from vocable.train.language import complete
from vocable.train.language.prepare import prepare_tokens
from vocable.train.recipe import Recipe

ARMS = {"two": "two streams", "mixture": "one stream, the mixture"}
WIDTH, LAYERS, HEADS, STRETCHES = 128, 4, 4, 2  # stretches of a batch
ORDERS = (0, 1, 2)
GIVEN, BAR, TOGETHER = 4.0, 2.0, 8  # seconds of a prompt; factor; samples that run at once


@dataclass(frozen=True)
class Plan:
    """What both arms share. seconds: of a stretch; parameters: of each model."""

    folder: Path
    levels: int
    seconds: float
    steps: int
    parameters: int


def main() -> None:
    """Make and train what is missing, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="for conversations, tokens and runs")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="manifests")
    parser.add_argument("--codec", default="speech-16k")
    parser.add_argument("--minutes", type=float, default=30.0, help="of train; a fifth is held out")
    parser.add_argument("--seconds", type=float, default=20.0, help="of a stretch, and of a sample")
    parser.add_argument("--levels", type=int, default=4)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--parameters", type=int, default=2_500_000)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    codec = vocable.load(options.codec)
    make_sets(options, codec)
    plan = Plan(options.folder, options.levels, options.seconds, options.steps, options.parameters)
    found: dict[str, list[dict[str, Any]]] = {arm: [] for arm in ARMS}
    for seed in range(options.seeds):
        for arm in ARMS:
            tokens, runs = plan.folder / arm, plan.folder / f"{arm}-{plan.steps}-{seed}"
            found[arm].append(outcome(recipe_of(plan, arm, seed), tokens, runs))
    print(*bits_table(found, plan), sep="\n")
    print()
    print(*turns_table(plan, codec, options.seeds), sep="\n")
    print(f"\n{describe(threads=1)}")


def make_sets(options: argparse.Namespace, codec: Any) -> None:
    """Make conversations and both sets of tokens where they are not there."""
    talks = options.folder / "talks"
    if not (talks / "manifest.jsonl").is_file():
        clips = [clip for each in options.data for clip in read_manifest(each)]
        minutes = {"train": options.minutes, "valid": options.minutes / 5}
        make_conversations(clips, talks, minutes, seconds=1.5 * options.seconds, rate=codec.rate)
    for arm in ARMS:
        if not (options.folder / arm).exists():
            progress(f"tokens of {arm}")
            prepare_tokens(
                talks / "manifest.jsonl", options.folder / arm, lambda: Bundle([codec]),
                mix=arm == "mixture",
            )  # fmt: skip


def recipe_of(plan: Plan, arm: str, seed: int) -> Recipe:
    """Return the recipe of an arm, its MLP as wide as makes it as large as the other."""
    return sized(lambda hidden: _recipe(plan, arm, seed, hidden), plan.parameters)


def _recipe(plan: Plan, arm: str, seed: int, hidden: int) -> Recipe:
    tokens = plan.folder / arm
    steps = round(plan.seconds * float(TokenSet(tokens).specs["acoustic"].frame_rate)) + 3
    overrides = [
        f"model.trunk={{width = {WIDTH}, layers = {LAYERS}, heads = {HEADS}, hidden = {hidden}, "
        f"context = {steps + 8}, dropout = 0.0}}",
        f"model.depth={{width = 64, layers = 2, heads = 4, hidden = 128, "
        f"context = {2 * plan.levels}}}",
        f"model.levels={plan.levels}", f"seed={seed}", f"tokens.seconds={plan.seconds}",
        f"tokens.positions={STRETCHES * steps}", "tokens.patience=0", "tokens.held_out=100",
        f"schedule.steps={plan.steps}", f"schedule.warmup={min(100, plan.steps // 4)}",
        f"checkpoints.evaluate_steps={max(1, plan.steps // 4)}", "checkpoints.tensorboard=false",
        f"optimizer.lr={RATE}", "precision=fp32",
    ]  # fmt: skip
    found: Recipe = complete(read_recipe("two-streams", overrides), tokens)
    return found


def bits_table(found: dict[str, list[dict[str, Any]]], plan: Plan) -> Iterator[str]:
    """Yield the lines of the table of bits, and how both compare."""
    yield heading(["tokens", "model", "parameters", "s", "each stream, bits a frame", "bit/s"])
    rates = {}
    for arm, runs in found.items():
        spec = TokenSet(plan.folder / arm).specs["acoustic"]
        rate, streams = float(spec.frame_rate), TokenSet(plan.folder / arm).streams("acoustic")
        nominal = sum(level.bits for level in spec.levels[: plan.levels])
        known: list[tuple[str, str, str, list[list[float]]]] = [
            ("the codec's own", "", "", [[float(nominal)] * streams])
        ]
        for order in ORDERS:
            levels = np.array(runs[0]["ngrams"][order]).reshape(streams, -1)
            known.append((f"{order}-grams, each alone", "", "", [levels.sum(1).tolist()]))
        size = f"{runs[0]['parameters'] / 1e6:.2f} M"
        took = f"{np.mean([each['seconds'] for each in runs]):.0f}"
        known.append(("transformer", size, took, [of_streams(each, streams) for each in runs]))
        for name, size, took, each in known:
            seconds = rate * np.array(each).sum(1)
            shown = " + ".join(f"{bits:.2f}" for bits in np.mean(each, 0))
            yield row([ARMS[arm], name, size, took, shown, interval(seconds)])
        rates[arm] = seconds
    ratio = rates["two"] / rates["mixture"]
    fewer = "fewer" if max(ratio) < 1 else "not fewer in every seed"
    yield f"\ntwo streams / the mixture, bit/s: {interval(ratio, '.3f')}, {fewer}"


def of_streams(run: dict[str, Any], streams: int) -> list[float]:
    """Return the bits of a frame of each stream."""
    bits = {name: value for name, value in run["bits"].items() if "level" in name}
    return np.array(list(bits.values())).reshape(streams, -1).sum(1).tolist()  # type: ignore[no-any-return]


def interval(values: Sequence[float] | np.ndarray, form: str = ".0f") -> str:
    """Return the mean, and the least and the most."""
    return f"{np.mean(values):{form}} [{min(values):{form}}, {max(values):{form}}]"


def turns_table(plan: Plan, codec: Any, seeds: int) -> Iterator[str]:
    """Yield the lines of the table of turns."""
    tokens = TokenSet(plan.folder / "two")
    rate = float(tokens.specs["acoustic"].frame_rate)
    given, last = round(GIVEN * rate), round(plan.seconds * rate)
    real = [
        tokens.cut(item, "acoustic", 0, last).first(plan.levels)
        for item in tokens.of_split("valid")
        if tokens.frames["acoustic"][item] >= last
    ]
    if not real:
        raise SystemExit(f"no held-out conversation lasts {plan.seconds:g} s; make more minutes")
    data = [heard(codec, each[given:]) for each in real]
    others = [*real[1:], *real[:1]]
    strange = [
        heard(codec, crossed(one, two)[given:]) for one, two in zip(real, others, strict=True)
    ]
    made = []
    for seed in range(seeds):
        model = vocable.load(plan.folder / f"two-{plan.steps}-{seed}")
        model.attach(codec)
        progress(f"samples of seed {seed}")
        made.append([heard(codec, each) for each in samples(model, real, given, last, seed)])
    wanted = turn_statistics(data)
    yield heading(["", *wanted])
    for name, each in [("held-out", data), ("strangers", strange), *zip(
        (f"made, seed {seed}" for seed in range(seeds)), made, strict=True
    )]:  # fmt: skip
        yield row([name, *(f"{value:.3g}" for value in turn_statistics(each).values())])
    pooled = turn_statistics([each for some in made for each in some])
    ratios = {name: pooled[name] / wanted[name] if wanted[name] else np.nan for name in wanted}
    yield row(["all made / held-out", *(f"{ratio:.2f}" for ratio in ratios.values())])
    far = [name for name, ratio in ratios.items() if not 1 / BAR <= ratio <= BAR]
    told = f"beyond it: {', '.join(far)}" if far else "all within it"
    yield f"\nBar: a factor of {BAR:g}; {told}. {len(real)} conversations, from {GIVEN:g} s on."


def samples(
    model: Any, begins: Sequence[AudioTokens], given: int, last: int, seed: int
) -> Iterator[AudioTokens]:
    """Yield what a model makes of the begins of conversations, these left out."""
    seconds = (last - given) / float(model.spec.frame_rate)
    for first in range(0, len(begins), TOGETHER):
        some = begins[first : first + TOGETHER]
        engine = model.start_engine(len(some))
        runs = [
            model.generate(begin[:given], seconds=seconds, seed=1000 * seed + first + k,
                           engine=engine)
            for k, begin in enumerate(some)
        ]  # fmt: skip
        for each in runs:
            yield model.tokens(list(each))


def crossed(one: AudioTokens, other: AudioTokens) -> AudioTokens:
    """Return the first stream of one recording beside the second of another."""
    stacks = [np.stack((a[0], b[1])) for a, b in zip(one.stacks, other.stacks, strict=True)]
    return AudioTokens(one.spec, stacks)


def heard(codec: Any, tokens: AudioTokens) -> Turns:
    """Return the turns of tokens as they sound."""
    audio = codec.decode(tokens)
    return turns(audio.samples, audio.rate)


if __name__ == "__main__":
    main()
