"""Time the search of residual levels along several paths beside the greedy one, in turns.

    python -m benchmarks.beam [--frames 2000] [--rounds 7]

Codebooks are k-means of what the levels before leave of random latents whose channels have falling
variances, so that levels depend on each other as trained ones do. Medians of CPU time in one
thread, and what remains of the latents' energy. vector-quantize-pytorch, where it is installed,
searches the same codebooks along as many paths.
"""

import argparse
import statistics
import time
from importlib.util import find_spec

import torch

from benchmarks.machine import describe
from benchmarks.tables import heading, row
from vocable.quantize import KMeans, ResidualVQ

SHAPES = [(8, 1024, 128, "EnCodec"), (8, 256, 32, "small")]  # levels, entries, channels
BEAMS = (1, 2, 4, 8)
PACKAGE = "vector_quantize_pytorch"


def latents(frames, dim, generator):
    return torch.randn(1, frames, dim, generator=generator) * 0.97 ** torch.arange(dim)


def learned(levels, size, dim, generator):
    """Return a quantizer that has learned of four latents an entry."""
    torch.manual_seed(0)
    quantizer = ResidualVQ(dim, (size,) * levels, initialise=KMeans(iterations=3))
    quantizer.start_learning(latents(4 * size, dim, generator)[0], per_step=1)
    return quantizer.eval()


def ours(quantizer, beam):
    def search(z):
        quantizer.beam = beam
        return quantizer.encode(z)

    return search


def package(quantizer, beam):
    """The same codebooks in vector-quantize-pytorch."""
    from vector_quantize_pytorch import ResidualVQ as Peer

    count = len(quantizer.levels)
    peer = Peer(
        dim=quantizer.dim, codebook_size=quantizer.levels[0], num_quantizers=count,
        beam_size=beam if beam > 1 else None,
    ).eval()  # fmt: skip
    for layer, level in zip(peer.layers, quantizer.stack, strict=True):
        layer._codebook.embed.copy_(level.codebook.entries[None])
        layer._codebook.initted.fill_(True)
    return lambda z: peer(z)[1].transpose(1, 2)


def remaining(quantizer, z, codes):
    """Return the share of the energy that codes leave, in dB."""
    left = (z - quantizer.decode(codes)).square().sum() / z.square().sum()
    return f"{10 * float(left.log10()):.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    head = ["levels × entries × channels", "form", "beam", "µs per frame", "× greedy"]
    print(heading([*head, "dB of the latents left"]))
    for levels, size, dim, what in SHAPES:
        quantizer = learned(levels, size, dim, generator)
        z = latents(options.frames, dim, generator)
        made = {("ours", beam): ours(quantizer, beam) for beam in BEAMS}
        if find_spec(PACKAGE) is not None:
            name = "vector-quantize-pytorch"
            made |= {(name, beam): package(quantizer, beam) for beam in (1, 4)}
        with torch.inference_mode():
            codes = {key: search(z) for key, search in made.items()}
            times = {key: [] for key in made}
            for _ in range(options.rounds):
                for key, search in made.items():
                    before = time.process_time()
                    search(z)
                    times[key].append(time.process_time() - before)
        found = {key: statistics.median(each) for key, each in times.items()}
        for (form, beam), seconds in found.items():
            shape = f"{levels} × {size} × {dim} ({what})"
            frame = f"{seconds / options.frames * 1e6:.1f}"
            ratio = f"{seconds / found[form, 1]:.2f}"
            left = remaining(quantizer, z, codes[form, beam])
            print(row([shape, form, str(beam), frame, ratio, left]), flush=True)
    packages = ("vector-quantize-pytorch",) if find_spec(PACKAGE) else ()
    print(f"\n{describe(*packages, threads=1)}")


if __name__ == "__main__":
    main()
