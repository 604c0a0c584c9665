"""Windows of a grid: who attends to whom, by hand, and what is refused."""

import pytest
import torch

from vocable.errors import ModelError
from vocable.nn import SwinBlock

BANDS, CHANNELS, WINDOW = 6, 4, 4


def block(shift: int) -> SwinBlock:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        made = SwinBlock(CHANNELS, 2, bands=BANDS, window=WINDOW, shift=shift, hidden=8)
        torch.nn.init.normal_(made.apart)
    return made.eval()


def by_hand(made: SwinBlock, grid: torch.Tensor) -> torch.Tensor:
    """Return what attention adds to `[rows, bands, channels]`: each window by itself."""
    rows, bands = grid.shape[:2]
    into = made.norm(grid)
    found = torch.empty_like(grid)
    # windows that a shift cuts begin before the grid; unmoved ones go on behind it, over zeros
    for top in range(made.shift - WINDOW if made.shift else 0, rows, WINDOW):
        for left in range(made.shift - WINDOW if made.shift else 0, bands, WINDOW):
            last_row, last_band = (-(-n // WINDOW) * WINDOW for n in (rows, bands))
            places = [
                (r, b)
                for r in range(max(top, 0), min(top + WINDOW, last_row))
                for b in range(max(left, 0), min(left + WINDOW, last_band))
            ]
            held = [(r < rows and b < bands) for r, b in places]
            pairs = zip(places, held, strict=True)
            x = torch.stack([into[p] if ok else torch.zeros(CHANNELS) for p, ok in pairs])
            for n, y in enumerate(made.out(mixed(made, x, places))):
                if held[n]:
                    found[places[n]] = y
    return found


def mixed(made, x, places):
    query, key, value = made.qkv(x).chunk(3, -1)
    heads = []
    for head in range(2):
        own = slice(2 * head, 2 * head + 2)
        scores = query[:, own] @ key[:, own].T / 2**0.5
        for i, (row, band) in enumerate(places):
            for j, (r, b) in enumerate(places):
                at = (band - b + WINDOW - 1) * (2 * WINDOW - 1) + row - r + WINDOW - 1
                scores[i, j] += made.apart[at, head]
        heads.append(scores.softmax(-1) @ value[:, own])
    return torch.cat(heads, -1)


@torch.no_grad()
@pytest.mark.parametrize("shift", [0, 2])
@pytest.mark.parametrize("rows", [1, 4, 10])
def test_windows_are_as_by_hand(shift, rows):
    made = block(shift)
    grid = torch.randn(2, rows, BANDS, CHANNELS, generator=torch.Generator().manual_seed(rows))
    got = made(grid.flatten(2))
    wanted = grid + torch.stack([by_hand(made, each) for each in grid])
    wanted = wanted + made.mlp(made.mlp_norm(wanted))
    torch.testing.assert_close(got, wanted.flatten(2), atol=1e-5, rtol=0)


def test_it_learns_distances_and_runs_whole_only():
    made = block(2)
    made(torch.randn(1, 8, BANDS * CHANNELS)).square().sum().backward()
    assert made.apart.grad is not None and made.apart.grad.abs().sum() > 0
    assert made.lookahead is None
    with pytest.raises(ModelError, match="pads its last windows, so it has no steps"):
        made.step(torch.zeros(1, 4, BANDS * CHANNELS), ())


@pytest.mark.parametrize(("heads", "shift"), [(3, 0), (0, 0), (2, 4), (2, -1)])
def test_windows_that_do_not_fit(heads, shift):
    with pytest.raises(ModelError, match="heads part the channels evenly, and windows move by"):
        SwinBlock(CHANNELS, heads, bands=BANDS, window=WINDOW, shift=shift, hidden=8)
