"""TiCodec's own code gave these latents, codes, voices and sound for small weights (make.py).

The weights are written as its training keeps them, so loading is shown here too.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import vocable
from tests.golden.ticodec.written import networks, written
from tests.load.hub_stand_in import serving
from vocable import weights
from vocable.audio import Audio, Voice
from vocable.codecs.codes import Codes
from vocable.codecs.published import PUBLISHED as FILES
from vocable.codecs.ticodec import PUBLISHED, TiCodec, TiCodecConfig
from vocable.errors import ModelError, TokenError
from vocable.load import convert_checkpoint, describe
from vocable.nn.settings import without_memory
from vocable.speak.conversion import TimbreConversion
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

HERE = Path(__file__).parent
ANSWERS = weights.read(HERE / "answers.safetensors")
CODES, VOICE = ANSWERS["codes"].long(), ANSWERS["voice"].long()
KEPT = json.loads((HERE / "ticodec.json").read_text())


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(tmp_path_factory.mktemp("ticodec") / "theirs", KEPT)


@pytest.fixture(scope="module")
def codec(folder, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))
        return vocable.load(folder)


def test_latents_voices_codes_and_sound(codec):
    """Both recordings in one batch: each has the voice that it has alone."""
    model, x = codec.model, ANSWERS["sound"]
    z, sides = model.latents_and_sides(x)
    check_rows_equal("latent", z, ANSWERS["latents"], atol=WHOLE_CODEC)
    vector = model.side_encoder.vector(model.encoder.with_middle(model._rows(x))[0])
    check_rows_equal("vector", vector, ANSWERS["vector"], atol=WHOLE_CODEC)
    assert torch.equal(sides["voice"], VOICE) and not torch.equal(VOICE[0], VOICE[1])
    assert torch.equal(codec.to_codes(x).stacked(), CODES)
    assert all(len(level.unique()) > 4 for level in CODES.unbind(1))
    for name, whose in (("decoded", slice(0, 1)), ("other", slice(1, 2))):
        got = codec.from_codes(Codes(CODES[:1].unbind(1), {"voice": VOICE[whose]}))
        check_rows_equal(name, got, ANSWERS[name], atol=WHOLE_CODEC, axis=2)


def test_the_voice_of_another_changes_the_sound_and_no_code(codec, tmp_path):
    first, second = (Audio(x.numpy(), codec.rate) for x in ANSWERS["sound"])
    own = codec.encode(first)
    assert own.sides["voice"].dtype == np.int16 and own.sides["voice"].shape == (1, 4)
    moved = TimbreConversion(codec).tokens(own, Voice(second))
    assert np.array_equal(moved.codes, own.codes)
    assert moved.sides["voice"].tolist() == VOICE[1:].tolist()
    found = torch.tensor(codec.decode(moved).samples)[None]
    check_rows_equal("other", found, ANSWERS["other"], atol=WHOLE_CODEC, axis=2)
    assert float((found - ANSWERS["decoded"]).abs().max()) > 0.1
    moved.save(tmp_path / "a.vcb")
    assert vocable.read_tokens(tmp_path / "a.vcb") == moved


def test_a_stream_keeps_the_voice_that_it_began_with(codec):
    state, parts = codec.start_decoding(1, sides={"voice": VOICE[1:]}), []
    for step in CODES[:1].split([1, 0, 7, 22], 2):
        y, state = codec.decode_step(step.unbind(1), state)
        parts.append(y)
    y = torch.cat([*parts, codec.finish_decoding(state)], 2)
    check_rows_equal("stream", y, ANSWERS["other"], atol=WHOLE_CODEC, axis=2)
    with pytest.raises(ModelError, match="takes whole recordings: its voice is found over all"):
        codec.start_encoding()


@pytest.mark.parametrize(("code", "words"), [(-1, "a code -1"), (32, "a code 32")])
def test_a_code_that_no_codebook_of_voices_has_is_refused(code, words, codec):
    voice = VOICE[:1].clone()
    voice[0, 2] = code
    with pytest.raises(TokenError, match=f"^side voice has {words} but its codebooks have 32 en"):
        codec.from_codes(Codes(CODES[:1].unbind(1), {"voice": voice}))
    with pytest.raises(TokenError, match="decodes 2$"):
        codec.from_codes(Codes(CODES[:1, 0].unbind(0), {"voice": VOICE[:1]}))


def test_the_published_sizes():
    assert [make.__name__ for make in PUBLISHED] == ["ticodec_1g1r", "ticodec_1g2r", "ticodec_1g4r"]
    for make, levels in zip(PUBLISHED, (1, 2, 4), strict=True):
        with without_memory():
            model = TiCodec(make())
        filled = 4 * 128 * 256  # zeros, up to a kernel of 15 where theirs has 11, at stride 5
        count = sum(value.numel() for value in model.parameters()) - filled
        assert count == 63_811_777 + (levels - 2) * 1024 * 512  # as in their networks
        assert model.spec.bitrate() == 750 * levels and len(model.spec.levels) == levels
        assert (model.spec.rate, model.spec.frame_rate) == (24_000, 75)
        assert model.decoder.lookahead == 14 and model.encoder.lookahead is None


def changed(folder, place, change=lambda held: None, **config):
    """Return a copy of the files with other weights, or another config."""
    shutil.copytree(folder, place)
    held = torch.load(place / "g_00250000")
    change(held)
    torch.save(held, place / "g_00250000")
    about = {key: value for key, value in (KEPT["config"] | config).items() if value is not None}
    (place / "config.json").write_text(json.dumps(about))
    return place


def without(text):
    """Return what takes keys out of all networks."""

    def change(held):
        for network in held.values():
            for key in [key for key in network if text in key]:
                del network[key]

    return change


def called(name, other):
    """Return what gives keys another name."""

    def change(held):
        for network, tensors in held.items():
            held[network] = {key.replace(name, other): value for key, value in tensors.items()}

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda held: held.pop("quantizer"), "is a TiCodec or HiFi-Codec without its quantizer; "),
        (lambda held: held.pop("generator"), "without its generator; take the file that holds"),
        (lambda held: held.pop("encoder"), "a family that vocable does not know"),
        (without("GlobalTokenEncoder"), "is HiFi-Codec, which finds no voices; vocable reads"),
        (without("quantizer_modules.0"), r"make no TiCodec .*quantizer_modules\.0\.emb"),
        (without("globaltokens.1"), r"lacks 1 key \(side_encoder\.books\.1\.entries\)"),
        (without("conv_post.bias"), r"lacks 2 keys"),
        (called("s_globaltokens", "s4"), r"make no TiCodec .*quantizer_modules_globaltokens"),
        (called("s_globaltokens", "s5"), r"make no TiCodec .*quantizer_modules3"),
        (called("convs1", "convs"), "has HiFi-GAN's second kind of residual block; vocable has"),
        (without("fn.2.running_mean"), r"lacks 1 key \(side_encoder\.out\.blocks\.2\.mean\)"),
        (without("ups.0.weight_g"), "without its other half; fetch it again"),
        (
            lambda held: held["encoder"].update({"head.weight": torch.ones(2)}),
            r"has 1 key \(encoder\.head\.weight\) that the key map does not know",
        ),
        (
            lambda held: held["quantizer"].update(
                {"quantizer_modules3.0.embedding.weight": torch.ones(32, 4)}
            ),
            "residul_layer 2, which for these weights must be 3",
        ),
        (
            lambda held: held.update(CodecEnc={"block.0.weight": torch.ones(2, 2, 7)}),
            "has BigCodec's encoder but no codebook",
        ),
    ],
    ids=["no quantizer", "no generator", "no encoder", "no voices", "no books", "one book less",
         "no bias", "four levels", "no codes of voices", "other blocks", "no mean",
         "half a weight", "too much", "a level too much", "two families"],
)  # fmt: skip
def test_parts_that_lack_or_are_others_are_refused(change, words, folder, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(changed(folder, tmp_path / "x", change))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"sampling_rate": None}, "no published TiCodec and states no rate; put a config.json"),
        ({"resblock": "2"}, "config.json says resblock 2, which for these weights must be 1"),
        ({"upsample_rates": [2, 5]}, r"says upsample_rates \[2, 5\], .* must be \(5, 2\)"),
        ({"global_feature_conv": [16, 6, 16, 3, 2]}, "says global_feature_conv .*, 3, 1"),
        ({"resblock_dilation_sizes": [[1, 2, 3], [1, 3, 5]]}, "make no TiCodec .*all of which"),
        ({"resblock_dilation_sizes": 3}, "make no TiCodec"),
    ],
)
def test_a_config_of_another_model_is_refused(config, words, folder, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(changed(folder, tmp_path / "x", **config))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"strides": (320,)}, "strides are .*; give two strides or more"),
        ({"voice_groups": 7}, "voice 128 in 7 groups, .* groups that part evenly"),
        ({"norm_width": 12}, "norm_width is 12, which does not part the 64 channels"),
        ({"decoder_channels": 600}, r"the decoder's stages have \[300, 150, 75, 37\]; change v"),
    ],
)
def test_a_config_that_cannot_be_is_refused(config, words):
    with without_memory(), pytest.raises(ModelError, match=words):
        TiCodec(TiCodecConfig(**config))


def test_what_its_authors_take_is_written_again(folder, tmp_path):
    """Under the names that their code has, for their config and all that it asks for."""
    ours = convert_checkpoint(folder, tmp_path / "ours").folder
    back = convert_checkpoint(ours, tmp_path / "back", to="ticodec").folder
    held, wanted = torch.load(back / "ticodec.pt"), networks(KEPT)
    for name, tensors in wanted.items():
        assert held[name].keys() == tensors.keys()
        assert all(held[name][key].shape == value.shape for key, value in tensors.items())
    about = json.loads((back / "config.json").read_text())
    assert about == {key: KEPT["config"][key] for key in about}
    again = convert_checkpoint(back, tmp_path / "again").folder
    assert describe(again).space == describe(ours).space


def test_the_published_file_comes_from_the_hub(folder, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    (entry,) = (entry for entry in FILES if entry.model.startswith("ticodec") and entry.on_hub)
    with serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        hub.put(entry.name, {entry.file: (folder / "g_00250000").read_bytes()})
        with pytest.raises(ModelError, match="g_00250000 has the sizes of no published TiCodec"):
            vocable.load(entry.name)  # only those do without a config
