"""Make what the docs let people hear and see: one clip by several codecs, and their spectrograms.

    python -m benchmarks.samples --clip FILE --out FOLDER [--seconds 0 6] [--kbps 1 2]
        [--codec speech-16k …]

Writes NAME.flac, the clip itself at the codecs' rate, NAME-CODEC-BITS.flac for each codec and each
bit rate (the highest that is not above it), and NAME.jpg with all of them one below the other.
"""

import argparse
from fractions import Fraction
from pathlib import Path

import matplotlib.pyplot as plt
import torch

import vocable
from benchmarks.machine import describe
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.signal.spectra import magnitude


def main() -> None:
    """Write the sounds, then the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seconds", type=float, nargs=2, default=(0.0, 6.0), help="from, to")
    parser.add_argument("--kbps", type=float, nargs="+", default=[1.0, 2.2])
    parser.add_argument("--codec", nargs="+", default=["speech-16k"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    codecs = [vocable.load(name) for name in options.codec]
    clip = cut(Audio.read(options.clip).mono().resample(codecs[0].rate), *options.seconds)
    name, shown = options.clip.stem, {"the recording": clip}
    options.out.mkdir(parents=True, exist_ok=True)
    clip.save(options.out / f"{name}.flac", overwrite=True)
    for kbps in options.kbps:
        for codec in codecs:
            again, bits = coded(codec, clip, kbps)
            label = codec.spec.space.partition(":")[0]
            shown[f"{label}, {bits / 1000:g} kbit/s"] = again
            file = f"{name}-{label.replace('@', '-')}-{bits}.flac"
            again.save(options.out / file, overwrite=True)
    draw(shown, options.out / f"{name}.jpg")
    print(f"{len(shown)} sounds of {name}; {describe()}")


def cut(audio: Audio, start: float, end: float) -> Audio:
    """Return the part between two times in seconds."""
    first, last = (round(time * audio.rate) for time in (start, end))
    return Audio(audio.samples[:, first:last], audio.rate)


def coded(codec: Codec, clip: Audio, kbps: float) -> tuple[Audio, int]:
    """Return the clip coded at no more than `kbps`, and how many bits/s that took."""
    rates = {n: codec.spec.bitrate(n) for n in codec.spec.prefixes}
    levels = max((n for n in rates if rates[n] <= Fraction(kbps) * 1000), default=min(rates))
    return codec.decode(codec.encode(clip, levels=levels)), round(rates[levels])


def draw(shown: dict[str, Audio], path: Path) -> None:
    """Draw a spectrogram of each sound, all on one scale of 60 dB, one below the other."""
    figure, axes = plt.subplots(
        len(shown), 1, figsize=(9, 1.6 * len(shown)), sharex=True, layout="constrained"
    )
    top = 0.0
    for axis, (title, sound) in zip(axes, shown.items(), strict=True):
        window = sound.rate // 32
        found = magnitude(torch.tensor(sound.samples), window, window // 4)[0]
        decibels = 20 * found.clamp(min=1e-6).log10()
        top = top or float(decibels.max())
        axis.imshow(
            decibels, origin="lower", aspect="auto", vmin=top - 60, vmax=top, cmap="gray_r",
            extent=(0, len(sound) / sound.rate, 0, sound.rate / 2000),
        )  # fmt: skip
        axis.set_title(title, loc="left", fontsize=10)
        axis.set_ylabel("kHz")
    axes[-1].set_xlabel("seconds")
    figure.savefig(path, dpi=100, pil_kwargs={"quality": 85})


if __name__ == "__main__":
    main()
