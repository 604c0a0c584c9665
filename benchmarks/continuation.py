"""Let a model go on with recordings, and ask whose voice it goes on in.

    python -m benchmarks.continuation audiolm-16k --manifest MANIFEST [--speakers 48]

The first seconds of a recording of each speaker are the prompt. In how many pairs is the voice of
what follows nearer to the own prompt than to another speaker's, by an embedding, with 95 %
intervals over speakers: what the model writes; what it writes of the prompt's semantic tokens
alone, whose voice nothing tells (chance, 50 %); and the recording's own next seconds after the
codec's round trip (the ceiling).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

import vocable
from benchmarks.machine import describe
from benchmarks.tables import heading, progress
from benchmarks.voices import line, mean_voice
from vocable.audio import Audio
from vocable.audio.manifest import read_manifest
from vocable.measures.speakers import load_embedding

PROMPT, FURTHER = 3.0, 4.0  # seconds


def main() -> None:
    """Print whose voice goes on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="AudioLM's stages")
    parser.add_argument("--manifest", type=Path, required=True, help="recordings of many speakers")
    parser.add_argument("--speakers", type=int, default=48)
    parser.add_argument("--embedding", default="resemblyzer")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, embed = vocable.load(options.model), load_embedding(options.embedding)
    recordings = one_of_each_speaker(options.manifest, options.speakers)
    prompts, goes_on, said, codec = [], [], [], []
    for number, audio in enumerate(recordings):
        progress(f"{number + 1} of {len(recordings)} speakers")
        shown = part(audio, 0.0, PROMPT)
        begin = model.hear(shown)
        alone = {model.part("semantic").track: begin[model.part("semantic").track]}
        prompts.append(mean_voice(embed, [shown]))
        goes_on.append(mean_voice(embed, [written(model, begin, number)]))
        said.append(mean_voice(embed, [written(model, alone, number)]))
        further = model.codec.encode(part(audio, PROMPT, PROMPT + FURTHER))
        codec.append(mean_voice(embed, [model.codec.decode(further)]))
    print(heading(["what follows the prompt", "speakers", "pairs", "own prompt is nearer"]))
    for name, found in (
        ("what the model writes", goes_on),
        ("the same of semantic tokens alone", said),
        ("the recording itself, after the codec", codec),
    ):
        print(line(name, np.stack(found), np.stack(prompts)))
    print(f"\n{describe('torch', threads=1)}")


def one_of_each_speaker(manifest: Path, most: int) -> list[Audio]:
    """Return a recording of each speaker, long enough for a prompt and what follows it."""
    found: dict[str, Audio] = {}
    for clip in read_manifest(manifest):
        if clip.speaker not in found and len(found) < most:
            audio = clip.read().mono()
            if audio.seconds >= PROMPT + FURTHER:
                found[clip.speaker] = audio
    return list(found.values())


def part(audio: Audio, first: float, last: float) -> Audio:
    """Return what lies between two moments."""
    begin, end = (round(moment * audio.rate) for moment in (first, last))
    return Audio(audio.samples[:, begin:end], audio.rate)


def written(model: Any, begin: Any, seed: int) -> Audio:
    """Return the sound of what a model writes behind its prompt, without that."""
    frames = list(model.generate(begin, seconds=FURTHER, seed=seed))
    audio: Audio = model.codec.decode(model.tokens(frames))
    return audio


if __name__ == "__main__":
    main()
