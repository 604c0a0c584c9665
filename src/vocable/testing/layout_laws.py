"""Check law 5 of layouts that are written step by step: what is legal, and what is left of it."""

from __future__ import annotations

import numpy as np

from vocable.tokens import EMPTY, AudioTokens, Layout


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


def _same(layout: Layout, what: str, wanted: np.ndarray, got: np.ndarray) -> None:
    if (wanted != got).any():
        row, step = (int(n) for n in np.argwhere(np.atleast_2d(wanted != got))[0][:2])
        raise AssertionError(
            f"layout {layout.name}: what is {what} is not what stands there, first at {row}, {step}"
        )
