"""Time the residual search beside vector-quantize-pytorch and faiss, in turns, on one thread.

    python -m benchmarks.residual_search --frames 100000 [--turns 5]

pip install --no-deps vector-quantize-pytorch einops einx frozendict loguru torch-einops-utils
faiss-cpu. All search the same random normal codebooks; medians of CPU time. "Share" is of the
machine's matmul rate in the same turns. The first frames are searched in double precision too.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.machine import describe
from benchmarks.originals import PRODUCTS, SIDE, multiply, timed
from benchmarks.tables import heading, row
from vocable.quantize import ResidualVQ

SHAPES = [(8, 1024, 128), (32, 2048, 256)]  # levels, entries, dimensions
EXACT = 1000  # frames that are searched in double precision
HEAD = ["levels × entries × dimensions", "form", "s", "share of matmul", "time / ours"]
HEAD += [f"of {EXACT} frames, other codes than in double precision"]


def ours(entries: Tensor) -> Callable[[Tensor], Tensor]:
    """Our quantizer, frozen."""
    levels, size, dim = entries.shape
    quantizer = ResidualVQ(dim, (size,) * levels, update=None).eval()
    for level, own in zip(quantizer.stack, entries, strict=True):
        level.codebook.entries.copy_(own)
    return lambda x: quantizer.encode(x[None])[0].T


def vector_quantize_pytorch(entries: Tensor) -> Callable[[Tensor], Tensor]:
    """The package's quantizer."""
    from vector_quantize_pytorch import ResidualVQ as Peer

    levels, size, dim = entries.shape
    peer = Peer(dim=dim, codebook_size=size, num_quantizers=levels).eval()
    for layer, own in zip(peer.layers, entries, strict=True):
        layer._codebook.embed.copy_(own[None])
        layer._codebook.initted.fill_(True)
    return lambda x: peer(x[None])[1][0]


def faiss(entries: Tensor) -> Callable[[Tensor], Tensor]:
    """An exact index for each level."""
    from faiss import IndexFlatL2, omp_set_num_threads

    omp_set_num_threads(1)
    indices = [IndexFlatL2(entries.shape[2]) for _ in entries]
    for index, own in zip(indices, entries, strict=True):
        index.add(own.numpy())

    def search(x: Tensor) -> Tensor:
        residual, codes = x, []
        for index, own in zip(indices, entries, strict=True):
            codes.append(torch.from_numpy(index.search(residual.numpy(), 1)[1][:, 0]))
            residual = residual - own[codes[-1]]
        return torch.stack(codes, 1)

    return search


FORMS = {"ours": ours, "vector-quantize-pytorch": vector_quantize_pytorch, "faiss": faiss}


def exact(x: Tensor, entries: Tensor) -> Tensor:
    """Search in double precision."""
    residual, codes = x.double(), []
    for own in entries.double():
        codes.append(torch.cdist(residual[None], own[None])[0].argmin(1))
        residual = residual - own[codes[-1]]
    return torch.stack(codes, 1)


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, required=True)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(heading(HEAD))
    with torch.inference_mode():
        for shape in SHAPES:
            for cells in measure(*shape, options.frames, options.turns):
                print(row(cells), flush=True)
    packages = "vector-quantize-pytorch", "faiss-cpu"
    print(f"\n{options.frames} frames, {options.turns} turns; {describe(*packages, threads=1)}")


def measure(levels: int, size: int, dim: int, frames: int, turns: int) -> list[list[str]]:
    """Return a row for each form."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(frames, dim, generator=generator)
    scales = 0.8 ** torch.arange(levels)[:, None, None]
    entries = torch.randn(levels, size, dim, generator=generator) * scales
    searches = {name: form(entries) for name, form in FORMS.items()}
    wanted = exact(x[:EXACT], entries)
    differ = {
        name: int((search(x[:EXACT]) != wanted).any(1).sum()) for name, search in searches.items()
    }
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(turns):
        for name, search in searches.items():
            timed(time.process_time, times[name], lambda f=search: f(x))
        timed(time.process_time, times["matmul"], multiply)
    middle = {name: statistics.median(found) for name, found in times.items()}
    rate = PRODUCTS * 2 * SIDE**3 / middle["matmul"]
    work = 2 * frames * levels * size * dim
    return [
        [f"{levels} × {size} × {dim}", name, f"{middle[name]:.2f}"]
        + [f"{work / middle[name] / rate:.0%}", f"{middle[name] / middle['ours']:.2f}"]
        + [str(differ[name])]
        for name in FORMS
    ]


if __name__ == "__main__":
    main()
