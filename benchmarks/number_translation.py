"""Translate numbers from English units into German ones; the speech is synthetic.

    python -m benchmarks.number_translation FOLDER [--pairs 5000] [--seeds 3] [--arms ARM …]
        [--set model.x=y …]

The speech is synthetic: espeak-ng says numbers below 10 000 in English, in eight voices and at
several speeds, and in German in one voice; `units-16k` makes units of both. The numbers of train,
valid and eval are different ones, of the same few words. Arms, each on the same pairs: `letters`,
the recipe `units-to-units`; `no letters`, without heads of letters; `raw`, the recipe on units as
they come, where equal neighbours are not joined.

No voice says what comes out. A recogniser by CTC (the recipe `asr`, on the German units of train)
writes it, and "exact" is a number that it writes word for word: unlike a search for the nearest
reference, it can say that something is no number, and it needs no reference for each. What it
makes of the German units of eval themselves is the ceiling; of those of another number, the floor.
BLEU (Papineni et al. 2002) is of the corpus, over words, up to four in a row. Intervals are over
numbers.

Data, runs and judge are kept in FOLDER, and made where they are not there. Needs espeak-ng.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import torch

import vocable
from benchmarks.machine import describe
from benchmarks.tables import heading, progress, row
from vocable.evaluate.intervals import bootstrap_interval
from vocable.tokens.sets import About, TokenSet, TokenSetWriter
from vocable.train import run

VOICES = [f"en-us+{each}" for each in ("m1", "m3", "m5", "m7", "f1", "f2", "f3", "f5")]
SPEEDS = (140, 160, 180)  # words a minute; espeak-ng's own is 175
TARGET = "de"
HELD = 0.15  # of all pairs, once for valid and once for eval
ARMS = {"letters": [], "no letters": ["model.heads=[]"], "raw": ["model.dedup=false"]}
ONES = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn "
    "fünfzehn sechzehn siebzehn achtzehn neunzehn",
}
TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
}
LARGE = {"en": {1000: "thousand", 100: "hundred"}, "de": {1000: "tausend", 100: "hundert"}}


def main() -> None:
    """Print a table of all arms."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="for data and runs")
    parser.add_argument("--pairs", type=int, default=5000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=["letters", "no letters"])
    parser.add_argument("--set", action="append", default=[], help="of all recipes, as a.b=c")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data = options.folder / "pairs"
    if not data.exists():
        make(data, options.pairs)
    tokens = TokenSet(data)
    judge = judge_of(options.folder / "judge", tokens, options.set)
    told = [tokens[k] for k in tokens.of_split("eval")]
    right = [each.about.text for each in told]
    print(heading(["what is judged", "seeds", "exact, % of eval", "BLEU", "no end"]))
    known = [judge.transcribe(each.tracks["target"]) for each in told]
    print(shown("the German units of eval (ceiling)", [(known, 0)], right))
    print(shown("those of another number (floor)", [(known[1:] + known[:1], 0)], right))
    for arm in options.arms:
        found = [
            translated(options, arm, [*ARMS[arm], *options.set], seed, told, judge)
            for seed in range(options.seeds)
        ]
        print(shown(f"English units, translated: {arm}", found, right), flush=True)
    counts = ", ".join(f"{len(tokens.of_split(s))} {s}" for s in ("train", "valid", "eval"))
    print(f"\nSynthetic speech of espeak-ng; numbers: {counts}; beam {options.beam}.")
    print(describe(threads=options.threads))


def make(folder: Path, pairs: int) -> None:
    """Write a set of pairs: numbers in English and in German, each number in one split."""
    random, units = np.random.default_rng(0), vocable.load("units-16k")
    numbers = random.permutation(10_000)[:pairs].tolist()
    held = max(1, round(HELD * pairs))
    with TokenSetWriter(folder) as out:
        for k, number in enumerate(numbers):
            progress(f"pair {k + 1} of {pairs}")
            english, german = (" ".join(words(number, each)) for each in ("en", "de"))
            voice, speed = VOICES[k % len(VOICES)], int(random.choice(SPEEDS))
            spoken = {"source": (english, voice, speed), "target": (german, TARGET, SPEEDS[1])}
            tracks = {name: units.encode(say(*each)) for name, each in spoken.items()}
            split = "eval" if k < held else "valid" if k < 2 * held else "train"
            about = About(
                str(number), split, "espeak-ng", voice, "de", text=german, source_text=english
            )
            out.add(tracks, about)


