"""DAC gives the numbers of transformers' DacModel and of descript-audio-codec.

Both are compared on audio that is filled up to whole frames, as the package's `preprocess` and the
feature extractor of transformers do. The package's `compress` codes windows and is another path.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.parity.checkpoints import in_form, open_checkpoint, write_hub_folder, write_original
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.peers import peer
from tests.parity.randomise import randomise, sound
from vocable import weights
from vocable.codecs import Codec, build
from vocable.codecs.dac import PUBLISHED, DACConfig
from vocable.codecs.keys import dac as keys
from vocable.codecs.keys.checkpoint import Checkpoint
from vocable.errors import ModelError

SMALL = {"encoder_channels": 4, "decoder_channels": 64, "latent": 64}
TOY = {
    "16 kHz": DACConfig(rate=16_000, strides=(2, 4, 5, 8), sizes=(64,) * 12, **SMALL),
    "24 kHz": DACConfig(rate=24_000, strides=(2, 4, 5, 8), sizes=(64,) * 32, **SMALL),
    "44 kHz": DACConfig(sizes=(64,) * 9, **SMALL),
    "44 kHz 16 kbit/s": DACConfig(sizes=(64,) * 18, **{**SMALL, "latent": 16}),
}
SIZES = dict(zip(TOY, (make() for make in PUBLISHED), strict=True))


class Hub:
    """DacModel, by the names that the package has."""

    name = "transformers"

    def __init__(self, config: DACConfig, seed: int = 0) -> None:
        peer(self.name)
        from transformers import DacConfig, DacModel

        self.model = randomise(DacModel(DacConfig(
            encoder_hidden_size=config.encoder_channels, downsampling_ratios=list(config.strides),
            decoder_hidden_size=config.decoder_channels, n_codebooks=len(config.sizes),
            codebook_size=config.sizes[0], codebook_dim=config.code_width,
            hidden_size=config.latent, sampling_rate=config.rate,
        )), seed)  # fmt: skip

    def write(self, folder):
        return write_hub_folder(self.model, folder)

    def encode(self, x, levels):
        return self.model.encode(x, levels).audio_codes

    def decode(self, codes):
        return self.model.decode(audio_codes=codes).audio_values[:, None]


class Original:
    """The package's DAC."""

    name = "dac"

    def __init__(self, config: DACConfig, seed: int = 0) -> None:
        dac = peer(self.name)
        self.stated = dict(
            encoder_dim=config.encoder_channels, encoder_rates=list(config.strides),
            latent_dim=config.latent, decoder_dim=config.decoder_channels,
            decoder_rates=list(reversed(config.strides)), n_codebooks=len(config.sizes),
            codebook_size=config.sizes[0], codebook_dim=config.code_width,
            quantizer_dropout=True, sample_rate=config.rate,
        )  # fmt: skip
        self.model = randomise(dac.DAC(**self.stated), seed)

    def write(self, folder):
        return write_original(self.model, folder, **self.stated)

    def encode(self, x, levels):
        return self.model.encode(x, levels)[1]

    def decode(self, codes):
        return self.model.decode(self.model.quantizer.from_codes(codes)[0])


references = pytest.mark.parametrize("kind", [Hub, Original])


def ours(checkpoint: Checkpoint):
    found = keys.recognise(checkpoint)
    model = build(found.architecture, found.config)
    model.quantizer.drop_learning()
    weights.load_tensors(model, keys.read(checkpoint, found))
    return model.eval(), found


@torch.no_grad()
def compare(reference, model, audio, levels: int | None = None) -> dict[str, float]:
    """Compare latents, codes, and sound from the reference's codes; return how far they lie."""
    frames = model.spec.frames(audio.shape[2])
    filled = F.pad(audio, (0, frames * model.spec.frame - audio.shape[2]))
    wanted_z = reference.model.encoder(filled).transpose(1, 2)
    wanted = reference.encode(filled, levels)
    z = model.encoder(model._rows(audio))
    latents = compare_latents(z, wanted_z)
    codes = model.to_codes(audio, levels).stacked()
    ties = compare_codes(model.quantizer, z, codes, wanted_z, wanted)
    sound = reference.decode(wanted)
    back = model.from_codes(wanted)
    assert back.shape[2] == frames * model.spec.frame
    samples = compare_samples(back[..., : sound.shape[2]], sound)
    return {"latents": latents, "samples": samples, "frames": wanted[:, 0].numel(), "ties": ties}


@pytest.fixture(scope="module", params=[(k, name) for k in (Hub, Original) for name in TOY],
                ids=lambda p: f"{p[0].name}-{p[1]}")  # fmt: skip
def toy(request, tmp_path_factory):
    kind, name = request.param
    reference = kind(TOY[name])
    path = reference.write(tmp_path_factory.mktemp("toy"))
    model, found = ours(open_checkpoint(path))
    return name, reference, model, found


def test_toys_are_recognised(toy):
    name, reference, model, found = toy
    assert (found.name, found.layout, found.architecture) == ("dac", reference.name, "dac")
    assert model.config == TOY[name]


def test_toys_give_the_reference_numbers(toy):
    name, reference, model, _ = toy
    figures = compare(reference, model, sound(model.spec.rate, 2))
    record(f"DAC {name}", size="toy", reference=reference.name, **figures)


def test_short_recordings_and_ones_that_end_inside_a_frame(toy):
    _, reference, model, _ = toy
    frame = model.spec.frame
    for samples in (1, frame - 1, frame, frame + 1, 7 * frame - 1, 7 * frame + 1):
        compare(reference, model, sound(samples))


