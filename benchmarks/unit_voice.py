"""Say the units of held-out recordings, and ask what is still understood.

    python -m benchmarks.unit_voice unit-voice-16k --manifest MANIFEST [--clips 40] [--seeds 3]

MANIFEST: held-out recordings of the voices that the model was trained on, with true texts. Each is
heard by a recogniser as it is, after the round trip of `speech-16k`, and as the model says its
units: for as long as they lasted, and for as long as the model expects. A model that draws what it
says takes the voice from another recording of the speaker, and says all by several seeds; a
network of named speakers says all once, as the speaker. Word errors with 95 % intervals over
recordings; likeness to the recording; `texts of others` is the floor. Bar: units with true
durations at most 2.5 times the round trip's errors.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import vocable
from benchmarks.machine import describe
from benchmarks.speaking import Judge, Judged, line, recogniser, shuffled
from benchmarks.tables import heading, progress
from vocable.audio import Audio, Voice
from vocable.audio.manifest import Clip, read_manifest
from vocable.language.say import UnitSayer
from vocable.load import load_codec, load_vocoder
from vocable.unit_vocoder import UnitVocoder


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a vocoder of units: a name, or the folder of a run")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--split", default="valid")
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--language", default="en")
    parser.add_argument("--recogniser")
    parser.add_argument("--embedding", help="resemblyzer: judge the voice too")
    options = parser.parse_args()
    torch.set_num_threads(1)
    vocoder, codec = load_vocoder(options.model), load_codec("speech-16k")
    units = vocable.load(vocoder.spec.space.partition(":")[0])
    drawn = [{"seed": k} for k in range(options.seeds)] if isinstance(vocoder, UnitSayer) else [{}]
    clips = [each for each in read_manifest(options.manifest) if each.text]
    clips = [each for each in clips if each.split == options.split][: options.clips]
    judge = Judge(recogniser(options.recogniser, options.language), options.embedding)
    ways = ("recordings", "round trip", "units, true durations", "units, predicted durations")
    found: dict[str, list[Judged]] = {way: [] for way in ways}
    took = said = 0.0
    for number, clip in enumerate(clips):
        progress(f"{number + 1} of {len(clips)} recordings")
        audio = clip.read().mono()
        tokens, voice = units.encode(audio), voice_of(vocoder, clips, clip)
        found["recordings"].append(judge(clip.text, audio))
        found["round trip"].append(judge(clip.text, codec.decode(codec.encode(audio))))
        for chance in drawn:
            for way, predict in zip(ways[2:], (False, True), strict=True):
                began = time.perf_counter()
                made = vocoder.decode(tokens, speaker=voice, predict=predict, **chance)
                took, said = took + time.perf_counter() - began, said + made.seconds
                found[way].append(judge(clip.text, made))
    found["texts of others"] = shuffled(found[ways[2]][:: len(drawn)])
    print(heading(["what", "items", "words", "word error", "likeness to the recordings"]))
    for way, judged in found.items():
        print(line(way, judged, found["recordings"]))
    errors = [rate(found[way]) for way in ways[1:3]]
    print(f"\nTrue durations: {errors[1] / errors[0]:.2f} times the round trip's errors (bar 2.5).")
    print(f"{said / took:.1f} × real time; {describe('torch', threads=1)}")


def voice_of(vocoder: UnitVocoder, clips: list[Clip], clip: Clip) -> Any:
    """Return who is to say a clip: its speaker, heard in another recording, or by name."""
    if isinstance(vocoder, UnitSayer):
        return vocoder.hear(Voice(of_the_same(clips, clip)))
    return clip.speaker


def of_the_same(clips: list[Clip], clip: Clip) -> Audio:
    """Return another recording of the speaker, the same where there is none."""
    others = [each for each in clips if each.speaker == clip.speaker and each is not clip]
    return (others or [clip])[0].read().mono()


def rate(judged: list[Judged]) -> float:
    """Return the word error of all."""
    return float(np.sum([each.edits.errors for each in judged])) / sum(
        each.edits.length for each in judged
    )


if __name__ == "__main__":
    main()
