"""What is said in another voice lasts as long; what a way keeps stays, what it moves gets there."""

from pathlib import Path

import numpy as np
import pytest
import torch

import vocable
from tests.cli.calls import call, results
from tests.train.say.small import recipe
from vocable import testing
from vocable.audio import Audio, Voice
from vocable.errors import AudioError, ModelError, TokenError
from vocable.load import load_codec, load_encoder, load_tokenizer, save_model
from vocable.speak.conversion import (
    Converts,
    FrameConversion,
    PitchConversion,
    PitchRange,
    TimbreConversion,
    UnitConversion,
    conversion,
    pitch_range,
)
from vocable.speak.conversion.frames import Rows, nearest
from vocable.testing.codec_examples import small_codec
from vocable.train import run
from vocable.train.say.packed import Utterance, pack
from vocable.train.say.prepare import units_to_learn
from vocable.train.say.units import Units

SPEECH = Path(__file__).parents[3] / "examples" / "speech.flac"


@pytest.fixture(scope="module")
def codec():
    return load_codec("speech-16k")


@pytest.fixture(scope="module")
def voice():
    """Return the speaker of the example as a child: a third higher and faster."""
    audio = Audio.read(SPEECH)
    return Voice(Audio(audio.samples, round(audio.rate * 1.3)).resample(audio.rate))


@pytest.fixture(scope="module")
def vocoder(codec, tmp_path_factory):
    """Return the folder of a vocoder of units that has learnt next to nothing."""
    folder, units = tmp_path_factory.mktemp("vocoder"), Units(load_tokenizer("units-16k"))
    learnt = units_to_learn(Audio.read(SPEECH), codec, units)
    rows = [Utterance(split, "a", split, "toy", *learnt) for split in ("train", "valid")]
    pack(rows, codec.spec.space, 0.04, units.alphabet).save(folder / "speech.npz")
    small = recipe(schedule={"steps": 1, "warmup": 1})
    run(small, folder / "speech.npz", folder / "run")
    return folder / "run"


def test_a_range_goes_to_another():
    random = np.random.default_rng(0)
    hz = torch.tensor(120 * 2 ** (0.3 * random.normal(size=2001)))
    low, middle, high = hz.log2().quantile(hz.new_tensor([0.25, 0.5, 0.75])).tolist()
    found = PitchRange(middle, high - low).to(PitchRange(7.8, 0.7), hz).log2()
    low, middle, high = found.quantile(hz.new_tensor([0.25, 0.5, 0.75])).tolist()
    assert middle == pytest.approx(7.8) and high - low == pytest.approx(0.7)


def test_a_steady_voice_does_not_run_away():
    hz = torch.tensor([150.0, 300.0])  # a slip of an octave
    found = PitchRange(7.23, 0.01).to(PitchRange(7.6, 0.6), hz).log2()
    assert float(found[1] - found[0]) == pytest.approx(2)


def test_a_range_is_the_quartiles_of_all_points(codec):
    """Of tokens in pieces as of the whole; torch's quantile is the reference."""
    tokens = codec.encode(SPEECH)
    hz = codec.model.pitch(tokens)
    low, middle, high = (
        hz[hz > 0].double().log2().quantile(torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64))
    ).tolist()
    for pieces in ([tokens], [tokens[:10], tokens[10:11], tokens[11:]]):
        found = pitch_range(codec.model, pieces)
        assert found.middle == pytest.approx(middle, abs=1e-12)
        assert found.spread == pytest.approx(high - low, abs=1e-12)


def test_pitch_moves_and_the_rest_stays(codec, voice):
    tokens = codec.encode(SPEECH)
    moved = PitchConversion(codec).tokens(tokens, voice)
    assert moved.source == tokens.source
    for before, after in zip(tokens.stacks[1:], moved.stacks[1:], strict=True):
        assert np.array_equal(before, after)
    own, found, wanted = (
        pitch_range(codec.model, [each]) for each in (tokens, moved, codec.encode(voice.audio))
    )
    assert wanted.middle - own.middle > 0.25 and abs(found.middle - wanted.middle) < 0.05
    unvoiced = (codec.model.pitch(tokens) == 0).numpy(), (codec.model.pitch(moved) == 0).numpy()
    assert np.mean(unvoiced[0] == unvoiced[1]) > 0.98


def test_the_own_frames_are_the_nearest():
    rows = torch.randn(300, 8, generator=torch.Generator().manual_seed(0))
    assert nearest(rows, rows)[:, 0].tolist() == list(range(300))
    assert nearest(rows, rows[:2]).shape == (300, 2)


