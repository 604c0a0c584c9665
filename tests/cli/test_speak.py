"""`vocable speak`: a text to a file, to stdout, in a voice that is known or shown."""

import io

import numpy as np
import pytest
import soundfile

import vocable
from tests.cli.calls import call, called, results
from tests.speak.small import write_sayer
from vocable.cli import play
from vocable.errors import MeasureError
from vocable.measures.speakers import similarity


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_sayer(tmp_path_factory.mktemp("say") / "small")


@pytest.fixture
def her(tmp_path):
    path = tmp_path / "her.wav"
    noise = 0.1 * np.random.default_rng(1).normal(size=(1, 24_000))
    vocable.Audio(noise, 16_000).save(path)
    return path


def test_a_text_becomes_a_recording(model, tmp_path):
    out = tmp_path / "one.wav"
    (facts,) = results("speak", "One, two.", "--model", model, "-o", out, "--seed", 3)
    wanted = vocable.load(model).say("One, two.", seed=3)
    assert np.allclose(vocable.Audio.read(out).samples, wanted.samples, atol=1e-4)
    assert facts["seconds"] == wanted.seconds and facts["reason"] == "end" and facts["seed"] == 3
    assert "--force" in call("speak", "One.", "--model", model, "-o", out, code=2).stderr


def test_voices_language_and_pace(model, tmp_path):
    out, sayer = tmp_path / "out.wav", vocable.load(model)
    call("speak", "Ich.", "--model", model, "-o", out, "--voice", "Björn")
    assert len(vocable.Audio.read(out).samples[0]) == sayer.say("Ich.", "Björn").samples.shape[1]
    call("speak", "Ich.", "--model", model, "-o", out, "--language", "de", "--force")
    assert len(vocable.Audio.read(out).samples[0]) == sayer.say("Ich.", language="de").samples.size
    slow = results("speak", "Ich.", "--model", model, "-o", tmp_path / "slow.wav", "--pace", 0.25)
    fast = results("speak", "Ich.", "--model", model, "-o", tmp_path / "fast.wav", "--pace", 4)
    assert slow[0]["seconds"] > 2 * fast[0]["seconds"]


def test_a_recording_is_a_voice_with_consent(model, her, tmp_path):
    out = tmp_path / "out.wav"
    refused = call("speak", "One.", "--model", model, "--voice", her, "-o", out, code=2)
    assert "who agreed" in refused.stderr and "--consent" in refused.stderr and not out.exists()
    say = "speak", "One.", "--model", model, "--voice", her, "-o", out
    (facts,) = results(*say, "--consent", "Anna, 3 May")
    assert facts["consent"] == "Anna, 3 May"
    wanted = vocable.load(model).say("One.", vocable.Voice.from_recording(her))
    assert np.allclose(vocable.Audio.read(out).samples, wanted.samples, atol=1e-4)


def test_stdout_has_a_wav_from_the_first_frame(model):
    done = called("speak", "-", "--model", model, "-o", "-", stdin=b"One, two.")
    assert not done.returncode, done.stderr
    samples = np.frombuffer(done.stdout[44:], "<i2") / 2**15
    wanted = vocable.load(model).say("One, two.").samples[0]
    assert done.stdout[:4] == b"RIFF" and np.allclose(samples, wanted, atol=1e-4)
    again, rate = soundfile.read(io.BytesIO(done.stdout))
    assert rate == 16_000 and len(again) == len(wanted)


def test_it_is_played_where_no_file_is_named(model, monkeypatch):
    heard = []
    monkeypatch.setattr(play, "play", heard.append)
    assert "played" in call("speak", "One.", "--model", model).stderr
    assert np.array_equal(heard[0].samples, vocable.load(model).say("One.").samples)


def test_without_a_player_a_file_is_asked_for(model, monkeypatch):
    monkeypatch.setattr(play, "_PLAYERS", ())
    assert "-o speech.wav" in call("speak", "One.", "--model", model, code=2).stderr


