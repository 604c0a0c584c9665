"""Say what models of tokens know when they go on ten times as far as they were trained (E9).

    python -m benchmarks.contexts SET MODEL … [--windows 10] [--seconds 10] [--figure FILE]

MODEL: folders of models of one stream that were trained on stretches of `--seconds`, as those of
`benchmarks.token_models`; SET: their tokens. A window is as many positions as a stretch took.
Held-out recordings are joined, speaker after speaker, to so many windows of sound, which each model
foretells frame by frame, all before it known, in three contexts:

full            sees every position
ring            sees the last window
ring + sinks    sees the first 4 positions and the last window without 4: as much memory. Positions
                are numbered anew inside the cache (arXiv:2309.17453)

Joints, where the voice changes, are in all of them, and were not in training. So that places
compare, the sound is taken in all rotations by a window: each window of sound stands once at each
place. The first window has less before it than others; so contexts are judged by second halves of
windows: how many more bits than in the first window the worst later one takes. Bar for sinks: 5 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import vocable
from benchmarks.machine import describe
from benchmarks.tables import heading, progress, row
from vocable.language.cache import Cache
from vocable.language.coder import Foretells
from vocable.language.coder.steps import is_code
from vocable.language.home import SINKS
from vocable.language.lessons import GIVEN, NOTHING
from vocable.nn.settings import plain_settings
from vocable.tokens import AudioTokens, joined
from vocable.tokens.sets import TokenSet

CONTEXTS = ("full", "ring", "ring + sinks")
BLOCK = 64  # positions that run at once where nothing is forgotten yet
BAR = 0.05


def main() -> None:
    """Print a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tokens", type=Path, metavar="SET")
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--windows", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10.0, help="of a window")
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    tokens, curves = TokenSet(options.tokens), {}
    for name in options.models:
        network = vocable.load(name).network
        if not isinstance(network, Foretells) or not network.codes_alone:
            parser.error(f"{name} foretells other things than all codes of one stream")
        window = frames_of(network, options.seconds)
        sound = long_sound(tokens, network, options.windows * window)
        curves[name] = {}
        for context in CONTEXTS:
            progress(f"{name}: {context}")
            curves[name][context] = curve(network, context, sound, window)
        print(*table(name, curves[name], options.seconds), sep="\n")
        print()
    print(describe(threads=1))
    if options.figure:
        draw(curves, options.seconds, options.figure)


def frames_of(network: Foretells, seconds: float) -> int:
    """Return the frames of a window, whole for all levels and both halves."""
    unit = 2 * network.spec.step
    return round(seconds * float(network.spec.frame_rate)) // unit * unit


