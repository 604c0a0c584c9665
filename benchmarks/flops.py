"""Count the floating-point operations that a codec spends on a second of audio.

    python -m benchmarks.flops [--codec NAME_OR_FOLDER]

Counted as torch does it: 2 for each multiply-add of convolutions and matrix products, the search of
the quantizer included. Fourier transforms and elementwise work are not counted.
"""

import argparse

import torch
from torch.utils.flop_counter import FlopCounterMode

import vocable
from benchmarks.machine import describe
from benchmarks.tables import heading, row
from vocable.codecs import Codec

SECONDS = 10


def main() -> None:
    """Print a Markdown table of both directions, split over the codec's parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codec", default="speech-16k", help="name or folder")
    codec = vocable.load(parser.parse_args().codec)
    head = ["direction", "GFLOP per second of audio", "of it"]
    print(heading(head))
    for name, (total, parts) in zip(("encode", "decode"), count(codec), strict=True):
        shares = ", ".join(f"{part} {flops / 1e9:.3f}" for part, flops in parts.items())
        print(row([name, f"{total / 1e9:.3f}", shares]))
    print(f"\n{describe()}")


def count(
    codec: Codec,
) -> tuple[tuple[float, dict[str, float]], tuple[float, dict[str, float]]]:
    """Return FLOP per second of audio, in all and by part, of encoding and of decoding."""
    samples = torch.zeros(1, codec.spec.channels, SECONDS * codec.spec.rate)
    rows = samples.transpose(1, 2)
    with torch.no_grad():  # inference mode packs weights, and torch counts no such products
        encoder, z = _flops(codec.model.encoder, rows)
        search, codes = _flops(codec.model.quantizer.encode, z)
        lookup, latent = _flops(codec.model.quantizer.decode, codes)
        decoder, _ = _flops(codec.model.decoder, latent)
    return (
        (encoder + search, {"encoder": encoder, "search": search}),
        (lookup + decoder, {"lookup": lookup, "decoder": decoder}),
    )


def _flops(call, x: torch.Tensor) -> tuple[float, torch.Tensor]:
    with FlopCounterMode(display=False) as counter:
        y = call(x)
    return counter.get_total_flops() / SECONDS, y


if __name__ == "__main__":
    main()
