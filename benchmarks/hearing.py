"""Say what becomes of words and of voices in codecs, the listener's own errors first.

    python -m benchmarks.hearing --data MANIFEST [--codec NAME_OR_FOLDER …]
        [--recogniser NAME_OR_FOLDER] [--embedding NAME]

Words need clips in the recogniser's language, with their text in the manifest for errors against
what was said; voices need several speakers with several clips each, whom the embedding has not been
trained on. Listeners are those of docs/evaluate.md; "" leaves one out.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

import vocable
from benchmarks.clips import read_manifest
from benchmarks.machine import describe
from benchmarks.results import shown
from benchmarks.tables import heading, row
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.evaluate import (
    ErrorRate,
    Interval,
    Recording,
    Refusal,
    Transcribed,
    Verification,
    Voices,
    transcribe,
    voices_kept,
    word_errors,
)
from vocable.measures import load_embedding, load_recogniser

RATE = 16000


def main() -> None:
    """Listen, print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="MANIFEST")
    parser.add_argument("--codec", nargs="+", default=["speech-16k"], metavar="NAME_OR_FOLDER")
    parser.add_argument("--recogniser", default="whisper-tiny.en")
    parser.add_argument("--embedding", default="resemblyzer")
    parser.add_argument("--clips", type=int, help="a quick look at so many, evenly spaced")
    options = parser.parse_args()
    torch.set_num_threads(1)
    clips = [clip for data in options.data for clip in read_manifest(data)]
    clips = (
        clips[:: max(1, len(clips) // options.clips)][: options.clips] if options.clips else clips
    )
    recordings = [
        Recording(clip.name, Audio(clip.read(RATE), RATE), clip.speaker, clip.text)
        for clip in clips
    ]
    systems = {name: system_of(vocable.load(name)) for name in options.codec}
    parts = []
    if options.recogniser:
        found = transcribe(load_recogniser(options.recogniser), systems, recordings)
        parts.append(words_table(options.recogniser, found))
    if options.embedding:
        kept = voices_kept(load_embedding(options.embedding), systems, recordings)
        parts.append(voices_table(options.embedding, kept))
    print("\n\n".join("\n".join(lines) for lines in parts))
    print(f"\n{len(clips)} clips; {describe(threads=1)}")


def system_of(codec: Codec) -> Callable[[Audio], Audio]:
    """Return what encodes and decodes."""
    return lambda audio: codec.decode(codec.encode(audio))


def words_table(recogniser: str, found: Mapping[str, Transcribed]) -> list[str]:
    """Return the word errors, in %."""
    head = ["system", "against what was said", "added", "against the recording's transcript"]
    lines = [f"## Words, % wrong ({recogniser})", "", heading([*head, "claim", "n", "refused"])]
    for number, (name, heard) in enumerate(found.items()):
        errors = word_errors(heard)
        if not number:
            lines.append(row(["the recordings", _rate(errors.own), "", "", "", "", ""]))
        cells = [_rate(errors.decoded), _percent(errors.added, signed=True)]
        cells += [_rate(errors.differential), errors.claim or "–", str(len(heard.recordings))]
        lines.append(row([name, *cells, _refused(errors.refusals)]))
    return lines


def voices_table(embedding: str, voices: Voices) -> list[str]:
    """Return similarities, and equal error rates in %."""
    lines = [f"## Voices ({embedding})", ""]
    lines.append(heading(["system", "similarity", "equal error rate, %", "trials", "refused"]))
    if voices.own:
        ends = f"{voices.own.same:.3f} of one speaker, {voices.own.different:.3f} of two"
        lines.append(row(["the recordings", ends, *_verified(voices.own), ""]))
    for name, kept in voices.systems.items():
        cells = [shown(kept.similarity), *_verified(kept.verification), _refused(kept.refusals)]
        lines.append(row([name, *cells]))
    return lines


def _verified(found: Verification | None) -> list[str]:
    return [_percent(found.interval), str(found.trials)] if found else ["–", "0"]


def _rate(found: ErrorRate | None) -> str:
    return _percent(found.interval) if found else "–"


def _percent(found: Interval | None, signed: bool = False) -> str:
    hundred = found and Interval(*(100 * np.array([found.mean, found.low, found.high])).tolist())
    return shown(hundred, 1, signed)


def _refused(refusals: tuple[Refusal, ...]) -> str:
    return str(len(refusals)) + (f" ({refusals[0]})" if refusals else "")


if __name__ == "__main__":
    main()
