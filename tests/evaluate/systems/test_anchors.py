"""Opus, MP3 and Codec2: laws, bits, and what is said where they are missing."""

import sys

import numpy as np
import pytest

from tests.evaluate.systems.examples import check_keeps, made, recording
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.evaluate.recording import Recording
from vocable.evaluate.systems import Codec2, Mp3, Opus, System, anchors
from vocable.evaluate.systems import codec2 as codec2_module
from vocable.evaluate.systems.av_coding import AvCoder, version
from vocable.evaluate.systems.classical import mpeg_rate
from vocable.measures import si_sdr, stoi

AV = [Opus(6, True), Opus(12, True), Opus(24, False), Mp3(16), Mp3(36)]
NAMES = ["Opus 6", "Opus 12", "Opus 24", "MP3 16", "MP3 36"]
codec2_here = pytest.mark.skipif(codec2_module.missing(), reason="no c2enc, c2dec")


@pytest.fixture
def av():
    return pytest.importorskip("av")


@pytest.mark.parametrize("system", AV, ids=NAMES)
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 1), (22050, 2), (48000, 1)])
def test_opus_and_mp3_keep_length_time_and_level(av, system, rate, channels):
    assert isinstance(system, System)
    x = recording(rate, channels)
    found = check_keeps(system, x, level=2.5)
    assert 0.5 < found.bits / x.audio.seconds / (1000 * system.kbps) < 2.3
    assert found.bits % 8 == 0


@pytest.mark.parametrize(("system", "name"), list(zip(AV, NAMES, strict=True)), ids=NAMES)
def test_names_say_codec_and_rate(system, name):
    assert system.name == name and name.startswith(system.family)


def test_higher_rates_cost_more_and_keep_more(av):
    x = recording(48000)
    for kind in (lambda kbps: Opus(kbps, False), Mp3):
        few, many = made(kind(24), x), made(kind(64), x)
        assert few.bits < many.bits
        reference = x.audio.samples[0].astype(float)
        outputs = [each.audio.samples[0].astype(float) for each in (few, many)]
        scores = [si_sdr(reference, output, 48000) for output in outputs]
        assert 5 < scores[0] < scores[1]


@pytest.mark.parametrize(
    ("coder", "ending"),
    [
        (AvCoder("libopus", "libopus", "flt", {"application": "audio"}), "ogg"),
        (AvCoder("libmp3lame", "mp3float", "fltp", {"abr": "1"}), "mp3"),
    ],
)
def test_bits_are_those_of_the_packets_in_a_file(av, tmp_path, coder, ending):
    """PyAV writes the same packets into a container, whose reader gives them back."""
    audio = recording(48000, seconds=1.0).audio
    _, bits = coder.code(audio, 64000)
    path = str(tmp_path / f"x.{ending}")
    with av.open(path, "w") as file:
        stream = file.add_stream(coder.encoder, rate=48000, layout="mono", options=coder.options)
        stream.codec_context.format, stream.bit_rate = coder.sample_format, 64000
        frame = av.AudioFrame.from_ndarray(audio.samples, coder.sample_format, "mono")
        frame.sample_rate, frame.pts = 48000, 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    with av.open(path) as file:
        assert bits == 8 * sum(packet.size for packet in file.demux(audio=0))


def test_identity_is_of_settings_and_encoder(av):
    systems = [*AV, Opus(12, False), Mp3(24)]
    identities = [system.identity("a") for system in systems]
    assert len({str(each) for each in identities}) == len(systems)
    assert all(version().items() <= each.items() for each in identities)
    assert Opus(6, True).identity("a") == Opus(6, True).identity("b")


@pytest.mark.parametrize(
    ("kbps", "rate", "coded"),
    [(8.0, 48000, 8000), (24.0, 48000, 16000), (36.0, 48000, 24000), (36.0, 16000, 16000)]
    + [(64.0, 44100, 44100), (64.0, 96000, 48000), (24.0, 10000, 11025), (0.5, 48000, 8000)],
)
def test_mp3_is_coded_at_the_rate_that_lame_chooses(kbps, rate, coded):
    assert mpeg_rate(kbps, rate) == coded


def test_silence_and_a_single_sample_have_their_length_too(av):
    for samples in (np.zeros((1, 4000), np.float32), np.full((1, 1), 0.1, np.float32)):
        x = Recording("short", Audio(samples, 16000))
        for system in AV:
            assert made(system, x).audio.samples.shape == samples.shape


def test_what_they_do_not_take_is_refused_in_one_line(av):
    six = Recording("six", Audio(np.zeros((6, 100), np.float32), 48000))
    with pytest.raises(MeasureError, match=r"^libopus takes one or two channels, got 6; mix them"):
        made(Opus(12, False), six)
    with pytest.raises(MeasureError, match=r"^libopus does not take 9000000 bit/s at 48000 Hz \("):
        made(Opus(9000, False), recording(48000))


@codec2_here
@pytest.mark.parametrize(("mode", "least"), [(3200, 0.6), (1300, 0.5)])
def test_codec2_keeps_length_time_and_level(mode, least):
    x = recording(16000, 2)
    # Of a vocoder the delay is told to some milliseconds.
    found = check_keeps(Codec2(mode), x, late=0.006, level=3.0)
    assert found.bits == pytest.approx(2 * mode * x.audio.seconds)
    pair = (each.samples[0].astype(float) for each in (x.audio, found.audio))
    assert stoi(*pair, 16000) > least


@codec2_here
def test_codec2_is_known_by_what_it_makes():
    assert Codec2(1300).identity("a") == Codec2(1300).identity("b")
    assert Codec2(1300).identity("a")["makes"] != Codec2(3200).identity("a")["makes"]


def test_codec2_has_its_modes_only():
    with pytest.raises(MeasureError, match=r"^Codec2 has the modes 3200, .*1200; not 700$"):
        Codec2(700)


def test_anchors_are_those_that_are_here(av, monkeypatch):
    for speech, names in ((True, ["Opus 6", "Opus 12", "MP3 16"]), (False, ["Opus 12", "Opus 24"])):
        found, _ = anchors(speech)
        assert [system.name for system in found][: len(names)] == names
        assert all(system.speech is speech for system in found if isinstance(system, Opus))
    monkeypatch.setattr("shutil.which", lambda name: None)
    found, missing = anchors(True)
    assert missing == ["Codec2: apt-get install codec2"]
    assert not any(isinstance(system, Codec2) for system in found)


def test_without_pyav_anchors_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    found, missing = anchors(False)
    extra = 'pip install "vocable[media]"'
    assert found == [] and missing == [f"Opus: {extra}", f"MP3: {extra}"]


def test_other_rates_may_be_asked_for(av):
    found, _ = anchors(True, {"Opus": (9,)})
    assert found == [Opus(9, True)]
    with pytest.raises(MeasureError, match=r'^no anchor is called "Opsu"; nearest: "Opus"$'):
        anchors(True, {"Opsu": (9,)})
