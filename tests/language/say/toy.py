"""A model of two contours and two residual levels that says phones at random, and a batch."""

import numpy as np
import torch

from vocable.language.say import Say, SayConfig, Utterances

CONFIG = SayConfig(
    sizes=(6, 5, 7, 9), widths=(8, 4, 20, 20), longest=20, channels=16, phone_blocks=1,
    frame_blocks=1, past_blocks=2, hop_channels=8, head_channels=12, learned=3, voice=6,
    voice_channels=8,
)  # fmt: skip


def toy(seed=0):
    """Return a model whose weights are large enough that all parts count."""
    torch.manual_seed(seed)
    model = Say(CONFIG)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.15 * torch.randn_like(weight))
    model.books.set([torch.randn(s, w) for s, w in zip(CONFIG.sizes, CONFIG.widths, strict=True)])
    return model.eval()


def symbols(count, seed=0):
    """Return rows of symbols `[count, 3]`."""
    random = np.random.default_rng(seed)
    return np.stack([random.integers(n, size=count) for n in (45, 4, 5)], 1).astype(np.uint8)


def codes(batch, frames, seed=0):
    """Return codes `[batch, frames, levels]`."""
    random = torch.Generator().manual_seed(seed)
    return torch.stack(
        [torch.randint(s, (batch, frames), generator=random) for s in CONFIG.sizes], -1
    )


def utterances(lengths=((5, 6), (3, 9)), seed=0):
    """Return a batch of items of so many symbols and frames."""
    batch, frames = len(lengths), max(frames for _, frames in lengths)
    rows = torch.zeros(batch, max(count for count, _ in lengths), 3, dtype=torch.int64)
    durations = torch.zeros(rows.shape[:2], dtype=torch.int64)
    for k, (count, own) in enumerate(lengths):
        rows[k, :count] = torch.from_numpy(symbols(count, seed + k).astype(np.int64))
        durations[k, :count] = 4 * own // count
        durations[k, count - 1] += 4 * own - int(durations[k].sum())
    return Utterances(
        rows,
        torch.tensor([count for count, _ in lengths]),
        durations,
        codes(batch, frames, seed),
        torch.tensor([own for _, own in lengths]),
        codes(batch, 4, seed + 9),
        torch.full((batch,), 4),
    )
