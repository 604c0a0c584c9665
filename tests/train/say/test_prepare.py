"""Recordings with a text and timed phones become packed speech, by the library and the command."""

import json

import numpy as np
import pytest
import soundfile

from tests.cli.calls import call
from vocable.errors import RecipeError
from vocable.load import load_codec
from vocable.train.say.packed import read_packed
from vocable.train.say.prepare import prepare

CAT = [[0.0, 0.2, "sil"], [0.2, 0.3, "k"], [0.3, 0.5, "ae"], [0.5, 0.6, "t"], [0.6, 1.0, "sil"]]


def write(folder, **rows):
    """Write a second of noise and a manifest whose rows say these things of it."""
    noise = 0.1 * np.random.default_rng(0).normal(size=16_000)
    lines = []
    for name, facts in rows.items():
        soundfile.write(folder / f"{name}.wav", noise, 16_000)
        lines.append(json.dumps({"path": f"{name}.wav", **facts}))
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_tokens_and_durations_of_what_has_both(tmp_path):
    path = write(
        tmp_path,
        cat={"text": "Cat!", "phones": CAT, "speaker": "a", "split": "valid", "set": "b"},
        silent={"text": "Cat!"},
        german={"text": "Katze", "phones": CAT, "language": "de"},
        dog={"text": "Dogs are here.", "phones": CAT},
        late={"text": "Cat.", "phones": [[0.0, 2.0, "k"]]},
    )
    codec = load_codec("speech-16k")
    found = prepare(path, codec)
    (own,) = found.speech
    assert (own.name, own.speaker, own.split, own.set) == ("cat", "a", "valid", "b")
    assert own.durations.tolist() == [20, 10, 20, 10, 40]
    assert np.array_equal(own.codes.T, codec.encode(tmp_path / "cat.wav").codes[0])
    assert set(found.refused) == {"dog", "late"}
    assert "do not match" in found.refused["dog"] and "after the recording" in found.refused["late"]


def test_a_manifest_without_phones_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="both a text and timed phones: vocable data phones"):
        prepare(write(tmp_path, cat={"text": "Cat."}), load_codec("speech-16k"))


def test_the_command_writes_it_once(tmp_path):
    path = write(
        tmp_path, cat={"text": "Cat.", "phones": CAT}, dog={"text": "Dogs are here.", "phones": CAT}
    )
    out = tmp_path / "speech.npz"
    done = call("data", "speech", path, "-o", out)
    assert "1 utterances" in done.stderr and "left out: dog" in done.stderr
    assert len(read_packed(out)) == 1
    assert "--force" in call("data", "speech", path, "-o", out, code=2).stderr
