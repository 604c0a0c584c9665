"""A vocoder of units: exact lengths, blocks, durations, voices, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import vocable
from tests.units.vocoder.test_hifigan import TOY, network
from vocable import testing
from vocable.audio import Audio
from vocable.errors import ModelError, TokenError
from vocable.tokens import AudioTokens, Level, Source, TokenSpec, write_tokens
from vocable.unit_vocoder import UnitVocoder
from vocable.units.vocoder.codec import UnitCodec
from vocable.units.vocoder.durations import DurationConfig
from vocable.units.vocoder.hifigan import UnitHifiGanConfig
from vocable.units.vocoder.vocoder import Vocoder

SPEC = TokenSpec("toy@1:0123456789abcdef", 16_000, 10, 1, (Level(10, role="semantic"),), (1,),
                 window=14)  # fmt: skip


def vocoder(**changes):
    return Vocoder(network(replace(TOY, **changes)), SPEC, name="toy-vocoder")


def units(count, streams=1, seed=0):
    return np.random.default_rng(seed).integers(0, 10, (streams, count))


def tokens_of(samples, rate=16_000, channels=1):
    source = Source(samples, rate, channels)
    return AudioTokens(SPEC, [units(SPEC.frames(SPEC.samples(source)), channels)], source=source)


@pytest.mark.parametrize("rate", [16_000, 44_100, 8000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("samples", [200, 203, 6011])
def test_the_length_is_that_of_the_source(samples, channels, rate):
    tokens = tokens_of(samples, rate, channels)
    found = vocoder().decode(tokens)
    assert found.samples.shape == (channels, samples) and found.rate == rate
    assert np.abs(found.samples[:, -1]).max() > 0  # sound to the end, no silence put on


def test_units_without_a_source_give_whole_frames():
    made = vocoder()
    assert made.decode(AudioTokens(SPEC, [units(7)])).samples.shape == (1, 70)
    higher = Vocoder(network(replace(TOY, rate=32_000, rates=(5, 4), kernels=(11, 8))), SPEC)
    assert higher.spec.writes == 32_000
    found = higher.decode(AudioTokens(SPEC, [units(7)]))
    assert found.rate == 32_000 and found.samples.shape == (1, 140)


def test_it_has_the_form_of_all_vocoders_of_units():
    made = vocoder()
    assert isinstance(made, UnitVocoder) and made.rate == made.spec.writes


def test_blocks_give_what_the_whole_gives():
    """1203 frames are three tiles; the network run whole is the reference."""
    made, codes = vocoder(), units(1203)
    found = made.decode(AudioTokens(SPEC, [codes]), speaker=1).samples
    net = made.network
    with torch.no_grad():
        wanted = net(torch.from_numpy(codes), speaker=net.speaker.weight[1:2])[0]
    np.testing.assert_allclose(found, wanted.numpy(), rtol=0, atol=1e-6)


def test_durations_are_what_lasts():
    made, tokens = vocoder(), tokens_of(3000)
    joined = tokens.dedup()
    assert len(joined.durations) < tokens.frames
    np.testing.assert_array_equal(made.decode(joined).samples, made.decode(tokens).samples)


def test_predicted_durations_join_neighbours_first():
    made = vocoder()
    tokens = AudioTokens(SPEC, [np.array([[4, 4, 4, 2, 2, 7]])])
    timed = made.timed(tokens)
    assert timed.stacks[0].tolist() == [[4, 2, 7]] and timed.source is None
    net = made.network
    with torch.no_grad():
        wanted = net.durations.frames(net.durations(net.units(torch.tensor([[4, 2, 7]]))))
    assert timed.durations.tolist() == wanted[0].tolist()
    found = made.decode(tokens, predict=True)
    assert found.samples.shape == (1, 10 * timed.frames)
    long = AudioTokens(SPEC, [units(1200)])  # in tiles, as whole
    with torch.no_grad():
        merged = torch.from_numpy(long.dedup().stacks[0].astype(np.int64))
        wanted = net.durations.frames(net.durations(net.units(merged)))
    assert made.timed(long).durations.tolist() == wanted[0].tolist()


@pytest.mark.parametrize("predict", [False, True])
@pytest.mark.parametrize("source", [True, False])
def test_a_file_gives_the_same_samples(tmp_path, predict, source):
    made = vocoder()
    tokens = tokens_of(17_003, 22_050) if source else AudioTokens(SPEC, [units(1100)])
    tokens.dedup().save(tmp_path / "a.vcb")
    done = []
    made.decode_to(
        tmp_path / "a.vcb", tmp_path / "a.wav", speaker=2, predict=predict, progress=done.append
    )
    wanted = made.decode(tokens, speaker=2, predict=predict)
    found = Audio.read(tmp_path / "a.wav")
    assert found.rate == wanted.rate and done[-1] == 1.0
    np.testing.assert_allclose(found.samples, wanted.samples, rtol=0, atol=2**-15)


def test_one_of_several_tracks_of_units(tmp_path):
    made, found = vocoder(), {name: tokens_of(900 + len(name)) for name in ("a", "bb")}
    write_tokens(tmp_path / "x.vcb", found)
    made.decode_to(tmp_path / "x.vcb", tmp_path / "b.wav", track="bb")
    wanted = made.decode(found["bb"]).samples
    np.testing.assert_allclose(Audio.read(tmp_path / "b.wav").samples, wanted, atol=2**-15)
    with pytest.raises(TokenError, match="tracks 'a', 'bb', of which 2 are of toy@1"):
        made.decode_to(tmp_path / "x.vcb", tmp_path / "c.wav")


def test_a_speaker_is_a_number_a_name_or_a_vector():
    made = Vocoder(network(), SPEC, speakers=("ann", "bob", "cy"))
    tokens = AudioTokens(SPEC, [units(5)])
    first, second = (made.decode(tokens, speaker=n).samples for n in (0, 1))
    np.testing.assert_array_equal(made.decode(tokens).samples, first)
    np.testing.assert_array_equal(made.decode(tokens, speaker="bob").samples, second)
    row = made.network.speaker.weight[1]
    np.testing.assert_array_equal(made.decode(tokens, speaker=row).samples, second)
    assert np.abs(first - second).max() > 1e-4


def test_a_vector_is_mapped_where_the_vocoder_was_trained_on_such():
    made = vocoder(speakers=0, speaker_vector=6)
    tokens = AudioTokens(SPEC, [units(5)])
    assert made.decode(tokens, speaker=[0.1] * 6).samples.shape == (1, 50)
    for wrong in (None, 0, [0.1] * 5, [float("nan")] * 6):
        with pytest.raises(ModelError, match="vector of 6 numbers"):
            made.decode(tokens, speaker=wrong)


def test_languages_and_pitch():
    made = vocoder(languages=2, language_width=2, pitch_bins=4, pitch_width=2)
    tokens = AudioTokens(SPEC, [units(6)])
    coarse, fine = [1, 3], [1, 1, 1, 3, 3, 3]
    found = made.decode(tokens, language=1, pitch=fine).samples
    np.testing.assert_array_equal(made.decode(tokens, language=1, pitch=coarse).samples, found)
    assert np.abs(made.decode(tokens, language=0, pitch=fine).samples - found).max() > 1e-4
    for options, what in [
        ({}, "told the pitch"),
        ({"pitch": [1] * 4}, "a whole share"),
        ({"pitch": [4] * 6}, "bins, 0 to 3"),
        ({"pitch": [0.5] * 6}, "bins, 0 to 3"),
        ({"pitch": fine, "language": 2}, "languages of toy-vocoder are 0 to 1"),
    ]:
        with pytest.raises(ModelError, match=what):
            made.decode(tokens, **options)
    values = vocoder(pitch_value=True)
    assert values.decode(tokens, pitch=[100.0] * 6).samples.shape == (1, 60)


@pytest.mark.parametrize(
    "changes, options, what",
    [
        ({}, {"speaker": 3}, "speakers of toy-vocoder are 0 to 2, and 3"),
        ({}, {"speaker": "ann"}, "numbers only"),
        ({"speakers": 0}, {"speaker": 1}, "has one speaker"),
        ({"speakers": 0}, {"speaker": [0.0, 1.0]}, "has one speaker"),
        ({}, {"language": 1}, "has no languages"),
        ({}, {"pitch": [1.0]}, "is told no pitch"),
        ({"durations": None}, {"predict": True}, "does not foretell durations"),
    ],
)
def test_what_a_vocoder_has_not_is_refused(changes, options, what):
    with pytest.raises(ModelError, match=what):
        vocoder(**changes).decode(AudioTokens(SPEC, [units(4)]), **options)


ODD = [
    (["a", "b"], "list of <U1"),
    ("high", "str of <U4"),
    ([[1, 2], [3]], "list \\("),
    ([None] * 6, "list of object"),
    (np.zeros(6, complex), "ndarray of complex128"),
    (np.zeros(6, bool), "ndarray of bool"),
    ([], "whole share"),
    (np.zeros((1, 0), int), "whole share"),
    (np.zeros((1, 1, 6), int), r"pitch is \[1, 1, 6\]"),
    (np.zeros((2, 6), int), r"pitch is \[2, 6\]; wanted 1 rows for 6 frames"),
]


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("form", [{"pitch_bins": 4, "pitch_width": 2}, {"pitch_value": True}])
@pytest.mark.parametrize(("pitch", "what"), ODD, ids=[str(k) for k in range(len(ODD))])
def test_odd_pitch_is_refused(form, pitch, what):
    with pytest.raises(ModelError, match=what) as error:
        vocoder(**form).decode(AudioTokens(SPEC, [units(6)]), pitch=pitch)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("worst", [np.nan, np.inf, 1e300])
def test_pitch_that_is_not_finite_is_refused(worst):
    tokens = AudioTokens(SPEC, [units(6)])
    with pytest.raises(ModelError, match="values, all finite"):
        vocoder(pitch_value=True).decode(tokens, pitch=[100.0] * 5 + [worst])
    with pytest.raises(ModelError, match="bins, 0 to 3, got"):
        vocoder(pitch_bins=4, pitch_width=2).decode(tokens, pitch=[1.0] * 5 + [worst])


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("language", "what"),
    [
        ("de", "languages of toy-vocoder are 0 to 1, got str"),
        (1.0, "got float"),
        (None, "got NoneType"),
        ([0, 1], "got list"),
        (np.zeros(2), "got ndarray"),
        (-1, "and -1 is asked for"),
        (2, "and 2 is asked for"),
    ],
)
def test_odd_languages_are_refused(language, what):
    tokens = AudioTokens(SPEC, [units(4)])
    with pytest.raises(ModelError, match=what):
        vocoder(languages=2, language_width=2).decode(tokens, language=language)
    with pytest.raises(ModelError, match="toy-vocoder has no languages; leave language out"):
        vocoder().decode(tokens, language=language)


def test_a_language_of_another_integer_type_is_a_language():
    made, tokens = vocoder(languages=2, language_width=2), AudioTokens(SPEC, [units(4)])
    wanted = made.decode(tokens, language=1).samples
    np.testing.assert_array_equal(made.decode(tokens, language=np.int8(1)).samples, wanted)


@pytest.mark.parametrize("speaker", ["ann", ["a"] * 6, [[0.1] * 6], np.zeros(6, complex), {1: 2}])
def test_odd_vectors_are_refused(speaker):
    tokens = AudioTokens(SPEC, [units(4)])
    for form in ({"speakers": 0, "speaker_vector": 6}, {}):
        if form or not isinstance(speaker, str):
            with pytest.raises(ModelError, match="takes a speaker as a vector of") as error:
                vocoder(**form).decode(tokens, speaker=speaker)
            assert "\n" not in str(error.value)


def test_units_of_other_centres_are_refused(tmp_path):
    made = vocoder()
    other = AudioTokens(replace(SPEC, space="other@1:0123456789abcdef"), [units(40)])
    other.save(tmp_path / "a.vcb")
    with pytest.raises(TokenError, match="from other@1:.* was made for units of toy@1"):
        made.decode(other)
    with pytest.raises(TokenError, match="from other@1:.* was made for units of toy@1"):
        made.decode_to(tmp_path / "a.vcb", tmp_path / "a.wav")
    assert not (tmp_path / "a.wav").exists()
    assert made.decode(other, trust_space=True).samples.shape == (1, 400)
    larger = replace(SPEC, space="other@1:0123456789abcdef", levels=(Level(11, role="semantic"),))
    with pytest.raises(TokenError, match="have 11 codes"):
        made.decode(AudioTokens(larger, [units(4)]), trust_space=True)


def test_a_vocoder_whose_files_name_no_units_is_bound_first():
    made = Vocoder(network(), name="theirs")
    with pytest.raises(ModelError, match="bound"):
        made.decode(AudioTokens(SPEC, [units(4)]))
    assert made.bound(SPEC).decode(AudioTokens(SPEC, [units(4)])).samples.shape == (1, 40)
    with pytest.raises(ModelError, match="has 10 units but .* has 12"):
        made.bound(replace(SPEC, levels=(Level(12, role="semantic"),)))
    with pytest.raises(ModelError, match="makes 10 samples of a frame"):
        made.bound(replace(SPEC, frame=20, window=20))
    with pytest.raises(ModelError, match="was made for toy@1"):
        vocoder().bound(replace(SPEC, space="other@1:0123456789abcdef"))


def test_bad_tokens_are_refused():
    made = vocoder()
    with pytest.raises(TokenError, match="tokens have 0 frames"):
        made.decode(AudioTokens(SPEC, [units(0)]))
    with pytest.raises(TokenError, match="code -1"):
        AudioTokens(SPEC, [np.array([[3, -1]])])
    with pytest.raises(TokenError, match="durations must be 1 to"):
        AudioTokens(SPEC, [np.array([[3, 1]])], durations=[2, 0])
    with pytest.raises(TokenError, match="are 9 frames .*, got 8"):  # a gap of one frame
        AudioTokens(SPEC, [np.array([[3, 1]])], durations=[2, 6], source=Source(100, 16_000, 1))
    with pytest.raises(TokenError, match="one stream"):
        made.decode(AudioTokens(SPEC, [units(4, streams=2)]), predict=True)


@pytest.mark.usefixtures("untyped")
def test_other_things_than_tokens_are_refused():
    with pytest.raises(TokenError, match="got ndarray"):
        vocoder().decode(units(4))


@pytest.mark.slow
@pytest.mark.alone
def test_files_of_any_length_take_bounded_memory(tmp_path):
    config = UnitHifiGanConfig(units=10, unit_width=4, channels=32, block_kernels=(3,),
                               dilations=((1,),), durations=DurationConfig(width=4))  # fmt: skip
    spec = replace(SPEC, frame=320, window=400)
    made = Vocoder(network(config), spec)
    for seconds in (60, 360):
        AudioTokens(spec, [units(50 * seconds)]).save(tmp_path / f"{seconds}.vcb")

    def decode(seconds: int) -> None:
        made.decode_to(tmp_path / f"{seconds}.vcb", tmp_path / "back.wav", overwrite=True)

    testing.check_bounded(decode, 60, 360)


def test_units_16k_become_a_codec():
    tokenizer = vocable.load("units-16k")
    config = UnitHifiGanConfig(units=100, unit_width=4, channels=32)
    codec = UnitCodec(tokenizer, Vocoder(network(config), tokenizer.spec))
    sound = np.random.default_rng(0).normal(0, 0.1, (1, 24_001)).astype(np.float32)
    tokens = codec.encode(Audio(sound, 24_000))
    assert codec.spec == tokens.spec
    found = codec.decode(tokens)
    assert found.rate == 24_000 and found.samples.shape == (1, 24_001)
    with pytest.raises(ModelError, match="was made for units of toy@1"):
        UnitCodec(tokenizer, vocoder())
