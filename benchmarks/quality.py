"""Score a codec at each prefix of its levels beside Codec2 and Opus, on the same clips.

    python -m benchmarks.quality --data FOLDER [--data FOLDER] [--codec NAME_OR_FOLDER] [--clips N]

A FOLDER holds a manifest.jsonl and the recordings it names. Prints two Markdown tables: the systems
(mean, ± standard error over clips), and the gain of each added level (paired differences with a
95 % bootstrap interval over speakers), by `benchmarks.scores.MEASURES`. A clip that a measure is
not defined for is left out of its mean, with the reason on stderr; n counts those that are left.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks import peers
from benchmarks.clips import Clip, read_manifest
from benchmarks.machine import describe
from benchmarks.scores import MEASURES, Score, levels_table, systems_table
from benchmarks.tables import progress
from vocable.audio import Audio
from vocable.measures import score_recordings

RATE = 16000
PEERS = {
    "Codec2 1300": peers.Codec2("1300"),
    "Codec2 3200": peers.Codec2("3200"),
    "Opus 6 kbit/s": peers.Opus(6),
}


@dataclass
class Result:
    """All scores of one clip, and the energies of the codec's latent and residuals."""

    scores: list[Score] = field(default_factory=list)
    energies: list[float] = field(default_factory=list)  # latent, residual after each prefix
    refusals: list[str] = field(default_factory=list)


def main() -> None:
    """Parse, score every clip in processes of one thread each, print."""
    options = parse()
    clips = [clip for folder in options.data for clip in read_manifest(folder)]
    clips = (
        clips[:: max(1, len(clips) // options.clips)][: options.clips] if options.clips else clips
    )
    codec = None if options.codec == "none" else options.codec
    results = list(score_clips(clips, codec, options.peers, options.jobs))
    for line in (line for result in results for line in result.refusals):
        print(line, file=sys.stderr)
    scores = [score for result in results for score in result.scores]
    energies = np.sum([r.energies for r in results], axis=0) if codec else np.zeros(0)
    report = [*systems_table(scores, energies), ""]
    report += [*levels_table(scores), ""] if codec else []
    report += [f"{len(clips)} clips; {describe('pesq', 'pystoi', 'soxr')}"]
    print("\n".join(report))
    if options.json:
        content = {"about": report[-1], "scores": [asdict(score) for score in scores]}
        options.json.write_text(json.dumps(content, indent=1))


def parse() -> argparse.Namespace:
    """Return the options; refuse peers whose commands are not installed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="FOLDER")
    parser.add_argument("--codec", default="speech-16k", help='name or folder; "none": peers only')
    parser.add_argument("--clips", type=int, help="a quick look at so many clips, evenly spaced")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--json", type=Path, help="write every single score here")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    options = parser.parse_args()
    if options.peers and peers.missing():
        missing = ", ".join(peers.missing())
        parser.error(f"no {missing}: apt-get install codec2 opus-tools, or pass --no-peers")
    return options


def score_clips(
    clips: list[Clip], codec: str | None, with_peers: bool, jobs: int
) -> Iterator[Result]:
    """Yield the result of each clip in order; progress goes to stderr."""
    work = partial(score_clip, codec=codec, with_peers=with_peers)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for done, result in enumerate(pool.map(work, clips), start=1):
            progress(f"{done} of {len(clips)} clips")
            yield result
    progress("")


def score_clip(clip: Clip, codec: str | None, with_peers: bool) -> Result:
    """Run every system on one clip."""
    x = clip.read(RATE).astype(np.float64)
    hiss = np.random.default_rng(0).standard_normal(x.size) * np.sqrt(np.mean(x**2))
    outputs: list[tuple[str, np.ndarray, float]] = [
        ("the clip itself", x, RATE * 16.0),
        ("clip + white noise, 0 dB", x + hiss, RATE * 16.0),
    ]
    if with_peers:
        outputs += [(name, *peer(x)) for name, peer in PEERS.items()]
    result = Result()
    if codec:
        decoded, result.energies = run_codec(codec, x)
        outputs += decoded
    for system, y, rate in outputs:
        found = score_recordings(MEASURES, Audio(x, RATE), Audio(y, RATE), RATE)
        values = {name: found.scores.get(name) for name in MEASURES}
        result.scores.append(Score(system, clip.name, clip.speaker, rate, values))
        result.refusals += [f"{clip.name}, {system}: {why}" for why in found.unscored.values()]
    return result


def run_codec(name: str, x: np.ndarray) -> tuple[list[tuple[str, np.ndarray, float]], list[float]]:
    """Return name, samples and bit/s of each prefix, and the energies left after each level."""
    codec = load_codec(name)
    tokens = codec.encode(x.astype(np.float32), rate=RATE)
    prefixes = [tokens.first(n) for n in codec.spec.prefixes]
    decoded = [codec.decode(part).samples[0].astype(np.float64) for part in prefixes]
    systems = [f"{codec.name}, {n} levels" for n in codec.spec.prefixes]
    rates = [float(part.bitrate) for part in prefixes]
    return list(zip(systems, decoded, rates, strict=True)), residual_energies(codec, x)


def residual_energies(codec, x: np.ndarray) -> list[float]:
    """Return the latent's energy, and what is left of it after each prefix of the levels."""
    import torch

    model = codec.model
    samples = Audio(x, RATE).resample(codec.rate).samples
    sound = torch.tensor(samples).repeat(codec.channels, 1)[None]
    with torch.inference_mode():
        left = model(sound).health.energy.double().tolist()
    return [left[0], *(left[n] for n in codec.spec.prefixes)]


@cache
def load_codec(name: str):
    """Return the codec, loaded once in each process, on one thread."""
    import torch

    import vocable

    torch.set_num_threads(1)
    return vocable.load(name)


if __name__ == "__main__":
    main()
