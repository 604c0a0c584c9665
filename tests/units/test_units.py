"""From recordings to centres, to units, to files, and only with the features they are of."""

import dataclasses

import numpy as np
import pytest
import torch

from tests.units.sounds import RATE, tones
from tests.units.test_encoders import SIZES
from vocable.audio import Audio
from vocable.errors import AudioError, ModelError
from vocable.signal.kaldi import fbank, mfcc, with_deltas
from vocable.tokens import Source, read_tokens
from vocable.units.centres import Centres, Origin, centres_of, read_centres
from vocable.units.features import FeatureEncoder
from vocable.units.fitting import fit
from vocable.units.signal_encoder import SignalEncoder
from vocable.units.tokenizer import UnitTokenizer, origin_of
from vocable.units.wav2vec2 import Wav2Vec2, Wav2Vec2Config

SOUNDS = [Audio(tones(seed=seed), RATE) for seed in range(4)]
ORIGIN = Origin("some-encoder@1:0a", 9, False, 16_000, 320, 400)


@pytest.fixture(scope="module")
def fitted():
    return fit(SignalEncoder("mfcc"), SOUNDS, 6)


def test_signal_features_are_kaldis():
    x = tones(1.0)
    for name, expected in (("mfcc", lambda y: with_deltas(mfcc(y))), ("log-mel", fbank)):
        (found,) = SignalEncoder(name).features(x, rate=RATE)
        np.testing.assert_allclose(found, expected(torch.from_numpy(x)), rtol=0, atol=1e-5)


def test_long_recordings_are_computed_in_parts():
    """65 s, more than one part: the same features as in one go."""
    x = tones(65.0)
    (found,) = SignalEncoder("mfcc").features(x, rate=RATE)
    expected = with_deltas(mfcc(torch.from_numpy(x))).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["mfcc", "log-mel"])
def test_batches_equal_singles(name):
    encoder = SignalEncoder(name)
    together = encoder.features(SOUNDS)
    for each, sound in zip(together, SOUNDS, strict=True):
        assert np.array_equal(each, encoder.features(sound)[0])


def test_a_recording_shorter_than_a_frame_has_no_units(fitted):
    tokenizer = UnitTokenizer(SignalEncoder("mfcc"), fitted.centres)
    tokens = tokenizer.encode(np.zeros(300, np.float32), rate=RATE)
    assert len(tokens) == 0 and tokens.source == Source(300, RATE)


def test_recordings_of_telephones_are_resampled(fitted):
    tokenizer = UnitTokenizer(SignalEncoder("mfcc"), fitted.centres)
    telephone = SOUNDS[0].resample(8000)
    tokens = tokenizer.encode(telephone)
    assert len(tokens) == 198 and tokens.source.rate == 8000


def test_silence_is_one_unit(fitted):
    tokens = UnitTokenizer(SignalEncoder("mfcc"), fitted.centres).encode(
        np.zeros(RATE, np.float32), rate=RATE
    )
    assert len(tokens) == 98 and len(tokens.dedup().stacks[0][0]) == 1


def test_channels_are_streams(fitted):
    tokenizer = UnitTokenizer(SignalEncoder("mfcc"), fitted.centres)
    stereo = Audio(np.stack([SOUNDS[0].samples[0], SOUNDS[1].samples[0]]), RATE)
    found = tokenizer.encode(stereo).stacks[0]
    for row, sound in zip(found, SOUNDS, strict=False):
        assert np.array_equal(row, tokenizer.encode(sound).stacks[0][0])
    with pytest.raises(AudioError, match="2 channels but features are of one"):
        SignalEncoder("mfcc").features(stereo)


def test_units_are_the_nearest_centres(fitted):
    encoder = SignalEncoder("mfcc")
    (rows,) = encoder.features(SOUNDS[2])
    distances = torch.cdist(torch.from_numpy(rows).double(), fitted.centres.blocks[0].double())
    found = UnitTokenizer(encoder, fitted.centres).encode(SOUNDS[2])
    assert found.stacks[0][0].tolist() == distances.argmin(1).tolist()
    assert found.spec.levels[0].role == "semantic" and float(found.spec.frame_rate) == 100


