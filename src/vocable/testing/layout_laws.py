"""Check law 5 of layouts that are written step by step: what is legal, and what is left of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vocable.tokens import EMPTY, AudioTokens, Layout
from vocable.tokens.layouts import JointLayout


def check_layout_is_legal(layout: Layout, tokens: AudioTokens) -> None:
    """Check that what the layout writes is what it calls legal, and what its loss counts.

    With the frames known exactly the tokens are legal, step by step as well as at once; while the
    length is open they are too, as far as a sequence goes whose length is open, and the end may
    stand after whole cycles.
    """
    spec, levels, frames = tokens.spec, tokens.levels, tokens.frames
    level = layout.positions(spec, frames, levels).level
    wanted = level[:, :, None] == np.arange(levels)
    steps = range(level.shape[1])
    known = layout.legal(spec, steps, levels, frames=frames)
    _same(layout, "legal with the frames known", wanted, known.kinds)
    _same(layout, "counted by the loss", level != EMPTY, layout.counted(spec, frames, levels))
    still_open = layout.legal(spec, steps, levels)
    opened = still_open.kinds.any(axis=(0, 1))  # kinds that stand before the length is known
    _same(layout, "legal with the length open", wanted & opened, wanted & still_open.kinds)
    for step in steps:
        alone = layout.legal(spec, range(step, step + 1), levels)
        _same(layout, f"legal at step {step} alone", still_open.kinds[:, step], alone.kinds[:, 0])
    ends = np.flatnonzero(still_open.end.any(axis=0))
    if len(ends) < frames // spec.step:
        raise AssertionError(
            f"layout {layout.name}: the end may stand at steps {ends.tolist()} of {len(steps)}, "
            f"which are fewer than the {frames // spec.step} cycles"
        )


def check_layout_recovers(layout: Layout, tokens: AudioTokens, steps: int) -> None:
    """Check that the first steps of a sequence give the first frames, and that losses are counted.

    Kept and lost frames are together those that were begun; kept and dropped tokens those there.
    """
    spec, levels = tokens.spec, tokens.levels
    item = {side.name: tokens.sides[side.name] for side in spec.item_sides}
    grid = layout.arrange(tokens)[:, :, :steps]
    found = layout.recover(grid, spec, levels, frames=tokens.frames, sides=item)
    kept = found.tokens.frames
    for k, (codes, first) in enumerate(zip(tokens.stacks, found.tokens.stacks, strict=True)):
        if (codes[:, : first.shape[1]] != first).any():
            raise AssertionError(
                f"layout {layout.name}: level {k} of {kept} frames out of {steps} steps is not the "
                "beginning of the tokens"
            )
    if steps >= layout.steps(spec, tokens.frames, levels) and found.lost:
        raise AssertionError(f"layout {layout.name}: {found} of a whole sequence")
    if kept + found.lost != tokens.frames:
        raise AssertionError(f"layout {layout.name}: {found}; there were {tokens.frames} frames")
    read = sum(codes.shape[1] for codes in found.tokens.stacks) + found.dropped
    if read != (there := int((grid[0] != EMPTY).sum())):
        raise AssertionError(f"layout {layout.name}: {found}; {there} tokens were there")


def check_joint_no_loss(layout: JointLayout, parts: Mapping[str, Any]) -> None:
    """Check law 5 for parts of several kinds: they come back whole, and so does what is predicted.

    Reading them as if they were damaged loses nothing, and what the model is to predict is what
    stands there, or a mark in its place.
    """
    joint, name = layout.arrange(parts), type(layout).__name__
    audio = {part: each for part, each in parts.items() if isinstance(each, AudioTokens)}
    specs = {part: each.spec for part, each in audio.items()}
    sources = {part: each.source for part, each in audio.items() if each.source}
    for part, wanted in parts.items():
        if not _equal(got := layout.restore(joint, specs, sources=sources)[part], wanted):
            raise AssertionError(f"{name}: part {part} is {got!r} after a round trip")
    read = layout.recover(joint, specs)
    if any(read.lost.values()) or read.dropped:
        raise AssertionError(f"{name}: {read.lost} lost, {read.dropped} dropped of whole parts")
    marks = [k for k, kind in enumerate(joint.kinds) if kind.partition(".")[0] not in parts]
    targets = layout.targets(joint)
    stands = (targets.kind == joint.kind) & (targets.token == joint.token)
    wrong = ~stands & (targets.kind != EMPTY) & ~np.isin(targets.kind, marks)
    if wrong.any():
        row, step = (int(n) for n in np.argwhere(wrong)[0])
        raise AssertionError(f"{name}: what is predicted at row {row}, step {step} is not there")


def _equal(got: Any, wanted: Any) -> bool:
    return got == wanted if isinstance(wanted, AudioTokens) else np.array_equal(got, wanted)


def _same(layout: Layout, what: str, wanted: np.ndarray, got: np.ndarray) -> None:
    if (wanted != got).any():
        row, step = (int(n) for n in np.argwhere(np.atleast_2d(wanted != got))[0][:2])
        raise AssertionError(
            f"layout {layout.name}: what is {what} is not what stands there, first at {row}, {step}"
        )
