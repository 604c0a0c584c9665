"""`vocable encode --speakers 2`: a track of each speaker in one file; what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

import vocable
from tests.cli.calls import call, results
from tests.cli.small import RATE, write_tone
from tests.cli.test_bundle import units  # noqa: F401 - a fixture
from tests.separation.test_conv_tasnet import PAPER, network
from vocable.load import describe
from vocable.load.separators import save_separator
from vocable.separation import BySpeaker
from vocable.tokens import AudioTokens, write_tokens
from vocable.tokens.layouts import Speakers
from vocable.tokens.tracks import read_tracks


@pytest.fixture(scope="module")
def separators(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of small untrained separators."""
    folder = tmp_path_factory.mktemp("separators")
    made = {"causal": {}, "paper": PAPER, "three": {"speakers": 3}}
    for name, options in made.items():
        save_separator(network(rate=8000, **options), folder / name, name)
    return {name: folder / name for name in made}


@pytest.mark.parametrize("form", ["causal", "paper"])
def test_a_track_of_each_speaker(form, separators, small, speech):
    (facts,) = results(
        "encode", speech.name, "--codec", small, "--speakers", 2,
        "--separator", separators[form],
    )  # fmt: skip
    assert list(facts["tracks"]) == ["speaker-1", "speaker-2"]
    codec, separator = vocable.load(small), vocable.load(separators[form])
    tracks = read_tracks("speech.vcb")
    assert tracks.source == vocable.Source(RATE, RATE, 1)
    assert tracks == BySpeaker(separator, codec).encode("speech.wav")
    for part, tokens in zip(separator.separate("speech.wav"), tracks.values(), strict=True):
        assert tokens == codec.encode(part)
        assert len(codec.decode(tokens)) == RATE
    assert "track speaker-2" in call("info", "speech.vcb").output


def test_the_separator_of_the_package_is_the_default(small, speech):
    call("encode", speech.name, "--codec", small, "--speakers", 2)
    separator = vocable.load("separation-16k")
    wanted = BySpeaker(separator, vocable.load(small)).encode("speech.wav")
    assert read_tracks("speech.vcb") == wanted


def test_one_speaker_is_decoded(separators, small, speech):
    call("encode", speech.name, "--codec", small, "--speakers", 2, "--separator",
         separators["causal"])  # fmt: skip
    codec, tracks = vocable.load(small), read_tracks("speech.vcb")
    call("decode", "speech.vcb", "-o", "second.wav", "--codec", small, "--track", "speaker-2")
    wanted = np.clip(codec.decode(tracks["speaker-2"]).samples, -1, 1)
    np.testing.assert_allclose(vocable.Audio.read("second.wav").samples, wanted, atol=2**-15)
    sent = Path("speech.vcb").read_bytes()
    streamed = call("stream", "decode", "--codec", small, "--track", "speaker-2", stdin=sent)
    heard = np.frombuffer(streamed.stdout_bytes, "<i2") / 2**15
    np.testing.assert_allclose(heard, wanted[0], atol=1e-3)

    for options, says in [
        ((), "holds the tracks 'speaker-1', 'speaker-2', of which 2 .*; choose one by --track"),
        (("--track", "speaker-3"), "has no track 'speaker-3'; it holds 'speaker-1', 'speaker-2'"),
    ]:
        done = call("decode", "speech.vcb", "-o", "no.wav", "--codec", small, *options, code=1)
        assert re.search(f"speech.vcb {says}", done.output)
        done = call("stream", "decode", "--codec", small, *options, stdin=sent, code=1)
        assert re.search(f"stdin {says}", done.output)
    assert not Path("no.wav").exists()
    done = call("stream", "decode", "--conceal", "--track", "speaker-2", stdin=sent, code=2)
    assert "--conceal is for streams of one track; leave --track out" in done.output


def test_a_speaker_is_decoded_by_the_codec_that_the_tokens_name(here):
    spec = describe("speech-16k").spec
    codes = [np.zeros((1, 3), int) for _ in spec.levels]
    write_tokens("two.vcb", {name: AudioTokens(spec, codes) for name in ("one", "two")})
    call("decode", "two.vcb", "-o", "two.wav", "--track", "two")
    assert len(vocable.Audio.read("two.wav")) == 3 * spec.frame
    sent = Path("two.vcb").read_bytes()
    for command in (("decode", "two.vcb", "-o", "no.wav"), ("stream", "decode")):
        done = call(*command, stdin=sent, code=1)
        says = "holds the tracks 'one', 'two', of which 2 can be heard; choose one by --track"
        assert says in done.output
    AudioTokens(spec, codes).save("one.vcb")
    done = call("decode", "one.vcb", "--track", "one", code=1)
    assert "one.vcb holds one track, which has no name; leave --track out" in done.output