def test_the_space_names_encoder_layer_and_centres(fitted, tmp_path):
    space = fitted.centres.space
    assert space.startswith("mfcc@1/L0/k6:")
    changed = dataclasses.replace(fitted.centres, blocks=(fitted.centres.blocks[0] + 1e-3,))
    assert changed.space != space
    other = dataclasses.replace(fitted.centres, origin=ORIGIN)
    assert other.space.startswith("some-encoder@1/L9/k6:") and other.space[-16:] != space[-16:]
    tokens = UnitTokenizer(SignalEncoder("mfcc"), fitted.centres).encode(SOUNDS[0])
    tokens.dedup().save(tmp_path / "units.vcb")
    assert read_tokens(tmp_path / "units.vcb").expand() == tokens


@pytest.mark.parametrize("standardise", [False, True])
def test_centres_come_back_from_their_file(tmp_path, standardise):
    made = fit(SignalEncoder("log-mel"), SOUNDS, 5, standardise=standardise).centres
    made.save(tmp_path / "centres.safetensors")
    again = read_centres(tmp_path / "centres.safetensors")
    assert again.space == made.space and again.origin == made.origin
    rows = torch.randn(50, 80) * 3 - 5
    assert np.array_equal(again.units(rows)[0], made.units(rows)[0])
    with pytest.raises(FileExistsError):
        made.save(tmp_path / "centres.safetensors")


def test_standardised_centres_are_of_standardised_channels():
    """A channel of a thousand times the others' size decides alone, unless it is standardised."""

    class Uneven(SignalEncoder):
        def feature_parts(self, *sources, **options):
            for number, rows in super().feature_parts(*sources, **options):
                yield number, rows * np.r_[1000, np.ones(79)].astype(np.float32)

    encoder = Uneven("log-mel")
    plain, even = (fit(encoder, SOUNDS, 4, standardise=each) for each in (False, True))
    (rows,) = encoder.features(SOUNDS[0])
    scaled = even.centres.units(rows)[0]
    expected = fit(SignalEncoder("log-mel"), SOUNDS, 4, standardise=True).centres
    assert np.array_equal(
        scaled, expected.units(SignalEncoder("log-mel").features(SOUNDS[0])[0])[0]
    )
    assert not np.array_equal(plain.centres.units(rows)[0], scaled)


def test_product_k_means_has_a_level_for_each_block():
    encoder = SignalEncoder("mfcc")
    made = fit(encoder, SOUNDS, 4, blocks=(13, 13, 13))
    assert made.centres.sizes == (4, 4, 4) and made.centres.space.startswith("mfcc@1/L0/k4x4x4:")
    tokens = UnitTokenizer(encoder, made.centres).encode(SOUNDS[0])
    (rows,) = encoder.features(SOUNDS[0])
    for level, block in enumerate(made.centres.blocks):
        part = torch.from_numpy(rows[:, 13 * level : 13 * level + 13]).double()
        assert (
            tokens.stacks[level][0].tolist() == torch.cdist(part, block.double()).argmin(1).tolist()
        )
    with pytest.raises(ModelError, match=r"blocks of \[13, 13\] channels must add up to the 39"):
        fit(encoder, SOUNDS, 4, blocks=(13, 13))


def test_fits_repeat_themselves_and_say_what_they_used(tmp_path):
    good, missing = SOUNDS[:2], tmp_path / "missing.wav"
    made = fit(SignalEncoder("mfcc"), [*good, missing], 6, seed=3)
    assert made.recordings == 2 and made.frames == made.seen == 2 * 198
    assert "missing.wav" in made.refusals[0]
    again = fit(SignalEncoder("mfcc"), good, 6, seed=3)
    assert again.centres.space == made.centres.space
    assert made.inertia == pytest.approx(sum(c.inertia for c in made.clusters) / 396)


def test_a_fit_takes_no_more_frames_than_asked():
    made = fit(SignalEncoder("mfcc"), SOUNDS * 5, 6, frames=500)
    assert made.frames == 500 and made.seen == 20 * 198
    assert int(made.clusters[0].counts.sum()) == 500


