"""A study whose scores are made up, with sounds and tokens that are worked out from names."""

from functools import cache
from pathlib import Path

import numpy as np

from tests.evaluate.made_up import RATE, Steps, sound
from vocable.audio import Audio
from vocable.evaluate.report import write_report
from vocable.evaluate.summary import Summary, summarise
from vocable.evaluate.sweep import Result, Study
from vocable.evaluate.systems import CONTROL, ORIGINAL
from vocable.tokens import AudioTokens

SPEECH = ("pesq_wb", "stoi", "si_sdr")
SOUND = ("visqol_audio", "mel_distance_dac")
CODECS = {"tiny@1": ("tiny", 500.0), "tiny@2": ("tiny", 1000.0), "opus-6": ("opus", 6000.0)}
NEEDED = ("asked", "scores", "plots", "differences", "sounds", "codebooks", "missing", "figures")


def result(system: str, of_set: str = "talk", number: int = 0, **known) -> Result:
    """A result whose scores rise with its bitrate, of a recording by one of four speakers."""
    family, rate = CODECS.get(system, (known.pop("family", CONTROL), known.pop("rate", None)))
    measures = SPEECH if of_set == "talk" else SOUND
    spread = np.random.default_rng([number, len(system), len(of_set)]).normal(0, 0.05)
    best = 4.0 if rate is None else 1.0 + np.log10(rate / 100)
    facts = {
        "family": family,
        "made_by": f"made by {system}",
        "bits": None if rate is None else rate,
        "tokens": f"{of_set}-{number}" if family == "tiny" else "",
        "scores": {measure: float(best + spread) for measure in measures},
        "versions": {measure: "1, by vocable" for measure in measures},
    }
    named = {"recording": f"{of_set}-{number}", "name": f"file {number}", "seconds": 1.0}
    who = {"system": system, "set": of_set, "speaker": f"speaker {number % 4}"}
    return Result(**{**named, **who, **facts, **known})


def study(
    systems: tuple[str, ...] = (ORIGINAL, *CODECS),
    sets: tuple[str, ...] = ("talk", "song"),
    each: int = 6,
    **about: str,
) -> Study:
    """A study of `each` recordings in each set."""
    found = [result(system, of, n) for system in systems for of in sets for n in range(each)]
    return of_results(found, systems, sets, **about)


def of_results(
    results: list[Result], systems: tuple[str, ...], sets: tuple[str, ...], **about: str
) -> Study:
    measures = {name: SPEECH if name == "talk" else SOUND for name in sets}
    return Study(tuple(results), systems, sets, measures, frozenset(("talk",)), about)


@cache
def original(recording: str) -> Audio:
    return sound(0.5, seed=sum(map(ord, recording)))


def decoded(result: Result) -> Audio:
    return Audio(0.5 * original(result.recording).samples, RATE)


@cache
def tokens(name: str) -> AudioTokens:
    return Steps().encode(original(name))


def gone(result: Result) -> Audio:
    raise OSError("the disk is gone\nand more")


def unheard(of: Study, folder: Path, summary: Summary | None = None) -> str:
    """Return the page of a study whose sounds are lost, which takes less time."""
    return written(of, folder, summary, sounds=gone)


def written(of: Study, folder: Path, summary: Summary | None = None, **sources) -> str:
    """Return the page of a study."""
    given = {"sounds": decoded, "originals": original, "tokens": tokens, **sources}
    summary = summary or summarise(of, tokens)
    write_report(of, summary, folder / "report.html", overwrite=True, **given)
    return (folder / "report.html").read_text("utf-8")
