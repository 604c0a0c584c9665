"""Read published sets from the folders that they come in, as the tasks that DASB asks of them.

Nothing is fetched: their terms are between you and their makers. Each function takes the folder
that holds what the archive unpacks to, and raises MeasureError where that is not there.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.probes.classes import Classify, Verify
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.mixtures import Separate
from vocable.evaluate.probes.sound import Recorded
from vocable.evaluate.probes.task import Fold, Task
from vocable.evaluate.probes.tasks import emotion, intent, keyword, words
from vocable.evaluate.text_files import read_text

# LibriSpeech: train, valid and the two tests of DASB; each test is a task.
LIBRI_TESTS = ("test-clean", "test-other")
# Speech Commands v2 has lists of the files of valid and of test; what neither names is train.
COMMAND_LISTS = {"validation_list.txt": "valid", "testing_list.txt": "eval"}
EMOTIONS = {"ang": "angry", "hap": "happy", "exc": "happy", "neu": "neutral", "sad": "sad"}
IEMOCAP_TEST, IEMOCAP_VALID = "Session5", "Session4"


def librispeech(folder: Path) -> list[Task]:
    """Words: learnt on train-clean-100, stopped by dev-clean, a task for each test there is."""
    train = [*_libri_part(folder, "train-clean-100", "train")]
    valid = [*_libri_part(folder, "dev-clean", "valid")]
    tests = [each for each in LIBRI_TESTS if (folder / each).is_dir()]
    if not tests:
        raise MeasureError(f"{folder}: holds neither {' nor '.join(LIBRI_TESTS)}")
    return [
        words([*train, *valid, *_libri_part(folder, name, "eval")], f"LibriSpeech {name}")
        for name in tests
    ]


def voxceleb(folder: Path) -> list[Task]:
    """Speakers of VoxCeleb1, `wav/id…/video/….wav`, split by its own iden_split.txt; verification.

    The list is beside `wav`, as its makers give it: 1 train, 2 valid, 3 test. Verification is
    learnt on speakers other than id10270 to id10309, and tested on these 40, as VoxCeleb1-O is, but
    over all pairs of recordings.
    """
    listed = _read(folder / "iden_split.txt").split("\n")
    parts = {"1": "train", "2": "valid", "3": "eval"}
    rows = [line.split() for line in listed if line.strip()]
    clips = [
        Clip(folder / "wav" / path, split=parts[part], speaker=path.split("/")[0], language="xx")
        for part, path in rows
    ]
    made = {part: _of_split(clips, part) for part in ("train", "valid", "eval")}
    heads = ("ecapa", "xvector")
    identified = Fold(made["train"], made["valid"], made["eval"])
    test = {f"id{number}" for number in range(10270, 10310)}
    train, valid = (
        tuple(e for e in made[part] if e.owner not in test) for part in ("train", "valid")
    )
    trials = tuple(e for part in made.values() for e in part if e.owner in test)
    fold = Fold(train, valid, trials)
    return [
        Task("speaker", "VoxCeleb1", Classify(), heads, (identified,), apart=False),
        Task("verification", "VoxCeleb1", Verify(), heads, (fold,)),
    ]


def iemocap(folder: Path) -> list[Task]:
    """Four emotions of IEMOCAP; session 5 is the test, session 4 says when to stop."""
    clips = []
    for path in sorted(folder.glob("Session*/dialog/EmoEvaluation/*.txt")):
        session = path.parts[-4]
        split = {IEMOCAP_TEST: "eval", IEMOCAP_VALID: "valid"}.get(session, "train")
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            fields = line.split("\t")
            if line.startswith("[") and len(fields) > 2 and fields[2] in EMOTIONS:
                name = fields[1]
                wav = path.parents[2] / "sentences" / "wav" / path.stem / f"{name}.wav"
                speaks = f"{session}-{name.split('_')[-1][0]}"  # F or M of each session
                label = EMOTIONS[fields[2]]
                clips.append(Clip(wav, split=split, speaker=speaks, language="en", label=label))
    return [emotion(_some(clips, folder, "Session1/dialog/EmoEvaluation"), "IEMOCAP")]


def speech_commands(folder: Path) -> list[Task]:
    """Words of Speech Commands v2 by its own lists; `word/speaker_nohash_n.wav`."""
    splits = {
        path: split
        for name, split in COMMAND_LISTS.items()
        for path in _read(folder / name).split()
    }
    clips = []
    for path in sorted(folder.glob("*/*_nohash_*.wav")):
        word, owner = path.parent.name, path.name.partition("_nohash_")[0]
        split = splits.get(f"{word}/{path.name}", "train")
        clips.append(Clip(path, split=split, speaker=owner, language="en", label=word))
    return [keyword(_some(clips, folder, "yes/…_nohash_0.wav"), "Speech Commands")]


def slurp(folder: Path) -> list[Task]:
    """Intents of SLURP: `dataset/slurp/train.jsonl` and so on, `audio/slurp_real/….flac`."""
    clips = []
    for name, split in (("train", "train"), ("devel", "valid"), ("test", "eval")):
        for line in _read(folder / "dataset" / "slurp" / f"{name}.jsonl").splitlines():
            row = json.loads(line)
            for recording in row["recordings"]:
                path = folder / "audio" / "slurp_real" / recording["file"]
                clips.append(Clip(path, split=split, language="en", label=row["intent"]))
    return [intent(clips, "SLURP")]


def ljspeech(folder: Path) -> list[Task]:
    """Words of LJSpeech, `metadata.csv` and `wavs`; one speaker, so parts differ in recordings."""
    rows = csv.reader(
        _read(folder / "metadata.csv").splitlines(), delimiter="|", quoting=csv.QUOTE_NONE
    )
    clips = [
        Clip(folder / "wavs" / f"{row[0]}.wav", speaker="ljspeech", language="en", text=row[-1])
        for row in rows
    ]
    return [words(clips, "LJSpeech")]


def libri2mix(folder: Path) -> list[Task]:
    """Separation of Libri2Mix: `train-100`, `dev` and `test`, each with `mix_clean`, `s1`, `s2`."""
    parts = [tuple(_mixed(folder / part)) for part in ("train-100", "dev", "test")]
    fold = Fold(*parts)
    return [Task("separation", "Libri2Mix", Separate(parts=2), ("conformer", "crdnn"), (fold,))]


READERS: dict[str, Callable[[Path], list[Task]]] = {
    "librispeech": librispeech,
    "voxceleb": voxceleb,
    "iemocap": iemocap,
    "speech-commands": speech_commands,
    "slurp": slurp,
    "ljspeech": ljspeech,
    "libri2mix": libri2mix,
}


def _libri_part(folder: Path, name: str, split: str) -> Iterator[Clip]:
    """Yield the clips of one part: `speaker/chapter/speaker-chapter.trans.txt` beside the sound."""
    found = sorted((folder / name).glob("*/*/*.trans.txt"))
    if not found:
        raise MeasureError(f"{folder}: holds no {name}/SPEAKER/CHAPTER/….trans.txt")
    for path in found:
        for line in read_text(path).splitlines():
            key, _, text = line.partition(" ")
            speaks = f"libri-{key.partition('-')[0]}"
            sound = path.with_name(f"{key}.flac")
            yield Clip(sound, split=split, speaker=speaks, language="en", text=text)


def _mixed(folder: Path) -> Iterator[Example]:
    paths = sorted((folder / "mix_clean").glob("*.wav"))
    if not paths:
        raise MeasureError(f"{folder}: holds no mix_clean with recordings")
    for path in paths:
        first, second = path.stem.split("_")[:2]
        owner = "+".join(sorted(each.partition("-")[0] for each in (first, second)))
        parts = [Recorded(Clip(folder / part / path.name)) for part in ("s1", "s2")]
        yield Example(Recorded(Clip(path)), owner, parts=tuple(parts))


def _of_split(clips: list[Clip], split: str) -> tuple[Example, ...]:
    own = [clip for clip in clips if clip.split == split]
    return tuple(Example(Recorded(clip), clip.speaker, clip.speaker) for clip in own)


def _some(clips: list[Clip], folder: Path, wanted: str) -> list[Clip]:
    if not clips:
        raise MeasureError(f"{folder}: found nothing there as {wanted}")
    return clips


def _read(path: Path) -> str:
    try:
        return read_text(path)
    except OSError as error:
        raise MeasureError(f"{path}: cannot be read; is its folder the set's own?") from error