def long_sound(tokens: TokenSet, network: Foretells, frames: int) -> AudioTokens:
    """Return held-out recordings one after the other, cut to so many frames.

    Recordings are evenly taken, so that many speakers are among them.
    """
    track, levels, step = network.asked.track, network.asked.last, network.spec.step
    abouts = tokens.abouts
    held_out = sorted(tokens.of_split("valid"), key=lambda k: (abouts[k].speaker, abouts[k].name))
    every = max(1, int(tokens.frames[track][held_out].sum()) // frames)
    parts, left = [], frames
    for item in [each for first in range(every) for each in held_out[first::every]]:
        here = min(left, int(tokens.frames[track][item])) // step * step
        parts.append(tokens.cut(item, track, 0, here).first(levels))
        left -= here
        if not left:
            return joined(parts)
    raise SystemExit(f"{tokens.folder} holds out {frames - left} frames; {frames} are needed")


def curve(network: Any, context: str, sound: AudioTokens, window: int) -> np.ndarray:
    """Return bits a frame `[windows, 2]` of both halves of windows at each place."""
    starts = range(0, sound.frames, window)
    turned = [joined([sound[k:], sound[:k]]) if k else sound for k in starts]
    places = len(network.score(sound[:window], begins=False)) - 1
    bits = bits_by_frame(network, turned, cache_options(context, places))
    found: np.ndarray = bits.reshape(len(turned), len(starts), 2, -1).mean((0, 3))
    return found


def cache_options(context: str, places: int) -> dict[str, int]:
    """Return the options of a cache; places: positions of a window."""
    if context == "full":
        return {}
    sinks = SINKS if "sinks" in context else 0
    return {"window": places - sinks, "sinks": sinks}


def bits_by_frame(network: Any, turned: list[AudioTokens], options: dict[str, int]) -> np.ndarray:
    """Return the bits `[streams, frames]` of all codes of each frame, all before them known."""
    scores = [network.score(tokens, begins=False) for tokens in turned]
    ids = torch.from_numpy(np.stack([score.ids for score in scores]))
    asked = is_code(network, scores[0])
    levels = np.where(asked, scores[0].levels, GIVEN)
    bits, places = np.zeros((len(turned), *levels.shape)), ids.shape[1] - 1
    config = replace(network.trunk.config, context=max(places, network.trunk.config.context))
    cache = Cache(config, len(turned), **options)
    with plain_settings(), torch.inference_mode():
        for first in range(0, places, BLOCK):
            last = min(places, first + BLOCK)
            hidden = network.trunk.step(network.embed(ids[:, first:last]), cache)
            known = ids[:, first + 1 : last + 1]
            told = nats(network, hidden, known, levels[first + 1 : last + 1])
            bits[:, first + 1 : last + 1] = told / np.log(2)
    return by_frame(bits, levels, turned[0])


def nats(network: Any, hidden: Tensor, known: Tensor, levels: np.ndarray) -> np.ndarray:
    """Return the nats `[streams, time, rows]` of codes, by what comes before; 0 elsewhere."""
    streams, time, rows = known.shape
    flat = known.flatten(0, 1)
    found = np.zeros((streams * time, rows))
    each = np.tile(levels, (streams, 1))

    def draw(row: int, logits: Tensor) -> Tensor:
        for level in np.unique(each[:, row][each[:, row] != GIVEN]).tolist():
            some, codes = np.flatnonzero(each[:, row] == level), network.ids_of(level)
            told = logits[some][:, codes].float().log_softmax(-1)
            right = flat[some, row] - codes.start
            found[some, row] = -told[torch.arange(len(some)), right].numpy()
        return flat[:, row].where(torch.from_numpy(each[:, row] != GIVEN), NOTHING)

    scratch = network.make_scratch(len(flat), hidden.dtype, hidden.device)
    network.predict(hidden.flatten(0, 1), draw, scratch)
    return found.reshape(streams, time, rows)


def by_frame(bits: np.ndarray, levels: np.ndarray, tokens: AudioTokens) -> np.ndarray:
    """Return bits of each place as those of each frame: codes of a level come in order of time."""
    found = np.zeros((len(bits), tokens.frames))
    for level, kind in enumerate(tokens.spec.levels[: tokens.levels]):
        steps, rows = np.nonzero(levels == level)
        found[:, :: kind.stride] += bits[:, steps, rows]
    return found


def rise(found: np.ndarray) -> float:
    """Return by how much the second half of the worst later window exceeds that of the first."""
    return float(found[1:, 1].max() / found[0, 1] - 1)


def table(name: str, found: dict[str, np.ndarray], seconds: float) -> Iterator[str]:
    """Yield the lines of a model's table: bits a frame by place."""
    yield f"{Path(name).name}\n"
    yield heading(["s", *found])
    for place in range(len(found["full"])):
        span = f"{place * seconds:g} to {(place + 1) * seconds:g}"
        yield row([span, *(f"{each[place].mean():.2f}" for each in found.values())])
    yield row(["most above the first", *(f"{rise(each):+.1%}" for each in found.values())])
    flat = "flat" if rise(found["ring + sinks"]) <= BAR else "not flat"
    yield f"\nBar: sinks within {BAR:.0%}; {flat}."


def draw(curves: dict[str, dict[str, np.ndarray]], seconds: float, path: Path) -> None:
    """Write a panel for each model as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1 + 3.6 * len(curves), 3.6), dpi=160, layout="constrained")
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    for axes, (name, found) in zip(panels, curves.items(), strict=True):
        for (context, bits), colour in zip(found.items(), ("#4477aa", "#ee6677", "#228833"),
                                           strict=True):  # fmt: skip
            at = (np.arange(bits.size) + 0.5) * seconds / 2
            axes.plot(at, bits.ravel(), color=colour, label=context)
        axes.axvline(seconds, color="#999999", linewidth=1)
        axes.set_title(Path(name).name, loc="left", fontsize=10)
        axes.set_xlabel("s; the line is what was trained")
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("bits of a held-out frame")
    panels[0].legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


if __name__ == "__main__":
    main()