def test_frames_are_the_others(codec, voice):
    found = FrameConversion(codec, load_encoder("units-16k"), 5).convert(SPEECH, voice)
    mine = codec.encode(found)
    own, other = codec.encode(SPEECH), codec.encode(voice.audio)
    ranges = [pitch_range(codec.model, [each]).middle for each in (own, mine, other)]
    assert abs(ranges[1] - ranges[2]) < 0.1 < ranges[2] - ranges[0]
    levels = [
        codec.model.quantizer.level_book.entries[each.stacks[1][0].tolist()] for each in (own, mine)
    ]
    assert np.corrcoef(*(each.flatten().numpy() for each in levels))[0, 1] > 0.9


@pytest.mark.parametrize("rate", [16_000, 22_050])
def test_each_way_keeps_the_length(codec, voice, vocoder, rate):
    audio = Audio(Audio.read(SPEECH).samples[:, :22_051], rate)
    ways = [
        PitchConversion(codec),
        FrameConversion(codec, load_encoder("units-16k"), 5),
        UnitConversion(load_tokenizer("units-16k"), vocable.load(vocoder)),
    ]
    for way in ways:
        found = way.convert(audio, voice)
        assert (found.samples.shape, found.rate) == (audio.samples.shape, rate)


@pytest.mark.parametrize("number", range(3))
def test_a_file_is_converted_as_a_recording(codec, voice, vocoder, tmp_path, number):
    """Of more than one chunk of tokens, two channels and another rate."""
    ways = [
        lambda: PitchConversion(codec),
        lambda: FrameConversion(codec, load_encoder("units-16k"), 5),
        lambda: UnitConversion(load_tokenizer("units-16k"), vocable.load(vocoder), seed=3),
    ]
    speech = Audio.read(SPEECH)
    long = np.tile(speech.samples, (2, -(-11 * speech.rate // len(speech))))
    long[1] *= 0.5
    Audio(long, speech.rate).resample(22_050).save(tmp_path / "in.wav")
    way, done = ways[number](), []
    assert isinstance(way, Converts)
    way.convert_to(tmp_path / "in.wav", tmp_path / "out.wav", voice, progress=done.append)
    found, wanted = Audio.read(tmp_path / "out.wav"), way.convert(tmp_path / "in.wav", voice)
    assert (found.rate, found.samples.shape) == (22_050, wanted.samples.shape)
    np.testing.assert_allclose(found.samples, np.clip(wanted.samples, -1, 1), atol=2**-14)
    assert done == sorted(done) and done[-1] == 1.0
    with pytest.raises(FileExistsError, match="out.wav exists"):
        way.convert_to(tmp_path / "in.wav", tmp_path / "out.wav", voice)
    with pytest.raises(AudioError, match="wave"):
        way.convert_to(tmp_path / "in.wav", tmp_path / "out.wave", voice)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.wav", "out.wav"]


@pytest.mark.parametrize("sizes", [[7], [1] * 7, [0, 3, 0, 4], [2, 5]])
def test_rows_come_in_order_and_the_last_goes_on(sizes):
    rows = torch.arange(14.0).reshape(7, 2)
    taken = Rows(iter([part.numpy() for part in torch.split(rows, sizes)]))
    assert torch.equal(taken.take(4), rows[:4])
    assert torch.equal(taken.take(3), rows[4:])
    assert torch.equal(taken.take(2), rows[-1:].expand(2, -1))
    with pytest.raises(ModelError, match="too short for a frame of features"):
        Rows(iter([])).take(1)


@pytest.mark.slow
@pytest.mark.alone
def test_files_of_any_length_take_bounded_memory(tmp_path):
    speech = Audio.read(SPEECH)
    way, shown = PitchConversion(load_codec("speech-16k")), Voice(speech)
    for seconds in (20, 140):
        long = np.tile(speech.samples, (1, -(-seconds * speech.rate // len(speech))))
        Audio(long, speech.rate).save(tmp_path / f"{seconds}.wav")

    def convert(seconds: int) -> None:
        way.convert_to(tmp_path / f"{seconds}.wav", tmp_path / "o.wav", shown, overwrite=True)

    testing.check_bounded(convert, 20, 140, slack=2**23)


def test_timbre_is_the_others_and_codes_stay(voice, tmp_path):
    """An untrained FACodec: what is said beside the codes is another's, and heard."""
    codec = small_codec("facodec")
    way, short = TimbreConversion(codec), Audio(Audio.read(SPEECH).samples[:, :12_001], 16_000)
    own, other = (codec.encode(each) for each in (short, voice.audio))
    moved = way.tokens(own, voice)
    assert moved.source == own.source and moved.spec == own.spec
    assert all(np.array_equal(a, b) for a, b in zip(own.stacks, moved.stacks, strict=True))
    assert np.array_equal(moved.sides["timbre"], other.sides["timbre"])
    found = way.convert(short, voice)
    assert found.samples.shape == short.samples.shape
    assert np.abs(found.samples - codec.decode(own).samples).max() > 1e-4
    save_model(codec.model, tmp_path / "codec")
    short.save(tmp_path / "in.wav")
    again = conversion("timbre", str(tmp_path / "codec"))
    again.convert_to(tmp_path / "in.wav", tmp_path / "out.wav", voice)
    wanted = again.convert(tmp_path / "in.wav", voice)
    np.testing.assert_allclose(
        Audio.read(tmp_path / "out.wav").samples, np.clip(wanted.samples, -1, 1), atol=2**-14
    )


def test_two_channels_are_mixed(codec, voice):
    audio = Audio.read(SPEECH)
    both = Audio(np.concatenate((audio.samples, audio.samples)), audio.rate)
    way = PitchConversion(codec)
    np.testing.assert_allclose(
        way.convert(both, voice).samples, way.convert(audio, voice).samples, atol=1e-6
    )


def test_what_cannot_be_is_refused(codec, voice, vocoder, tmp_path):
    silence = Voice(Audio(np.zeros((1, 32_000)), 16_000))
    with pytest.raises(TokenError, match="no voice is heard in the recording: none of its frames"):
        PitchConversion(codec).convert(SPEECH, silence)
    with pytest.raises(ModelError, match="sound-48k has no level of pitch to move; take speech"):
        PitchConversion(load_codec("sound-48k"))
    with pytest.raises(ModelError, match="speech-16k holds no timbre beside its codes; take a c"):
        conversion("timbre", "speech-16k")
    with pytest.raises(ModelError, match="unit-voice-16k .*"):
        conversion("timbre")
    with pytest.raises(ModelError, match='no way of conversion is named "unit"; .*units'):
        conversion("unit")
    with pytest.raises(
        ModelError, match="speech-16k is not a vocoder of units; .* makes one, or train say"
    ):
        conversion("units", "speech-16k")
    with pytest.raises(
        ModelError, match="was made for units of units-16k@1.* but .* gives speech-16k@2"
    ):
        UnitConversion(codec, vocable.load(vocoder))
    short = Audio(np.zeros((1, 300)), 16_000)
    with pytest.raises(TokenError, match="tokens have 0 frames; at least 1 is needed, 25 ms"):
        UnitConversion(load_tokenizer("units-16k"), vocable.load(vocoder)).convert(short, voice)
    short.save(tmp_path / "short.wav")
    way = UnitConversion(load_tokenizer("units-16k"), vocable.load(vocoder))
    with pytest.raises(TokenError, match="units of the recording have 0 frames; .* 25 ms"):
        way.convert_to(tmp_path / "short.wav", tmp_path / "out.wav", voice)


def test_the_command_converts(tmp_path, voice, vocoder):
    voice.audio.save(tmp_path / "her.wav")
    Audio.read(SPEECH).save(tmp_path / "him.wav")
    asked = ["convert", tmp_path / "him.wav", "--voice", tmp_path / "her.wav"]
    refused = call(*asked, "--way", "pitch", code=2)
    assert "whose voice is that? say who agreed" in refused.stderr
    asked += ["--consent", "her, in a test"]
    (facts,) = results(*asked, "--way", "units", "--model", vocoder)
    out = Path(facts["out"])
    assert out == tmp_path / "him-converted.wav" and facts["consent"] == "her, in a test"
    assert Audio.read(out).samples.shape == Audio.read(SPEECH).samples.shape
    assert "--force" in call(*asked, "--way", "pitch", code=2).stderr
    assert "him-converted.wav" in call(*asked, "--way", "pitch", "--force").stderr


def test_half_a_second_is_no_voice(tmp_path):
    Audio(0.1 * np.ones((1, 8000)), 16_000).save(tmp_path / "her.wav")
    asked = ["convert", SPEECH, "--voice", tmp_path / "her.wav", "-o", tmp_path / "out.wav"]
    refused = call(*asked, "--consent", "her", "--way", "pitch", code=2)
    assert "the voice is heard for 0.50 s; give 1 s or more" in refused.stderr
    assert not (tmp_path / "out.wav").exists()