def test_the_best_of_several_is_kept(model, tmp_path, monkeypatch):
    from vocable.measures import recognisers

    sayer = vocable.load(model)
    lengths = {sayer.say("One.", seed=seed).samples.tobytes(): seed for seed in range(3)}

    def hear(samples, rate):
        return "one" if lengths.get(samples[None].tobytes()) == 1 else "none"

    monkeypatch.setattr(recognisers, "load_recogniser", lambda name: hear)
    out = tmp_path / "out.wav"
    (facts,) = results("speak", "One.", "--model", model, "-o", out, "--best-of", 3)
    assert facts["seed"] == 1 and [each["errors"] for each in facts["tried"]] == [0, 1, 1]
    assert facts["reason"] == "end"
    wanted = sayer.say("One.", seed=1).samples
    assert np.allclose(vocable.Audio.read(out).samples, wanted, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["", "-o", "x.wav"], "there are no words to say"),
        (["🙂 …", "-o", "x.wav"], "there are no words to say"),
        (["One.", "-o", "x.txt"], ".wav"),
        (["One.", "-o", "x.wav", "--voice", "ana"], 'no voice "ana"'),
        (["One.", "-o", "x.wav", "--voice", "no.wav", "--consent", "A"], "no.wav"),
        (["One.", "-o", "x.wav", "--language", "fr"], "not in 'fr'"),
        (["One.", "-o", "-", "--json"], "stdout has the sound"),
    ],
)
def test_what_cannot_be_said_is_refused(model, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    refused = call("speak", *arguments, "--model", model, code=2)
    assert message in refused.stderr and refused.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_codec_does_not_speak(tmp_path):
    refused = call("speak", "One.", "--model", "speech-16k", "-o", tmp_path / "x.wav", code=2)
    assert "a Codec does not speak texts; take say-16k, a CSM" in refused.stderr
    speak = "speak", "One.", "--model", "speech-16k", "-o", tmp_path / "x.wav"
    assert "takes no adapter" in call(*speak, "--adapter", tmp_path, code=2).stderr
    assert "takes no --codec" in call(*speak, "--codec", tmp_path, code=2).stderr


def test_without_a_package_say_16k_tells_which_is_most_alike(model, her, tmp_path, monkeypatch):
    from vocable.measures import recognisers
    from vocable.speak import embedding

    def missing(name):
        raise MeasureError("needs the package Resemblyzer")

    monkeypatch.setattr(embedding, "load_embedding", missing)
    monkeypatch.setattr(recognisers, "load_recogniser", lambda name: lambda x, rate: "one")
    shown, out = ("--voice", her, "--consent", "A", "--best-of", 3), tmp_path / "x.wav"
    (facts,) = results("speak", "One.", "--model", model, "-o", out, *shown)
    assert facts["embedding"] == "say-16k"
    listener, voice = vocable.load("say-16k"), vocable.Voice.from_recording(her)
    wanted = listener.voice([voice])
    alike = [
        similarity(listener.voice([vocable.Voice(spoken)]), wanted)
        for spoken in (vocable.load(model).say("One.", voice, seed=seed) for seed in range(3))
    ]
    found = {each["seed"]: each["likeness"] for each in facts["tried"]}
    assert np.allclose([found[seed] for seed in range(3)], alike, atol=1e-3)
    assert facts["seed"] == int(np.argmax(alike)) and len({*alike}) == 3
    (facts,) = results("speak", "One.", "--model", model, "-o", out, "--best-of", 2, "--force")
    assert facts["embedding"] is None  # no recording to be like


def test_the_best_goes_to_stdout_too(model, monkeypatch):
    from vocable.measures import recognisers

    monkeypatch.setattr(recognisers, "load_recogniser", lambda name: lambda x, rate: "one")
    done = call("speak", "One.", "--model", model, "-o", "-", "--best-of", 2)
    wanted = vocable.load(model).say("One.", seed=0).samples[0]
    assert np.allclose(np.frombuffer(done.stdout_bytes[44:], "<i2") / 2**15, wanted, atol=1e-4)
