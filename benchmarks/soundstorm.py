"""Compare SoundStorm with a model that goes step by step: bits, pace, sound by passes (E4).

    python -m benchmarks.soundstorm --storm RUN --steps RUN --data SET [--passes 1 2 4 8 16]
        [--seconds 10] [--clips 20] [--turns 3] [--threads 1] [--measures stoi mel_distance_dac]

RUN: folders of models that were trained on SET, such as `soundstorm` with `model.given=1`, and
`audiolm` with `stage = "fine"`, `coarse = 1`: both make levels 1 and up by level 0. SET: a set of
tokens; of its split `valid` so many recordings are taken.

bits    of each level that both tell, mean over recordings. A level costs SoundStorm what one pass
        over all frames knows of it by the levels below; the other what the steps before tell. Both
        add up to what all the codes cost; single levels know different things of each other.
pace    seconds on the wall for a second of sound, and how many network passes that takes; models
        in turns, the median.
sound   by passes over the first level that is made, the first level given: measures against the
        real tokens, decoded by the codec. The last row has as many passes over every level.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.machine import describe
from benchmarks.tables import heading, progress, row

MEASURES = ["mel_distance_dac", "log_spectral_distance", "stoi"]


def main() -> None:
    """Print three Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--storm", required=True, help="folder of a SoundStorm")
    parser.add_argument("--steps", required=True, help="folder of a model of frames or of a stage")
    parser.add_argument("--data", required=True, help="folder of the set of tokens")
    parser.add_argument("--passes", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--seconds", type=float, default=10.0, help="of a piece, and of a stretch")
    parser.add_argument("--clips", type=int, default=20, help="held-out recordings")
    parser.add_argument("--turns", type=int, default=3, help="of the clock; the first is not timed")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--measures", nargs="+", default=MEASURES)
    options = parser.parse_args()

    import torch

    import vocable
    from vocable.language.packing import parameters
    from vocable.language.soundstorm import SoundStormGenerator

    torch.set_num_threads(options.threads)
    storm, steps = (vocable.load(folder) for folder in (options.storm, options.steps))
    if not isinstance(storm, SoundStormGenerator):
        parser.error(f"{options.storm} is a {type(storm).__name__}; give a SoundStorm")
    for each in (storm, steps):
        size = parameters(each.network) / 1e6
        print(f"{each.name}: {type(each.network).__name__}, {size:.2f} M parameters")
    held_out = HeldOut(options.data, options.clips, options.seconds)
    for table in (bits, pace, sound):
        print(f"\n{table.__name__}\n")
        table(storm, steps, held_out, options)
    print(f"\n{describe(threads=options.threads)}")


class HeldOut:
    """Recordings of the split `valid`, evenly taken, by one clock."""

    def __init__(self, data: str, clips: int, seconds: float) -> None:
        from vocable.tokens.sets import TokenSet
        from vocable.train.language.tracks import Clock, Stretch

        self.tokens = TokenSet(data)
        self.clock = Clock(self.tokens, self.tokens.specs)
        items = [item for item in self.tokens.of_split("valid") if self.clock.moments[item]]
        self.items = items[:: max(1, len(items) // clips)][:clips]
        self.speakers = [self.tokens.abouts[item].speaker for item in self.items]
        longest = max(1, round(seconds / float(self.clock.seconds)))
        self.tracks = [
            self.clock.cut(Stretch(item, 0, min(longest, int(self.clock.moments[item]))))
            for item in self.items
        ]


def bits(storm: Any, steps: Any, held_out: HeldOut, options: argparse.Namespace) -> None:
    """Print bits a code of each level, and the difference with its interval over speakers."""
    found = [bits_of_each(each.network, held_out, options.seconds) for each in (storm, steps)]
    levels = [name for name in found[0][0] if name.startswith("level") and name in found[1][0]]
    print(heading(["level", storm.name, steps.name, "difference, bits", "of the second, %"]))
    for name in [*levels, "all"]:
        chosen = levels if name == "all" else [name]
        ours, theirs = ([sum(each[level] for level in chosen) for each in one] for one in found)
        print(row([name, *differences(ours, theirs, held_out.speakers)]))


def bits_of_each(network: Any, held_out: HeldOut, seconds: float) -> list[dict[str, float]]:
    """Return the bits of each level of each recording."""
    import torch

    from vocable.train.language.held_out import bits_of

    with torch.no_grad():
        return [
            bits_of(network, held_out.clock, [item], seconds, 4096, torch.device("cpu"))
            for item in held_out.items
        ]


def differences(ours: Sequence[float], theirs: Sequence[float], speakers: list[str]) -> list[str]:
    """Return both means, their paired difference, and that in percent."""
    from vocable.evaluate.intervals import paired_interval

    gap = paired_interval(np.array(theirs), np.array(ours), speakers)
    return [
        f"{np.mean(ours):.3f}", f"{np.mean(theirs):.3f}", str(gap),
        f"{100 * gap.mean / np.mean(theirs):+.1f}",
    ]  # fmt: skip


def pace(storm: Any, steps: Any, held_out: HeldOut, options: argparse.Namespace) -> None:
    """Print how long a second of sound takes; what is given is random, as pace knows no codes."""
    from vocable.language.soundstorm import MaskedSampling

    frames = round(options.seconds * float(storm.spec.frame_rate))
    tracks = {
        name: random_tokens(held_out, name, options.seconds) for name in held_out.tokens.specs
    }
    ways: dict[str, tuple[int, Callable[[], Any]]] = {}
    for passes in options.passes:
        sampling = MaskedSampling(passes)
        total = sum(sampling.passes_of(levels_made(storm)))
        ways[f"{storm.name}, {passes} passes"] = (
            total, lambda sampling=sampling: by_storm(storm, tracks, frames, 0, sampling)
        )  # fmt: skip
    ways[steps.name] = steps_of(steps, frames), lambda: by_steps(steps, tracks, frames, 0)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(options.turns + 1):
        for name, (_, make) in ways.items():
            progress(f"turn {turn}: {name}")
            begin = time.perf_counter()
            make()
            times[name].append(time.perf_counter() - begin)
    seconds = {name: statistics.median(each[1:]) for name, each in times.items()}
    print(heading(["", "passes of the network", "s for a s of sound", f"{steps.name} / this"]))
    for name, (total, _) in ways.items():
        each = seconds[name] / options.seconds
        print(row([name, str(total), f"{each:.4f}", f"{seconds[steps.name] / seconds[name]:.1f}"]))


def sound(storm: Any, steps: Any, held_out: HeldOut, options: argparse.Namespace) -> None:
    """Print what measures say of what is made, by passes."""
    from vocable.language.soundstorm import MaskedSampling

    most, made = max(options.passes), levels_made(storm)
    ways: dict[str, Callable[[Any, int], Any]] = {}
    settings = {f"{each} passes": MaskedSampling(each) for each in options.passes}
    settings[f"{most} passes over each"] = MaskedSampling((most,) * made)
    for name, sampling in settings.items():
        ways[name] = lambda tracks, seed, sampling=sampling: by_storm(
            storm, tracks, frames_of(storm, tracks), seed, sampling
        )
    if makes_the_same(storm, steps):
        ways[steps.name] = lambda tracks, seed: by_steps(
            steps, tracks, frames_of(storm, tracks), seed
        )
    print(heading(["", *options.measures]))
    for name, make in ways.items():
        progress(name)
        scores = [scored(storm, make, tracks, options.measures, seed)
                  for seed, tracks in enumerate(held_out.tracks)]  # fmt: skip
        print(row([name, *(cell(scores, each, held_out.speakers) for each in options.measures)]))


def scored(
    storm: Any, make: Callable[[Any, int], Any], tracks: Mapping[str, Any],
    measures: Sequence[str], seed: int,
) -> dict[str, float]:  # fmt: skip
    """Return scores of what is made, against the real tokens through the same codec."""
    from vocable.measures import score_all
    from vocable.tokens import AudioTokens

    codec, config = storm.with_codec(), storm.network.config
    real = tracks[config.track].expand()
    first = [each[0] for each in real.stacks[: config.levels]]
    codes = [*first[: config.levels - levels_made(storm)], *make(tracks, seed)]
    both = [AudioTokens(real.spec, [each[None] for each in one]) for one in (first, codes)]
    reference, degraded = (codec.decode(each) for each in both)
    return score_all(measures, reference.samples[0], degraded.samples[0], reference.rate)[0]


def cell(scores: Sequence[Mapping[str, float]], measure: str, speakers: Sequence[str]) -> str:
    """Return a mean with its interval over speakers."""
    from vocable.evaluate.intervals import bootstrap_interval

    pairs = [(each[measure], who) for each, who in zip(scores, speakers, strict=True)
             if measure in each]  # fmt: skip
    if not pairs:
        return "–"
    values, owners = zip(*pairs, strict=True)
    return str(bootstrap_interval(np.array(values), list(owners)))


def by_storm(
    storm: Any, tracks: Mapping[str, Any], frames: int, seed: int, sampling: Any
) -> np.ndarray:
    """Return the codes `[levels, frames]` that a SoundStorm makes of what it is given."""
    from vocable.language.soundstorm import Piece

    config, given = storm.network.config, given_levels(storm)
    semantic = None if config.semantic is None else tracks[config.semantic.track]
    real = tracks[config.track] if given else None
    piece = Piece(
        semantic, given=real, given_levels=given or None, seed=seed,
        seconds=frames / float(storm.spec.frame_rate),
    )  # fmt: skip
    found: np.ndarray = storm.generate(piece, sampling=sampling).codes[0, given:]
    return found


def by_steps(steps: Any, tracks: Mapping[str, Any], frames: int, seed: int) -> np.ndarray:
    """Return the codes `[levels, frames]` that the other model makes."""
    config = steps.network.config
    if not hasattr(config, "target"):
        made = steps.generate(seconds=frames / float(steps.spec.frame_rate), seed=seed)
        return np.stack(list(made), 1)
    given = {part.track: tracks[part.track] for part in config.given}
    most = frames * len(config.target.cycle)
    written = steps.write(given, np.zeros(0, np.int64), most, seed=seed)
    return np.fromiter(written, np.int64).reshape(frames, -1).T


def steps_of(steps: Any, frames: int) -> int:
    """Return how many steps the other model takes."""
    config = steps.network.config
    if hasattr(config, "target"):
        return frames * len(config.target.cycle)
    return int(config.order.steps(steps.spec, frames, config.levels))


def given_levels(storm: Any) -> int:
    """Return how many levels a SoundStorm is given."""
    return int(storm.network.config.given)


def levels_made(storm: Any) -> int:
    """Return how many levels a SoundStorm makes."""
    return int(storm.network.config.levels) - given_levels(storm)


def frames_of(storm: Any, tracks: Mapping[str, Any]) -> int:
    """Return how many frames there are."""
    return int(tracks[storm.network.config.track].frames)


def makes_the_same(storm: Any, steps: Any) -> bool:
    """Return whether the other model makes the same levels, given the same."""
    target = getattr(steps.network.config, "target", None)
    config = storm.network.config
    return target is not None and (target.first, target.last) == (config.given, config.levels)


def random_tokens(held_out: HeldOut, track: str, seconds: float) -> Any:
    """Return random codes of a track."""
    from vocable.tokens import AudioTokens

    spec, random = held_out.tokens.specs[track], np.random.default_rng(0)
    frames = round(seconds * float(spec.frame_rate))
    levels = spec.levels[: held_out.tokens.levels(track)]
    counts = [-(-frames // level.stride) for level in levels]
    return AudioTokens(
        spec, [random.integers(0, level.size, (1, count))
               for level, count in zip(levels, counts, strict=True)],
    )  # fmt: skip


if __name__ == "__main__":
    main()
