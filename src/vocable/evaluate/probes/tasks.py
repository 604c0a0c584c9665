"""Make tasks of the clips of one set: those of DASB that such a set can answer.

Each function raises MeasureError where the set lacks what is asked, in one line. A set's own split
is kept where it has all three parts; else one is drawn, by whole speakers or sources.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.probes.classes import Classify, Verify
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.goal import Goal
from vocable.evaluate.probes.sequences import Phones, Spell
from vocable.evaluate.probes.sound import Recorded
from vocable.evaluate.probes.splits import cross_validation, one_split, within_classes
from vocable.evaluate.probes.task import Fold, Task
from vocable.measures.words import normalise

UNKNOWN = ("", "unknown")  # names that say nothing of who speaks
NOT_SPEECH = "none"  # a language
FOLDS = 4
FEWEST = 5  # clips of a class
MANY = 8  # speakers, from which test speakers can be kept apart
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
NUMERALS = {str(k): word for k, word in enumerate(DIGITS)}


def keyword(clips: Sequence[Clip], name: str) -> Task:
    """Tell which word is said: label, or text, where most clips share theirs with others."""
    spoken = [clip for clip in clips if clip.language != NOT_SPEECH]
    words = Counter(_word(clip) for clip in spoken)
    kept = [e for c in spoken if words[w := _word(c)] >= FEWEST and (e := _example(c, w)).label]
    if 2 * len(kept) < len(spoken) or not spoken:
        raise MeasureError(f"{name}: most recordings have no word that {FEWEST} others have too")
    return _classes("keyword", name, kept, ("ecapa", "pooling"))


def digit(clips: Sequence[Clip], name: str) -> Task:
    """Tell which of the ten digits is said, by their English names or numerals."""
    words = {clip: NUMERALS.get(_word(clip), _word(clip)) for clip in clips}
    kept = [_example(clip, word) for clip, word in words.items() if word in DIGITS]
    if len({each.label for each in kept}) < len(DIGITS):
        raise MeasureError(f"{name}: not all ten digits are said")
    return _classes("digit", name, kept, ("ecapa", "pooling"))


def sound(clips: Sequence[Clip], name: str) -> Task:
    """Tell what kind of sound it is, with cross-validation by source."""
    kept = [_example(c, c.label) for c in clips if c.label and c.language == NOT_SPEECH]
    if not kept:
        raise MeasureError(f'{name}: no recording has a label and the language "{NOT_SPEECH}"')
    counts = Counter(each.label for each in kept)
    kept = [each for each in kept if counts[each.label] >= FEWEST]
    _check_classes(kept, name)
    made = _classes("sound", name, kept, ("ecapa", "pooling"))
    return replace(made, rate=44_100)


def emotion(clips: Sequence[Clip], name: str) -> Task:
    """Tell the emotion, which the label says."""
    return _classes("emotion", name, _labelled(clips, name), ("ecapa", "pooling"))


def intent(clips: Sequence[Clip], name: str) -> Task:
    """Tell what is wanted, which the label says."""
    return _classes("intent", name, _labelled(clips, name), ("bilstm", "pooling"))


def speaker(clips: Sequence[Clip], name: str) -> Task:
    """Tell who speaks, in other recordings than those of train; three for each at least."""
    known = _by_known_speakers(clips, least=3, speakers=2, name=name)
    folds = within_classes(known)
    return Task("speaker", name, Classify(), ("ecapa", "pooling"), folds, apart=False)


def verification(clips: Sequence[Clip], name: str) -> Task:
    """Tell voices apart that were never heard before; a fifth of the speakers."""
    known = _by_known_speakers(clips, least=2, speakers=MANY, name=name)
    apart = one_split(known, name)[0]
    learnt = within_classes((*apart.train, *apart.valid))[0]
    valid = learnt.valid or learnt.test
    train = learnt.train + (learnt.test if learnt.valid else ())
    folds = (Fold(train, valid, apart.test),)
    return Task("verification", name, Verify(), ("ecapa", "pooling"), folds)


def phone(clips: Sequence[Clip], name: str) -> Task:
    """Tell the phone of each frame, with cross-validation by speaker."""
    known = [_example(clip) for clip in clips if clip.phones]
    if not known:
        raise MeasureError(f"{name}: nothing says which phone is said when")
    folds = cross_validation(known, name, FOLDS)
    return Task("phone", name, Phones(), ("bilstm", "linear"), folds)


def words(clips: Sequence[Clip], name: str) -> Task:
    """Tell the words, by their characters; sentences, not single words."""
    chosen = [_example(clip) for clip in clips if len(normalise(clip.text).split()) > 1]
    if 2 * len(chosen) < len(clips) or len(chosen) < 3 * FEWEST:
        raise MeasureError(f"{name}: most recordings have no sentence as text, or they are few")
    return _split("words", name, Spell(), chosen, ("bilstm", "linear"))


MAKERS: dict[str, Callable[[Sequence[Clip], str], Task]] = {
    "keyword": keyword,
    "digit": digit,
    "speaker": speaker,
    "verification": verification,
    "phone": phone,
    "words": words,
    "sound": sound,
    "emotion": emotion,
    "intent": intent,
}


def _example(clip: Clip, label: str = "") -> Example:
    owner = clip.path.stem if clip.speaker in UNKNOWN else clip.speaker
    return Example(Recorded(clip), owner, label, clip.text, clip.phones)


def _word(clip: Clip) -> str:
    return (clip.label or clip.text).strip().lower()


def _labelled(clips: Sequence[Clip], name: str) -> list[Example]:
    kept = [_example(clip, clip.label) for clip in clips if clip.label]
    _check_classes(kept, name)
    return kept


def _check_classes(examples: Sequence[Example], name: str) -> None:
    if len({each.label for each in examples}) < 2:
        raise MeasureError(f"{name}: a probe needs recordings of two labels or more")


def _classes(task: str, name: str, examples: list[Example], heads: tuple[str, str]) -> Task:
    _check_classes(examples, name)
    return _split(task, name, Classify(), examples, heads)


def _split(
    task: str, name: str, goal: Goal, examples: Sequence[Example], heads: tuple[str, str]
) -> Task:
    """Return the task with the set's own split, else by owners, else by recordings."""
    own = _own_split(examples)
    if own is not None:
        apart = not {e.owner for e in own.test} & {e.owner for e in (*own.train, *own.valid)}
        note = "" if apart else "its own split, in which test has speakers of train"
        return Task(task, name, goal, heads, (own,), apart=apart, note=note)
    owners = {each.owner for each in examples}
    note = _about_owners(examples)
    if len(owners) >= MANY:
        few = len(examples) < 300 and isinstance(goal, Classify)
        folds = cross_validation(examples, name, FOLDS) if few else one_split(examples, name)
        return Task(task, name, goal, heads, folds, note=note)
    if len(examples) < 3 * FEWEST:
        raise MeasureError(f"{name}: {len(examples)} recordings are too few for {task}")
    single = [replace(each, owner=each.name) for each in examples]
    note = f"speakers: {len(owners)}, so test has those of train, in other recordings"
    return Task(task, name, goal, heads, one_split(single, name), note=note)