def test_too_few_frames_are_refused_with_the_first_reason():
    with pytest.raises(ModelError, match="500 centres need as many frames or more, got 198"):
        fit(SignalEncoder("mfcc"), SOUNDS[:1], 500)
    with pytest.raises(ModelError, match="the first of 1 refusals: samples need their rate"):
        fit(SignalEncoder("mfcc"), [np.zeros(900, np.float32)], 5)


def test_centres_of_another_layer_or_encoder_are_refused(fitted):
    with pytest.raises(ModelError, match="centres are of layer 0 of mfcc@1:.*, not of layer 6"):
        UnitTokenizer(SignalEncoder("mfcc"), fitted.centres, layer=6)
    with pytest.raises(ModelError, match="not of layer 0 of log-mel@1"):
        UnitTokenizer(SignalEncoder("log-mel"), fitted.centres)
    with pytest.raises(ModelError, match="; take those features, or fit centres to these$"):
        UnitTokenizer(SignalEncoder("mfcc"), fitted.centres, layer=6)
    with pytest.raises(ModelError, match=r"features are \[4, 80\] but these centres are of 39"):
        fitted.centres.units(np.zeros((4, 80), np.float32))
    with pytest.raises(ModelError, match="features are NaN"):
        fitted.centres.units(np.full((4, 39), np.nan, np.float32))


def test_centres_of_other_channels_than_they_say_they_are_of_are_refused():
    """Of the right encoder and layer, and yet of another width: a file that somebody made."""
    wide = Centres(origin_of(SignalEncoder("mfcc"), 0), (torch.randn(5, 80),))
    with pytest.raises(
        ModelError, match="centres are of 80 channels but layer 0 of mfcc@1:.* has 39; fetch them"
    ):
        UnitTokenizer(SignalEncoder("mfcc"), wide)


def test_files_that_are_not_centres_are_refused(fitted, tmp_path):
    from safetensors.torch import load_file, save_file

    path = tmp_path / "centres.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(ModelError, match="states no format but centres are vocable-centres-1"):
        read_centres(path)
    fitted.centres.save(path, overwrite=True)
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        facts = file.metadata()
    tensors = load_file(path)
    save_file({k: v + 1 for k, v in tensors.items()}, path, facts)
    with pytest.raises(ModelError, match="says that it holds mfcc@1/L0/k6:.* but holds"):
        read_centres(path)
    save_file(tensors, path, {**facts, "origin": "{}"})
    with pytest.raises(ModelError, match="does not say what its centres are of"):
        read_centres(path)


def test_centres_of_arrays_are_centres(fitted):
    arrays = [block.numpy().astype(np.float64) for block in fitted.centres.blocks]
    assert centres_of(fitted.centres.origin, arrays).space == fitted.centres.space
    assert origin_of(SignalEncoder("mfcc"), 0) == fitted.centres.origin


def test_statistics_of_another_width_are_refused():
    with pytest.raises(ModelError, match="mean and deviation must both be of 3 channels"):
        Centres(ORIGIN, (torch.zeros(2, 3),), torch.zeros(4), torch.ones(4))


def test_units_of_a_network_know_its_layer_and_what_it_does_to_recordings(tmp_path):
    """An encoder with weights, random ones: centres to a file, then units of another process."""
    encoder = FeatureEncoder(Wav2Vec2(Wav2Vec2Config(**SIZES, normalize=True)).eval())
    made = fit(encoder, SOUNDS, 5, layer=2).centres
    assert made.origin.normalize and made.space.startswith(f"{encoder.name}@1/L2/k5:")
    made.save(tmp_path / "c.safetensors")
    tokens = UnitTokenizer(encoder, read_centres(tmp_path / "c.safetensors")).encode(SOUNDS[0])
    (rows,) = encoder.features(SOUNDS[0], layer=2)
    assert len(tokens) == len(rows) and tokens.spec.frame_rate == 800
    assert tokens.stacks[0][0].tolist() == made.units(rows)[0].tolist()
    with pytest.raises(ModelError, match="centres are of layer 2 of"):
        UnitTokenizer(encoder, made, layer=1)
