"""Find the tasks that sets of clips can answer, and say of the others what they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.probes.mixing import enhancement, separation
from vocable.evaluate.probes.task import Task
from vocable.evaluate.probes.tasks import MAKERS, NOT_SPEECH
from vocable.measures.checks import named

MIXED = ("enhancement", "separation")
TASKS = (*MAKERS, *MIXED)
ONLY_BY_NAME = ("emotion", "intent")  # labels of other tasks look the same

# What no set here answers, with the data that it needs.
NEEDS = {
    "keyword": "words that are said by many: a label, or --speech-commands FOLDER",
    "digit": "recordings of the ten digits: labels zero … nine, or --speech-commands FOLDER",
    "speaker": "speakers with three recordings each, or --voxceleb FOLDER",
    "verification": "8 speakers with two recordings each, or --voxceleb FOLDER",
    "phone": "timed phones, which manifests may have",
    "words": "sentences with their text, or --librispeech or --ljspeech FOLDER",
    "sound": 'labelled sounds whose language is "none"',
    "emotion": "labels of emotions: --iemocap FOLDER",
    "intent": "labels of intents: --slurp FOLDER",
    "enhancement": 'sentences, and noise: a set whose language is "none"',
    "separation": "sentences of 6 speakers or more, or --libri2mix FOLDER",
}


@dataclass(frozen=True)
class Asked:
    """The tasks that can be asked, and why others cannot: by task, and by task and set."""

    tasks: tuple[Task, ...]
    missing: Mapping[str, str]
    reasons: Mapping[tuple[str, str], str]


def tasks_of(
    sets: Mapping[str, Sequence[Clip]], names: Sequence[str] = (), given: Sequence[Task] = ()
) -> Asked:
    """Return the tasks of sets by name. names: only these tasks; left out, all but emotion and
    intent, which cannot be told from other labels. given: tasks that are known already.

    MeasureError with the nearest name for an unknown task.
    """
    for name in names:
        named(dict.fromkeys(TASKS, ""), name, "task")
    found, reasons = list(given), dict[tuple[str, str], str]()
    for name in names or [each for each in TASKS if each not in ONLY_BY_NAME]:
        for of, clips in sets.items():
            try:
                found.append(_made(name, of, clips, sets))
            except MeasureError as error:
                reasons[name, of] = str(error)
    known = {task.name for task in found}
    asked = names or TASKS
    missing = {name: f"needs {NEEDS[name]}" for name in asked if name not in known}
    order = {name: k for k, name in enumerate(TASKS)}
    found.sort(key=lambda task: order.get(task.name, len(order)))
    return Asked(tuple(found), missing, reasons)


def _made(name: str, of: str, clips: Sequence[Clip], sets: Mapping[str, Sequence[Clip]]) -> Task:
    if name == "enhancement":
        every = [clip for own in sets.values() for clip in own]
        return enhancement(clips, of, [clip for clip in every if clip.language == NOT_SPEECH])
    return separation(clips, of) if name == "separation" else MAKERS[name](clips, of)