def _own_split(examples: Sequence[Example]) -> Fold | None:
    parts: dict[str, list[Example]] = {"train": [], "valid": [], "test": []}
    for each in examples:
        split = each.sound.clip.split if isinstance(each.sound, Recorded) else ""
        part = "test" if split == "eval" else split
        if part in parts:
            parts[part].append(each)
    if not all(parts.values()):
        return None
    return Fold(tuple(parts["train"]), tuple(parts["valid"]), tuple(parts["test"]))


def _about_owners(examples: Sequence[Example]) -> str:
    sounds = [each.sound for each in examples]
    unknown = [s for s in sounds if isinstance(s, Recorded) and s.clip.speaker in UNKNOWN]
    return "speakers are not known: parts are split by file, and may share some" if unknown else ""


def _by_known_speakers(
    clips: Sequence[Clip], least: int, speakers: int, name: str
) -> list[Example]:
    spoken = [c for c in clips if c.speaker not in UNKNOWN and c.language != NOT_SPEECH]
    counts = Counter(clip.speaker for clip in spoken)
    kept = [_example(c, c.speaker) for c in spoken if counts[c.speaker] >= least]
    if len({each.owner for each in kept}) < speakers:
        raise MeasureError(
            f"{name}: needs {speakers} known speakers or more with {least} recordings each"
        )
    return kept
