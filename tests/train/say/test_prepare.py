"""Recordings with a text become packed speech, by the library and the command."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.cli.calls import call, results
from vocable.audio import Audio
from vocable.errors import RecipeError
from vocable.load import load_codec
from vocable.text.phones import SYMBOLS
from vocable.train.say.aligner import Aligner, aligner
from vocable.train.say.packed import read_packed
from vocable.train.say.prepare import prepare

SPEECH = Path(__file__).parents[3] / "examples" / "speech.flac"
TEXT = "Then, up got Little John, and taking the bag of gold, which he thrust into his bosom."
OTHER = "The rod is used to catch the pink salmon, and the colt threw the tall rider."


def write(folder, **rows):
    """Write the recording once a row, and a manifest whose rows say these things of it."""
    lines = []
    for name, facts in rows.items():
        shutil.copy(SPEECH, folder / f"{name}.flac")
        lines.append(json.dumps({"path": f"{name}.flac", **facts}))
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_words_are_found_where_they_are_spoken():
    audio = Audio.read(SPEECH)
    found = aligner()(audio, TEXT, "en", round(100 * audio.seconds)).timed
    ends = np.cumsum(found.durations)
    quiet = [name in "^_,." for name in found.spoken.names]
    power = np.square(audio.samples[0][: 160 * ends[-1]]).reshape(-1, 160).mean(1)  # of each hop
    level = 10 * np.log10(power + 1e-9)
    inside = np.repeat(quiet, found.durations)
    assert level[inside].mean() < level[~inside].mean() - 15
    spans = dict(zip(found.spoken.names, found.durations, strict=True))
    assert spans["s"] > 5 and max(found.durations) < 80
    assert abs(ends[-1] / 100 - audio.seconds) < 0.01


def test_an_aligner_draws_no_random_numbers():
    before = torch.get_rng_state()
    Aligner()
    assert torch.equal(torch.get_rng_state(), before)


def test_tokens_and_durations_of_what_has_a_text(tmp_path):
    path = write(
        tmp_path,
        john={"text": TEXT, "speaker": "a", "split": "valid", "set": "b"},
        silent={},
        french={"text": "Petit Jean", "language": "fr"},
        german={"text": "Der kleine Hans nahm das Gold und steckte es ein.", "language": "de"},
        other={"text": OTHER},
        long={"text": TEXT * 9},
    )
    codec = load_codec("speech-16k")
    found = prepare(path, codec)
    (own,) = found.speech
    assert (own.name, own.speaker, own.split, own.set) == ("john", "a", "valid", "b")
    assert own.durations.sum() == 4 * len(own.codes)
    names = [SYMBOLS[number] for number in own.symbols[:, 0]]
    assert names[:6] == ["^", "dh", "eh", "n", ",", "ah"] and names[-1] == "."
    assert np.array_equal(own.codes.T, codec.encode(tmp_path / "john.flac").codes[0])
    assert set(found.refused) == {"german", "other", "long"}
    assert "is not what is spoken" in found.refused["other"]
    assert "is not what is spoken" in found.refused["german"]
    assert "too few" in found.refused["long"]


def test_other_speeds_are_other_speakers(tmp_path):
    facts = {"text": TEXT, "speaker": "a", "set": "b"}
    path = write(tmp_path, john=facts, held={**facts, "split": "valid"})
    found = prepare(path, load_codec("speech-16k"), speeds=(0.87, 1.15))
    names = [(own.name, own.speaker, own.set, own.split) for own in found.speech]
    assert names == [
        ("john", "a", "b", "train"),
        ("john@0.87", "a@0.87", "b@", "train"),
        ("john@1.15", "a@1.15", "b@", "train"),
        ("held", "a", "b", "valid"),
    ]
    plain, slow, fast, _ = (len(own.codes) for own in found.speech)
    assert abs(slow - plain / 0.87) <= 1 and abs(fast - plain / 1.15) <= 1


def test_a_manifest_without_texts_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="no recording has a text that is spoken in it"):
        prepare(write(tmp_path, john={}), load_codec("speech-16k"))


def test_the_command_writes_it_once(tmp_path):
    path, out = write(tmp_path, john={"text": TEXT}, other={"text": OTHER}), tmp_path / "speech.npz"
    done = call("data", "speech", path, "-o", out)
    assert "1 utterances" in done.stderr and "left out: other" in done.stderr
    assert len(read_packed(out)) == 1
    assert "--force" in call("data", "speech", path, "-o", out, code=2).stderr
    (facts,) = results("data", "speech", path, "-o", out, "--force")
    assert facts["utterances"] == 1 and list(facts["refused"]) == ["other"]
