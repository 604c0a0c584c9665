"""Codecs in the form of transformers: exact lengths, batches equal singles, one-line refusals."""

import numpy as np
import pytest
import torch

from tests.codecs import tiny
from vocable.auto import AutoFeatureExtractor, AutoModelForAudioTokenization
from vocable.codecs import Codec
from vocable.codecs.snac import SNAC, snac_tiny
from vocable.errors import AudioError, ModelError, TokenError
from vocable.load import save_model

LENGTHS = (1, 160, 1000, 1601)  # the codec has 16 samples a frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("auto") / "codec"
    save_model(tiny.soundstream().model, path, name="tiny")
    return path


@pytest.fixture(scope="module")
def model(folder):
    return AutoModelForAudioTokenization.from_pretrained(folder)


@pytest.fixture(scope="module")
def extractor(folder):
    return AutoFeatureExtractor.from_pretrained(folder)


@pytest.fixture(scope="module")
def recordings():
    return [tiny.sound(samples, seed=k)[0] for k, samples in enumerate(LENGTHS)]


def test_each_item_has_the_codes_and_the_sound_that_it_has_alone(model, extractor, recordings):
    inputs = extractor(recordings, sampling_rate=8000)
    assert inputs["input_values"].shape == (4, 1, 1601)
    assert inputs.padding_mask.sum(1).tolist() == list(LENGTHS)
    encoded = model.encode(**inputs)
    decoded = model.decode(encoded.audio_codes, **inputs)
    assert decoded.audio_values.shape == inputs.input_values.shape
    for k, samples in enumerate(recordings):
        tokens = model.codec.encode(samples, rate=8000)
        frames = int(encoded.audio_codes_mask[k].sum())
        assert np.array_equal(encoded.audio_codes[k, :, :frames], tokens.codes[0])
        assert not encoded.audio_codes[k, :, frames:].any()
        sound = model.codec.decode(tokens).samples
        assert np.array_equal(decoded.audio_values[k, :, : len(samples)], sound)
        assert not decoded.audio_values[k, :, len(samples) :].any()


def test_one_call_does_both_and_keeps_the_length(model, extractor, recordings):
    inputs = extractor(recordings[3], sampling_rate=8000)
    both = model(**inputs)
    assert set(both) == {"audio_values", "audio_codes", "audio_codes_mask"}
    assert both[0] is both.audio_values and both.audio_values.shape == (1, 1, 1601)
    again = model(inputs.input_values)
    assert torch.equal(again.audio_values, both.audio_values)
    assert isinstance(model(inputs.input_values, return_dict=False), tuple)


def test_without_a_mask_whole_frames_are_decoded(model, extractor, recordings):
    codes = model.encode(**extractor(recordings[3])).audio_codes
    assert model.decode(codes).audio_values.shape == (1, 1, 101 * 16)


def test_levels_go_by_number_or_bandwidth(model, extractor, recordings):
    inputs = extractor(recordings[2])
    config = model.config
    assert config.n_codebooks == config.num_quantizers == len(model.codec.spec.levels)
    one = model.encode(**inputs, n_quantizers=1).audio_codes
    kbps = float(model.codec.spec.bitrate(1)) / 1000
    assert one.shape[1] == 1
    assert torch.equal(one, model.encode(**inputs, num_quantizers=1).audio_codes)
    assert torch.equal(one, model.encode(**inputs, bandwidth=kbps).audio_codes)
    with pytest.raises(TokenError, match="levels"):
        model.encode(**inputs, n_quantizers=0)


def test_a_mask_of_channels_and_another_precision_are_taken(model, folder, extractor, recordings):
    inputs = extractor(recordings[1])
    wide = model.encode(inputs.input_values, inputs.padding_mask[:, None])
    assert torch.equal(wide.audio_codes, model.encode(**inputs).audio_codes)
    half = AutoModelForAudioTokenization.from_pretrained(folder, dtype=torch.bfloat16)
    assert half.dtype == torch.bfloat16 and half.to("cpu").eval().dtype == torch.bfloat16
    assert torch.equal(half.encode(**inputs).audio_codes, wide.audio_codes)


@pytest.mark.parametrize(
    ("values", "mask", "told"),
    [
        (torch.zeros(2, 100), None, r"input_values has the shape \[2, 100\]; wanted \[batch, 1,"),
        (torch.zeros(1, 2, 100), None, r"wanted \[batch, 1, samples\]$"),
        (torch.zeros(1, 1, 0), None, "input_values has the shape"),
        (torch.zeros(1, 1, 9), torch.ones(1, 8), r"padding_mask has the shape \[1, 8\]"),
        (torch.zeros(1, 1, 3), torch.tensor([[0, 1, 1]]), "must be 1 from the first sample"),
        (torch.zeros(1, 1, 3), torch.zeros(1, 3), "must be 1 from the first sample"),
    ],
)
@pytest.mark.usefixtures("untyped")
def test_bad_values_and_masks_are_refused(model, values, mask, told):
    with pytest.raises(AudioError, match=told):
        model.encode(values, mask)


@pytest.mark.parametrize(
    "codes", [torch.zeros(1, 3), torch.zeros(1, 1, 3), torch.zeros(1, 0, 3, dtype=torch.int64)]
)
@pytest.mark.usefixtures("untyped")
def test_bad_codes_are_refused(model, codes):
    with pytest.raises(TokenError, match="wanted integers"):
        model.decode(codes)


def test_codes_that_do_not_fit_the_mask_are_refused(model, extractor, recordings):
    inputs = extractor(recordings[2])
    codes = model.encode(**inputs).audio_codes
    with pytest.raises(TokenError, match="frames"):
        model.decode(codes[..., :-1], **inputs)


def test_bad_recordings_are_refused(extractor):
    for given in (None, [], np.zeros((2, 100)), np.zeros(0), [np.zeros(3), np.zeros((2, 3))]):
        with pytest.raises(AudioError):
            extractor(given)
    with pytest.raises(AudioError, match="16000 Hz and the codec reads 8000"):
        extractor(np.zeros(10), sampling_rate=16_000)
    with pytest.raises(AudioError, match="padding=True"):
        extractor([np.zeros(10), np.zeros(11)], padding=False)
    with pytest.raises(ModelError, match='only "pt"'):
        extractor(np.zeros(10), return_tensors="np")


def test_codecs_whose_codes_no_array_holds_are_refused():
    with pytest.raises(ModelError, match=r"levels of several rates, which audio_codes cannot"):
        AutoModelForAudioTokenization(Codec(SNAC(snac_tiny())))


def test_a_model_that_makes_no_tokens_has_no_extractor():
    with pytest.raises(ModelError, match="^say-16k makes no tokens of sound; take a codec"):
        AutoFeatureExtractor.from_pretrained("say-16k")


def test_an_output_names_what_it_has(model, extractor, recordings):
    found = model.encode(**extractor(recordings[0]))
    with pytest.raises(AttributeError, match="there is no sound here; there are audio_codes"):
        found.sound  # noqa: B018
