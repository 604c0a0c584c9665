"""Set out what two networks hear in decoded speech: the words, and who says them."""

from dataclasses import dataclass

import numpy as np

from benchmarks.clips import Clip
from benchmarks.judged import Plan
from benchmarks.judging import ITSELF
from benchmarks.results import Results, shown
from benchmarks.tables import heading, row
from vocable.evaluate import Interval, ratio_interval
from vocable.measures import word_edits


@dataclass(frozen=True)
class Transcripts:
    """What was heard of each clip of a set, by system, and what was said where that is known."""

    heard: dict[str, dict[str, str]]
    said: dict[str, str]
    speakers: dict[str, str]

    def error(self, system: str, true_text: bool) -> Interval | None:
        """Return the word error rate in %, of all clips that have the reference; None for none."""
        return self.difference(system, None, true_text)

    def difference(self, system: str, other: str | None, true_text: bool) -> Interval | None:
        """Return it less that of another system."""
        reference = self.said if true_text else self.heard[ITSELF]
        errors, words, speakers = [], [], []
        for clip, text in reference.items():
            found = word_edits(text, self.heard[system][clip])
            less = word_edits(text, self.heard[other][clip]).errors if other else 0
            if found.length:
                errors.append(100 * (found.errors - less))
                words.append(found.length)
                speakers.append(self.speakers[clip])
        return ratio_interval(np.array(errors), np.array(words), speakers) if words else None


def transcripts(plan: Plan, results: Results, name: str) -> Transcripts:
    """Return what was heard of one set."""
    found = results.of(kind="words", clips=name)
    heard: dict[str, dict[str, str]] = {}
    for each in found.rows:
        heard.setdefault(each.system, {})[each.clip] = each.text
    clips: dict[str, Clip] = {clip.name: clip for clip in plan.sets[name]}
    there = heard.get(ITSELF, {})
    said = {clip: clips[clip].text for clip in there if clips[clip].text}
    return Transcripts(heard, said, {clip: clips[clip].speaker for clip in there})


def words(plan: Plan, results: Results) -> list[str]:
    """Word errors of Whisper tiny.en: its own first, then those that each system adds."""
    sets = {name: transcripts(plan, results, name) for name in plan.sets if name != "music"}
    sets = {name: found for name, found in sets.items() if found.heard}
    judged = plan.codecs[0].full.label
    head = ["system", "set", "against the recording's transcript, %", f"{judged}, less it"]
    head += ["against the true text, %", "clips", "with true text"]
    lines = ["## Words that are heard", "", heading(head)]
    for name, found in sets.items():
        count = [str(len(found.speakers)), str(len(found.said))]
        lines.append(row([ITSELF, name, "", "", shown(found.error(ITSELF, True), 1), *count]))
        for system in plan.heard:
            label = system.label
            less = found.difference(judged, label, False) if label != judged else None
            errors = [shown(found.error(label, true_text), 1) for true_text in (False, True)]
            lines.append(row([label, name, errors[0], shown(less, 1, True), errors[1], *count]))
    return lines


def speaker(plan: Plan, results: Results) -> list[str]:
    """Whether it still sounds like the same person."""
    found = results.of(kind="speaker")
    judged = plan.codecs[0].full.label
    lines = ["## Speaker similarity", "", heading(["system", "cosine", f"{judged}, less it", "n"])]
    for system in plan.heard:
        count = str(found.values(system.label, "speaker").size)
        less = found.gain(system.label, judged, "speaker") if system.label != judged else None
        cells = [shown(found.mean(system.label, "speaker")), shown(less, signed=True), count]
        lines.append(row([system.label, *cells]))
    return lines