def say(text: str, voice: str, speed: int) -> vocable.Audio:
    """Return text as espeak-ng says it."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["espeak-ng", "-v", voice, "-s", str(speed), "-w", file.name, text]
        subprocess.run(command, check=True)
        return vocable.Audio.read(file.name)


def words(number: int, language: str) -> list[str]:
    """Return a number below 10 000, part by part."""
    ones, tens = ONES[language].split(), TENS[language].split()
    if number < 20:
        return [ones[number]]
    for size, name in LARGE[language].items():
        if number >= size:
            many, rest = divmod(number, size)
            first = ["ein"] if language == "de" and many == 1 else words(many, language)
            return [*first, name, *(words(rest, language) if rest else [])]
    ten, one = tens[number // 10 - 2], number % 10
    if not one:
        return [ten]
    unit = "ein" if language == "de" and one == 1 else ones[one]
    return [unit, "und", ten] if language == "de" else [ten, unit]


def judge_of(folder: Path, tokens: TokenSet, sets: Sequence[str]) -> Any:
    """Return the recogniser of German units, trained where it is not there."""
    letters = "".join(sorted({each for about in tokens.abouts for each in about.text}))
    own = ["model.track=target", "model.dedup=true", f'model.letters="{letters}"']
    return trained("asr", folder, tokens, [*own, *(s for s in sets if ".decoder." not in s)])


def trained(recipe: str, folder: Path, tokens: TokenSet, sets: Sequence[str]) -> Any:
    """Return a model by a recipe, trained where it is not there."""
    if not (folder / "config.json").exists():
        print(f"training {folder.name}", flush=True)
        run(recipe, tokens.folder, folder, overrides=sets, device="cpu", resume=folder.exists())
    return vocable.load(folder)


def translated(
    options: argparse.Namespace, arm: str, sets: Sequence[str], seed: int, told: Sequence[Any],
    judge: Any,
) -> tuple[list[str], int]:  # fmt: skip
    """Return what the judge hears of each translation, and how many had no end."""
    folder = options.folder / f"{arm.replace(' ', '-')}-{seed}"
    tokens = TokenSet(options.folder / "pairs")
    model = trained("units-to-units", folder, tokens, [*sets, f"seed={seed}"])
    found = [model.translate(each.tracks["source"], beam=options.beam) for each in told]
    endless = [each.reason == "length" for each in found]  # no number, whatever is in it
    heard = [
        "" if without_end or not each.tokens.frames else judge.transcribe(each.tokens)
        for each, without_end in zip(found, endless, strict=True)
    ]
    return heard, sum(endless)


def shown(name: str, seeds: Sequence[tuple[list[str], int]], right: Sequence[str]) -> str:
    """Return the row of an arm, over all its seeds; an interval over numbers."""
    exact = np.array([[a == b for a, b in zip(heard, right, strict=True)] for heard, _ in seeds])
    interval = bootstrap_interval(100.0 * exact.mean(0), list(map(str, range(len(right)))))
    scores = [bleu(heard, right) for heard, _ in seeds]
    unended = sum(missing for _, missing in seeds) / exact.size
    each = ", ".join(f"{100 * seed.mean():.1f}" for seed in exact)
    percent = f"{interval.mean:.1f} [{interval.low:.1f}, {interval.high:.1f}]"
    return row([
        name, str(len(seeds)), percent + (f" ({each})" if len(seeds) > 1 else ""),
        f"{np.mean(scores):.1f}", f"{100 * unended:.1f} %",
    ])  # fmt: skip


def bleu(heard: Sequence[str], right: Sequence[str]) -> float:
    """Return the BLEU of a corpus, 0 to 100, of one reference each."""
    logs, lengths = [], np.zeros(2)
    for n in range(1, 5):
        hits = total = 0
        for said, wanted in zip(heard, right, strict=True):
            grams, known = (
                Counter(tuple(each[k : k + n]) for k in range(len(each) - n + 1))
                for each in (said.split(), wanted.split())
            )
            hits, total = hits + (grams & known).total(), total + grams.total()
            lengths += (n == 1) * np.array([grams.total(), known.total()])
        if not hits:
            return 0.0
        logs.append(log(hits / total))
    return 100 * exp(sum(logs) / 4 + min(0.0, 1 - lengths[1] / lengths[0]))


if __name__ == "__main__":
    main()