def test_every_number_of_levels(toy):
    _, reference, model, _ = toy
    for levels in model.spec.prefixes:
        compare(reference, model, sound(6 * model.spec.frame, 2), levels)


def test_what_the_reference_lacks_is_said_of_a_last_frame_that_goes_on(toy):
    _, reference, model, _ = toy
    for frames in (1, 3, 40):
        codes = model.to_codes(sound(frames * model.spec.frame)).stacked()
        longer = torch.cat([codes, codes[..., -1:].expand(-1, -1, 30)], 2)
        with torch.no_grad():
            wanted, further, found = (
                reference.decode(codes), reference.decode(longer), model.from_codes(codes)
            )  # fmt: skip
        lacking = frames * model.spec.frame - wanted.shape[2]
        assert lacking == (8 if 5 in model.config.strides else 0)
        whole = torch.cat([wanted, further[..., wanted.shape[2] :][..., :lacking]], 2)
        compare_samples(found, whole)


def test_streams_give_the_reference_numbers(toy):
    _, reference, model, _ = toy
    codec, x = Codec(model), sound(30 * model.spec.frame + 100, 2)
    state, parts = codec.start_encoding(2), []
    for block in x.split(777, 2):
        codes, state = codec.encode_step(block, state)
        parts.append(codes.stacked())
    codes = torch.cat([*parts, codec.finish_encoding(state).stacked()], 2)
    with torch.no_grad():
        filled = F.pad(x, (0, model.spec.frame - 100))
        z = reference.model.encoder(filled).transpose(1, 2)
        wanted = reference.encode(filled, None)
        sounds = reference.decode(wanted)
        compare_codes(model.quantizer, model.encoder(model._rows(x)), codes, z, wanted)
    state, parts = codec.start_decoding(2), []
    for piece in wanted.split(4, 2):
        y, state = codec.decode_step(piece, state)
        parts.append(y)
    y = torch.cat([*parts, codec.finish_decoding(state)], 2)
    compare_samples(y[..., : sounds.shape[2]], sounds)


@pytest.mark.slow
@references
@pytest.mark.parametrize("name", SIZES)
def test_published_sizes_give_the_reference_numbers(kind, name, tmp_path):
    reference = kind(SIZES[name])
    model, found = ours(open_checkpoint(reference.write(tmp_path)))
    make = PUBLISHED[list(SIZES).index(name)]
    assert found.name == make.__name__
    assert model.config == SIZES[name]
    figures = compare(reference, model, sound(model.spec.rate))
    record(f"DAC {name}", size="published", reference=reference.name, **figures)


# Layouts and forms


def copied(config: DACConfig):
    """Return both references with the original's weights."""
    own, hub = Original(config), Hub(config)
    kinds = (nn.Conv1d, nn.ConvTranspose1d, nn.Embedding)

    def layers(model):
        parts = (model.encoder, model.quantizer, model.decoder)
        inner = [m for part in parts for m in part.modules()]
        return [m for m in inner if isinstance(m, kinds) or hasattr(m, "alpha")]

    own.model.encode(sound(2 * config.frame))  # so that the hooks of weight norm fuse the weights
    own.model.decoder(torch.zeros(1, config.latent, 2))
    with torch.no_grad():
        for a, b in zip(layers(own.model), layers(hub.model), strict=True):
            for name, value in b.named_parameters():
                value.copy_(getattr(a, name))
    return own, hub


def test_both_layouts_and_all_forms_give_equal_tensors(tmp_path):
    own, hub = copied(TOY["44 kHz"])
    wanted = ours(open_checkpoint(own.write(tmp_path / "own")))[0].state_dict()
    for form in ("parametrised", "fused"):
        turned = in_form(own.model.state_dict(), form)
        torch.save({"state_dict": turned, "metadata": {"kwargs": own.stated}}, tmp_path / "file")
        assert_equal(ours(open_checkpoint(tmp_path / "file"))[0].state_dict(), wanted)
    fused = ours(open_checkpoint(hub.write(tmp_path / "hub")))[0].state_dict()
    hub.model.apply_weight_norm()
    normed = ours(open_checkpoint(hub.write(tmp_path / "normed")))[0].state_dict()
    for found in (fused, normed):
        assert_equal(found, wanted, rtol=1e-6, atol=1e-7)


def assert_equal(found, wanted, **tolerance):
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        torch.testing.assert_close(
            found[key], value, **(tolerance or {"rtol": 0, "atol": 0}), msg=key
        )


@references
def test_another_key_and_a_missing_one_are_named(kind, tmp_path):
    checkpoint = open_checkpoint(kind(TOY["44 kHz"]).write(tmp_path))
    found, tensors = keys.recognise(checkpoint), checkpoint.tensors()

    class Changed(Checkpoint):
        def tensors(self):
            return tensors

    model = build(found.architecture, found.config)
    model.quantizer.drop_learning()
    spare = tensors.pop("quantizer.quantizers.3.out_proj.bias")
    changed = Changed(checkpoint.path, checkpoint.shapes)
    with pytest.raises(ModelError, match=r"lacks 1 key .quantizer\.stack\.3\.codebook\.up\.bias"):
        weights.load_tensors(model, keys.read(changed, found))
    tensors["encoder.spare.bias"] = spare
    with pytest.raises(ModelError, match=r"encoder\.spare\.bias.* that the key map does not know"):
        keys.read(changed, found)