def test_speakers_side_by_side_and_by_turns(separators, small, speech):
    codec = vocable.load(small)
    tracks = BySpeaker(vocable.load(separators["causal"]), codec).encode(speech)
    both = tracks.side_by_side()
    assert (both.streams, both.frames) == (2, tracks["speaker-1"].frames)
    np.testing.assert_array_equal(both.codes[1], tracks["speaker-2"].codes[0])
    decoded = codec.decode(both)
    assert (decoded.channels, len(decoded)) == (2, RATE)
    joint = Speakers().arrange(both)
    assert Speakers().restore(joint, both.spec, source=both.source) == both


def test_units_are_encoded_by_speaker(separators, units, speech):  # noqa: F811
    call("encode", speech.name, "--codec", units, "--speakers", 2, "--separator",
         separators["causal"])  # fmt: skip
    tracks = read_tracks("speech.vcb")
    separator = vocable.load(separators["causal"])
    assert tracks == BySpeaker(separator, vocable.load(units)).encode(speech)


def test_channels_are_mixed_where_that_is_asked(separators, small, here):
    write_tone(here / "stereo.wav", 0.5, channels=2)
    given = ("encode", "stereo.wav", "--codec", small, "--speakers", 2, "--separator",
             separators["causal"])  # fmt: skip
    done = call(*given, code=1)
    assert "stereo.wav" in done.output and "has 2 channels but a separator takes one" in done.output
    assert not (here / "stereo.vcb").exists()
    call(*given, "--mix")
    assert read_tracks("stereo.vcb").source.channels == 1


def test_silence_is_encoded_as_silence(separators, small, here):
    soundfile.write("silence.wav", np.zeros(9000), RATE)
    call("encode", "silence.wav", "--codec", small, "--speakers", 2, "--separator",
         separators["paper"])  # fmt: skip
    codec = vocable.load(small)
    silence = codec.encode("silence.wav")
    assert all(tokens.codes.tolist() == silence.codes.tolist()
               for tokens in read_tracks("silence.vcb").values())  # fmt: skip


def test_a_separator_is_no_codec(separators, speech):
    done = call("encode", speech.name, "--codec", separators["paper"], code=2)
    assert "parts speakers and gives no tokens; name it as --separator" in done.output


def test_a_full_disk_is_said_in_a_line(separators, small, speech, monkeypatch):
    def full(file, samples):
        raise soundfile.LibsndfileError(2)

    monkeypatch.setattr(soundfile.SoundFile, "write", full)
    asked = ["--codec", small, "--speakers", 2, "--separator", separators["paper"]]
    done = call("encode", speech.name, *asked, code=1)
    assert "writing the parts of the recording failed" in done.output
    assert "bug in vocable" not in done.output
    assert sorted(path.name for path in speech.parent.iterdir()) == ["speech.wav"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--separator", "paper"], "--separator is for --speakers N; give both"),
        (["--speakers", "3"], "--speakers 3: separation-16k parts 2; ask for"),
        (["--speakers", "3", "--separator", "paper"], "--speakers 3: .*paper parts 2; ask for"),
        (["--speakers", "2", "--separator", "three"], "--speakers 2: .*three parts 3"),
        (["--speakers", "0", "--separator", "paper"], "0 is not in the range"),
        (["--speakers", "2", "--separator", "small"], "--separator: .*does not part speakers"),
        (["--speakers", "2", "--separator", "nobody"], '--separator: no model named "nobody"'),
        (["--speakers", "2", "--separator", "paper", "--levels", "3"], "are of one codec"),
        (["--speakers", "2", "--separator", "paper", "-o", "speech.npz"], "speech.npz"),
    ],
)
def test_what_is_refused(options, says, separators, small, speech):
    known = {**separators, "small": small}
    given = [str(known.get(option, option)) for option in options]
    done = call("encode", speech.name, "--codec", small, *given, code=2)
    assert re.search(says, done.output), done.output
    assert sorted(path.name for path in speech.parent.iterdir()) == ["speech.wav"]


def test_a_bundle_is_refused(separators, small, units, speech):  # noqa: F811
    done = call("encode", speech.name, "--codec", f"{units}+{small}", "--speakers", 2,
                "--separator", separators["paper"], code=2)  # fmt: skip
    assert "--speakers: each speaker is encoded by one tokenizer" in done.output


def test_info_says_what_a_separator_does(separators):
    (facts,) = results("info", separators["three"])
    assert facts["architecture"] == "conv-tasnet"
    assert "3 speakers at 8000 Hz, in steps" in call("info", separators["three"]).output
