"""Small models of frames, in every layout of several rows, and tokens for them."""

from __future__ import annotations

import numpy as np
import torch

from vocable.language.cache import Cache
from vocable.language.config import TransformerConfig
from vocable.language.frames import Frames, FramesConfig
from vocable.language.lessons import GIVEN, Lesson
from vocable.language.places import PlacedHead, PlacesConfig
from vocable.tokens import AudioTokens, Level, TokenSpec

SPEC = TokenSpec("toy@1:0a", 16_000, 640, 1, (Level(8), Level(6), Level(12)), (1, 2, 3))
PLACED = ("placed delay", "placed depth")  # models that know where codes lie
LAYOUTS = ("parallel", "delay", "coarse_first", "grouped", "depth", "acoustic_delay", *PLACED)
CASES = [
    *((layout, 1) for layout in LAYOUTS),
    *((layout, 2) for layout in ("delay", "coarse_first", "acoustic_delay", PLACED[0])),
]  # layouts, and streams
DEEP = ("depth", "acoustic_delay", PLACED[1])
TRUNK = TransformerConfig(width=16, layers=2, heads=2, hidden=24, context=80)
DEPTH = TransformerConfig(width=12, layers=1, heads=2, hidden=16, context=6)


def config(layout: str, levels: int = 3, streams: int = 1) -> FramesConfig:
    deep = DEPTH if layout in DEEP else None
    places = PlacesConfig((2, 3, 4)[:levels], learned=5) if layout in PLACED else None
    layout = layout.removeprefix("placed ")
    return FramesConfig(
        TRUNK, SPEC.to_dict(), levels, layout, depth=deep, streams=streams, places=places
    )


def network(layout: str, streams: int = 1) -> Frames:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = Frames(config(layout, streams=streams)).eval().requires_grad_(False)
        for head in made.heads:  # heads that have decided
            placed = isinstance(head, PlacedHead)
            (head.into if placed else head).weight.mul_(24 if placed else 8)
        if layout in PLACED:
            made.place({"acoustic": [torch.randn(8, 2), torch.randn(6, 3), torch.randn(12, 4)]})
    return made


def some_tokens(frames: int, seed: int = 0, streams: int = 1) -> AudioTokens:
    random = np.random.default_rng(seed)
    shape = (streams, frames)
    return AudioTokens(SPEC, [random.integers(0, level.size, shape) for level in SPEC.levels])


def stepped(made: Frames, lesson: Lesson) -> dict[tuple[int, int], torch.Tensor]:
    """Return the logits of each place that is asked for, step by step, all before it known."""
    cache, found = Cache(made.trunk.config, 1), {}
    scratch = made.make_scratch(1, torch.float32, torch.device("cpu"))
    for step in range(1, len(lesson)):
        rows = torch.from_numpy(lesson.ids[step - 1])[None, None]
        hidden = made.trunk.step(made.embed(rows), cache)[:, 0]

        def forced(row: int, logits: torch.Tensor, step: int = step) -> torch.Tensor:
            if lesson.levels[step, row] != GIVEN:
                found[step, row] = logits[0]
            return torch.tensor([int(lesson.ids[step, row])])

        made.predict(hidden, forced, scratch)
    return found
