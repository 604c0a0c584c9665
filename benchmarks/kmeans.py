"""Time our k-means beside scikit-learn's, in turns, on one thread, with what each comes to.

    python -m benchmarks.kmeans [--frames 200000] [--size 500] [--channels 768] [--turns 1]

The frames are made up to be like those of a speech encoder: sixty kinds that blend into one
another, speakers, and a random net from 48 dimensions to all channels. Medians of CPU time;
"inertia" is the mean squared distance of a frame to its centre, over that of ours.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import conv1d, gelu

from benchmarks.machine import describe
from benchmarks.tables import heading, row
from vocable.quantize.learn.clustering import cluster
from vocable.quantize.learn.lloyd import lloyd

HIDDEN, KINDS, SPEAKER = 48, 60, 1500  # dimensions; kinds of frames; frames of one speaker
HUBERT = {  # the settings of HuBERT's script
    "n_init": 20,
    "batch_size": 10_000,
    "max_iter": 100,
    "tol": 0.0,
    "max_no_improvement": 100,
    "reassignment_ratio": 0.0,
    "compute_labels": False,
}
HEAD = ["k-means", "s", "time / ours", "inertia / ours"]
Fit = Callable[[Tensor, int, int], Tensor]


def frames_like_speech(count: int, channels: int, seed: int = 0) -> Tensor:
    """Return `[count, channels]`, one frame after the other in time."""
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    places = torch.arange(count)
    begins = torch.rand(count, generator=generator) > 0.88
    begins[0] = True
    kinds = torch.randint(KINDS, (count,), generator=generator)
    last = torch.where(begins, places, 0).cummax(0).values
    hidden = _smooth(1.5 * drawn(KINDS, HIDDEN)[kinds[last]]) + 1.5 * _smooth(drawn(count, HIDDEN))
    hidden += 0.6 * drawn(count // SPEAKER + 1, HIDDEN)[places // SPEAKER]
    first, second = drawn(HIDDEN, 256) / HIDDEN**0.5, drawn(256, channels) / 16
    scale = torch.exp(0.5 * drawn(channels))
    parts = [gelu(1.5 * part @ first) @ second for part in hidden.split(20_000)]
    return torch.cat([(part + 0.15 * drawn(*part.shape)) * scale for part in parts])


def _smooth(x: Tensor) -> Tensor:
    window = torch.hann_window(9, periodic=False)[1:-1]
    return conv1d(x.T[:, None], (window / window.sum())[None, None], padding=3)[:, 0].T


def ours(**options: int) -> Fit:
    """Our k-means."""
    return lambda x, size, seed: cluster(x, size, seed=seed, **options).centres


def peer(kind: str, **options: object) -> Fit:
    """A class of scikit-learn's."""
    import sklearn.cluster

    make = getattr(sklearn.cluster, kind)

    def fit(x: Tensor, size: int, seed: int) -> Tensor:
        made = make(size, random_state=seed, **options).fit(x.numpy())
        return torch.from_numpy(made.cluster_centers_).float()

    return fit


FORMS: dict[str, Fit] = {
    "ours": ours(),
    "ours, one draw, one epoch, no iterations": ours(restarts=1, iterations=0),
    "MiniBatchKMeans, its defaults": peer("MiniBatchKMeans", n_init=1),
    "KMeans, 20 iterations": peer("KMeans", n_init=1, max_iter=20),
    "MiniBatchKMeans, as HuBERT's script sets it": peer("MiniBatchKMeans", **HUBERT),
}


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("frames", 200_000), ("size", 500), ("channels", 768), ("turns", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    torch.set_num_threads(1)
    x = frames_like_speech(options.frames, options.channels)
    times, inertias = defaultdict(list), defaultdict(list)
    for turn in range(options.turns):
        for name, form in FORMS.items():
            before = time.process_time()
            centres = form(x, options.size, turn)
            times[name].append(time.process_time() - before)
            inertias[name].append(lloyd(x, centres, 0).inertia)
    print(heading(HEAD))
    middle = {name: statistics.median(found) for name, found in times.items()}
    reached = {name: statistics.median(found) for name, found in inertias.items()}
    for name in FORMS:
        ratios = f"{middle[name] / middle['ours']:.2f}", f"{reached[name] / reached['ours']:.4f}"
        print(row([name, f"{middle[name]:.1f}", *ratios]))
    what = f"{options.frames} frames, {options.channels} channels, {options.size} centres"
    print(f"\n{what}, {options.turns} turns; {describe('scikit-learn', threads=1)}")


if __name__ == "__main__":
    main()
