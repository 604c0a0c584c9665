"""Score what is heard of a stream that loses chunks: filled, repeated, or silent in their place.

    python -m benchmarks.concealment --data FOLDER [--codec NAME_OR_FOLDER] [--clips N]

A FOLDER holds a manifest.jsonl and the recordings it names, of which the first 6 s are taken. Each
frame is a chunk and is lost with the same chance, by itself; the same frames for all ways:

filled      what `vocable stream decode --conceal` does: the last tokens again, fading out in 0.2 s
repeated    the last tokens again, as loud as before
silent      zeros in the place of what is lost
"""

import argparse
from pathlib import Path

import numpy as np
import torch

import vocable
from benchmarks.clips import read_manifest
from benchmarks.machine import describe
from benchmarks.tables import heading, progress, row
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.live import LiveDecoder
from vocable.measures import score_recordings
from vocable.tokens import AudioTokens, Track

MEASURES = ("pesq_wb", "stoi")
SHARES = (0.01, 0.03, 0.05, 0.10)
WAYS = ("filled", "repeated", "silent")
SECONDS = 6


def main() -> None:
    """Print a Markdown table, one row for each share of lost frames."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="FOLDER")
    parser.add_argument("--codec", default="speech-16k", help="name or folder")
    parser.add_argument("--clips", type=int, default=20, help="so many, evenly spaced")
    options = parser.parse_args()
    torch.set_num_threads(1)
    codec = vocable.load(options.codec)
    clips = [clip for folder in options.data for clip in read_manifest(folder)]
    clips = clips[:: max(1, len(clips) // options.clips)][: options.clips]
    found: dict[tuple[float, str], list[list[float]]] = {}
    for number, clip in enumerate(clips):
        progress(f"{number} of {len(clips)} clips")
        x = clip.read(codec.spec.rate)[: SECONDS * codec.spec.rate]
        for key, scores in score_clip(codec, x, seed=number).items():
            found.setdefault(key, []).append(scores)
    progress("")
    print(heading(["lost", *(f"{m}, {way}" for m in MEASURES for way in WAYS)]))
    for share in (0.0, *SHARES):
        means = {way: np.nanmean(found[share, way], axis=0) for way in WAYS}
        cells = [f"{means[way][k]:.3f}" for k in range(len(MEASURES)) for way in WAYS]
        print(row([f"{100 * share:g} %", *cells]))
    print(f"\n{len(clips)} clips; {describe('pesq', 'pystoi')}")


def score_clip(codec: Codec, x: np.ndarray, seed: int) -> dict[tuple[float, str], list[float]]:
    """Return the scores of a clip for every share of lost frames and every way."""
    reference = Audio(x, codec.spec.rate)
    tokens = codec.encode(reference)
    chances = np.random.default_rng(seed).random(tokens.frames)
    whole = scored(reference, decode(codec, tokens, chances < 0, WAYS[0]))
    found = {(0.0, way): whole for way in WAYS}
    for share in SHARES:
        for way in WAYS:
            y = decode(codec, tokens, chances < share, way)
            found[share, way] = scored(reference, y)
    return found


def decode(codec: Codec, tokens: AudioTokens, lost: np.ndarray, way: str) -> np.ndarray:
    """Return what is heard, `[1, samples]`."""
    decoder = LiveDecoder(codec, Track.of(tokens))
    last, blocks = tokens[:0], []
    for at, is_lost in enumerate(lost):
        frame = tokens[at : at + 1]
        if not is_lost:
            last = frame
            blocks.append(decoder.push(frame, tokens.source))
        elif way == "repeated" and last.frames:
            blocks.append(decoder.push(last, tokens.source))
        else:
            blocks.append(decoder.conceal(1, tokens.source) * (way != "silent"))
    return np.concatenate([*blocks, decoder.finish(tokens.source)], axis=1)


def scored(reference: Audio, y: np.ndarray) -> list[float]:
    """Return one value for each measure, NaN where it is not defined."""
    heard = Audio(np.asarray(y, np.float32), reference.rate)
    scores = score_recordings(MEASURES, reference, heard, reference.rate).scores
    return [scores.get(name, np.nan) for name in MEASURES]


if __name__ == "__main__":
    main()
