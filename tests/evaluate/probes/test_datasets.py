"""Published sets: their folders become tasks, with the split that they are published with."""

import json

import numpy as np
import pytest
import soundfile

from vocable import MeasureError
from vocable.evaluate.probes.datasets import READERS


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in (".wav", ".flac"):
        noise = np.random.default_rng(list(str(path).encode())).normal(0, 0.1, 400)
        soundfile.write(path, noise, 8000)
    else:
        path.write_text(text, encoding="utf-8")


def sizes(task):
    return [len(part) for part in vars(task.folds[0]).values()]


def test_librispeech(tmp_path):
    for part, speakers in (("train-clean-100", range(8)), ("dev-clean", range(8, 12)),
                           ("test-clean", range(12, 16))):  # fmt: skip
        for speaker in speakers:
            folder = tmp_path / part / str(speaker) / "7"
            lines = [f"{speaker}-7-000{n} SOME WORDS {n}" for n in range(2)]
            write(folder / f"{speaker}-7.trans.txt", "\n".join(lines) + "\n")
            for n in range(2):
                write(folder / f"{speaker}-7-000{n}.flac")
    (task,) = READERS["librispeech"](tmp_path)
    assert task.set == "LibriSpeech test-clean" and sizes(task) == [16, 8, 8] and not task.note
    assert task.folds[0].test[0].text == "SOME WORDS 0"


def test_voxceleb(tmp_path):
    rows = []
    for speaker in ("id10001", "id10002", "id10270", "id10271"):
        for n, part in enumerate((1, 1, 2, 3)):
            path = f"{speaker}/video/0000{n}.wav"
            write(tmp_path / "wav" / path)
            rows.append(f"{part} {path}")
    write(tmp_path / "iden_split.txt", "\n".join(rows))
    speaker, verification = READERS["voxceleb"](tmp_path)
    assert sizes(speaker) == [8, 4, 4] and sizes(verification) == [4, 2, 8]
    assert {e.owner for e in verification.folds[0].test} == {"id10270", "id10271"}


def test_iemocap(tmp_path):
    for session in range(1, 6):
        talk = f"Ses0{session}F_impro01"
        root = tmp_path / f"Session{session}"
        names = [f"{talk}_F00{n}" for n in range(4)]
        emotions = ["ang", "exc", "neu", "xxx"]
        lines = [f"[0.0 - 1.0]\t{n}\t{e}\t[2, 2, 2]" for n, e in zip(names, emotions, strict=True)]
        write(root / "dialog" / "EmoEvaluation" / f"{talk}.txt", "% x\n" + "\n".join(lines))
        for name in names:
            write(root / "sentences" / "wav" / talk / f"{name}.wav")
    (task,) = READERS["iemocap"](tmp_path)
    assert sizes(task) == [9, 3, 3]
    assert {e.label for e in task.tested} == {"angry", "happy", "neutral"}
    assert {e.owner for e in task.tested} == {"Session5-F"}


def test_speech_commands(tmp_path):
    lists = {"validation_list.txt": [], "testing_list.txt": []}
    for word in ("yes", "no"):
        for k in range(10):
            name = f"{word}/{k:08x}_nohash_0.wav"
            write(tmp_path / name)
            if k >= 6:
                lists["testing_list.txt" if k >= 8 else "validation_list.txt"].append(name)
    for name, rows in lists.items():
        write(tmp_path / name, "\n".join(rows))
    (task,) = READERS["speech-commands"](tmp_path)
    assert sizes(task) == [12, 4, 4] and {e.label for e in task.tested} == {"yes", "no"}


def test_slurp(tmp_path):
    for name in ("train", "devel", "test"):
        rows = []
        for k in range(4):
            file = f"audio-{name}-{k}.flac"
            write(tmp_path / "audio" / "slurp_real" / file)
            rows.append(json.dumps({"intent": "ab"[k % 2], "recordings": [{"file": file}]}))
        write(tmp_path / "dataset" / "slurp" / f"{name}.jsonl", "\n".join(rows))
    (task,) = READERS["slurp"](tmp_path)
    assert task.name == "intent" and sizes(task) == [4, 4, 4]


def test_ljspeech(tmp_path):
    rows = [f'LJ-{k}|Dr. "{k}" said|Doctor {k} said' for k in range(20)]
    write(tmp_path / "metadata.csv", "\n".join(rows))
    for k in range(20):
        write(tmp_path / "wavs" / f"LJ-{k}.wav")
    (task,) = READERS["ljspeech"](tmp_path)
    assert len(task.tested) >= 3
    assert all(e.text.startswith("Doctor") for e in task.tested) and "speakers: 1," in task.note


def test_libri2mix(tmp_path):
    for k, part in enumerate(("train-100", "dev", "test")):
        name = f"{k}0-1-2_{k}1-3-4.wav"
        for kind in ("mix_clean", "s1", "s2"):
            write(tmp_path / part / kind / name)
    (task,) = READERS["libri2mix"](tmp_path)
    assert task.name == "separation" and sizes(task) == [1, 1, 1]
    (example,) = task.tested
    assert example.owner == "20+21" and len(example.parts) == 2


@pytest.mark.parametrize("name", READERS)
def test_another_folder_is_refused(tmp_path, name):
    with pytest.raises(MeasureError, match="^[^\n]*(cannot be read|holds n|found nothing)"):
        READERS[name](tmp_path)
