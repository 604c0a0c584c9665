"""SNAC gives the numbers of the package `snac`: latents, codes, and sound, noise included."""

from unittest import mock

import pytest
import torch

from tests.parity.checkpoints import in_form, open_checkpoint, write_hub_folder
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.peers import peer
from tests.parity.randomise import randomise, sound
from vocable import weights
from vocable.codecs import Codec, build
from vocable.codecs.codes import as_codes, cut_codes
from vocable.codecs.keys import snac as layout
from vocable.errors import ModelError

snac = peer("snac")

PUBLISHED = {
    "24 kHz": dict(
        sampling_rate=24_000, encoder_dim=48, encoder_rates=[2, 4, 8, 8], decoder_dim=1024,
        decoder_rates=[8, 8, 4, 2], attn_window_size=None, vq_strides=[4, 2, 1],
    ),
    "32 kHz": dict(
        sampling_rate=32_000, encoder_dim=64, encoder_rates=[2, 3, 8, 8], decoder_dim=1536,
        decoder_rates=[8, 8, 3, 2], attn_window_size=32, vq_strides=[8, 4, 2, 1],
    ),
    "44 kHz": dict(
        sampling_rate=44_100, encoder_dim=64, encoder_rates=[2, 3, 8, 8], decoder_dim=1536,
        decoder_rates=[8, 8, 3, 2], attn_window_size=32, vq_strides=[8, 4, 2, 1],
    ),
}  # fmt: skip
SMALL = dict(
    sampling_rate=8000, encoder_dim=16, encoder_rates=[2, 3], decoder_dim=128,
    decoder_rates=[3, 2], codebook_size=64,
)  # fmt: skip
TOYS = {
    "no windows": SMALL | dict(attn_window_size=None, vq_strides=[4, 2, 1]),
    "windows": SMALL | dict(attn_window_size=32, vq_strides=[8, 4, 2, 1]),
    "dense, no noise": SMALL
    | dict(attn_window_size=None, vq_strides=[2, 1], depthwise=False, noise=False),
}


def make(folder, options, seed=1):
    """Return a reference with random weights, and our codec, loaded from its files."""
    reference = randomise(snac.SNAC(**options), seed, samples=options["sampling_rate"])
    return reference, load(open_checkpoint(write_hub_folder(reference, folder)))


def load(checkpoint):
    found = layout.recognise(checkpoint)
    model = build(found.architecture, found.config)
    model.quantizer.drop_learning()
    weights.load_tensors(model, layout.read(checkpoint, found))
    return Codec(model.eval())


@pytest.fixture(scope="module", params=TOYS)
def toy(request, tmp_path_factory):
    return request.param, *make(tmp_path_factory.mktemp("snac"), TOYS[request.param])


def lengths(codec):
    """Whole steps, one sample more and less, one sample, a frame less one, half a step."""
    step = codec.frame * codec.model.frames_together
    return [1, codec.frame - 1, step // 2, step - 1, step, step + 1, 3 * step + 5]


@torch.no_grad()
def reference_latents(reference, x):
    return reference.encoder(reference.preprocess(x)).transpose(1, 2)


@torch.no_grad()
def reference_sound(reference, codes, noise=False):
    """Decode the first levels of the reference, all that `codes` has; without noise by default."""
    parts = []
    for level, rows in zip(reference.quantizer.quantizers, codes, strict=False):
        parts.append(level.out_proj(level.decode_code(rows)).repeat_interleave(level.stride, -1))
    with mock.patch.object(torch, "randn", torch.randn if noise else torch.zeros):
        return reference.decoder(sum(parts))


def draws(reference, codes, seed):
    """Return the noise that the reference draws under a seed, block by block."""
    torch.manual_seed(seed)
    rows = codes[-1].shape[1] * reference.vq_strides[len(codes) - 1]
    found = []
    for rate in reference.decoder_rates:
        rows *= rate
        found.append(torch.randn(len(codes[0]), 1, rows)[:, 0])
    return found


@pytest.fixture
def quiet(toy):
    """Our codec without noise."""
    codec = toy[2]
    before, codec.model.noise.draw = codec.model.noise.draw, None
    yield codec
    codec.model.noise.draw = before


def compare_encoding(reference, codec, x):
    """Compare latents, codes and their numbers; return what the table needs, and the codes."""
    z, wanted_z = codec.model.encoder(codec.model._rows(x)), reference_latents(reference, x)
    wanted = reference.encode(x)
    apart = compare_latents(z, wanted_z)
    found = codec.model.quantizer.encode(z)
    ties = compare_codes(codec.model.quantizer, z, found, wanted_z, tuple(wanted))
    frames = -(-x.shape[2] // codec.frame)
    own = codec.to_codes(x)
    assert [c.shape[1] for c in own] == [-(-frames // s) for s in reference.vq_strides]
    for a, b in zip(own, cut_codes(codec.spec, as_codes(found), 0, frames), strict=True):
        assert torch.equal(a, b)
    return apart, ties, wanted


def test_toys_encode_alike(toy):
    name, reference, codec = toy
    for samples in lengths(codec):
        with torch.no_grad():
            apart, ties, codes = compare_encoding(reference, codec, sound(samples, batch=2))
        record(
            f"SNAC, {name}", size="toy", reference="snac", latents=apart,
            frames=codes[-1].numel() * reference.vq_strides[-1], ties=ties,
        )  # fmt: skip


def test_toys_decode_the_codes_of_the_reference_without_noise(toy, quiet):
    name, reference, _ = toy
    for samples in lengths(quiet):
        codes = reference.encode(sound(samples, batch=2))
        for levels in range(1, len(codes) + 1):
            wanted = reference_sound(reference, codes[:levels])
            apart = compare_samples(quiet.from_codes(codes[:levels]), wanted)
            record(f"SNAC, {name}", size="toy", reference="snac", samples=apart)
        with mock.patch.object(torch, "randn", torch.zeros), torch.no_grad():
            compare_samples(quiet.from_codes(codes), reference.decode(codes))


def test_toys_decode_alike_with_the_draws_of_the_reference(toy):
    _, reference, codec = toy
    codes = reference.encode(sound(codec.rate, batch=2))
    drawn = draws(reference, codes, seed=5)
    before = codec.model.noise.draw
    codec.model.noise.draw = lambda block, position: drawn[block].gather(1, position)
    torch.manual_seed(5)
    with torch.no_grad():
        wanted = reference.decode(codes)
    try:
        compare_samples(codec.from_codes(codes), wanted)
    finally:
        codec.model.noise.draw = before
    if codec.model.config.noise:  # our own noise is another, as loud
        silent = reference_sound(reference, codes)
        ratio = float((codec.from_codes(codes) - silent).std() / (wanted - silent).std())
        assert 0.95 < ratio < 1.05


def test_tokens_that_are_cut_change_only_what_waits_for_them(toy, quiet):
    """The reference decodes the silence behind the end as well; before it the sound is the same."""
    _, reference, _ = toy
    together = quiet.model.frames_together
    samples = (3 * together + 1) * quiet.frame
    codes = reference.encode(sound(samples))
    cut = cut_codes(quiet.spec, as_codes(codes), 0, 3 * together + 1)
    settled = quiet.model.decoder.settled(3 * together)
    wanted = reference_sound(reference, codes)[..., :settled]
    compare_samples(quiet.from_codes(cut)[..., :settled], wanted)


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes(name, tmp_path):
    reference, codec = make(tmp_path, PUBLISHED[name])
    found = layout.recognise(open_checkpoint(tmp_path / "pytorch_model.bin"))
    assert found.name == f"snac_{name.replace(' kHz', 'khz')}"
    codec.model.noise.draw = None
    x = sound(codec.rate)
    with torch.no_grad():
        apart, ties, codes = compare_encoding(reference, codec, x)
    samples = compare_samples(codec.from_codes(codes), reference_sound(reference, codes))
    compare_samples(codec.from_codes(codes[:1]), reference_sound(reference, codes[:1]))
    drawn = draws(reference, codes, seed=7)
    codec.model.noise.draw = lambda block, position: drawn[block].gather(1, position)
    torch.manual_seed(7)
    seeded = compare_samples(codec.from_codes(codes), reference_sound(reference, codes, noise=True))
    record(
        f"SNAC {name}", size="published", reference="snac", latents=apart,
        samples=max(samples, seeded), frames=codes[-1].shape[1], ties=ties,
    )  # fmt: skip


def test_all_forms_of_weight_norm_give_the_same_tensors(toy, tmp_path):
    _, reference, codec = toy
    own = codec.model.state_dict()
    config = (write_hub_folder(reference, tmp_path).parent / "config.json").read_text()
    for form in ("old", "parametrised", "fused"):
        tensors = in_form(reference.state_dict(), form)
        for ending in ("bin", "safetensors"):
            folder = tmp_path / f"{form}-{ending}"
            folder.mkdir()
            (folder / "config.json").write_text(config)
            path = folder / f"weights.{ending}"
            if ending == "bin":
                torch.save(tensors, path)
            else:
                weights.write(path, tensors)
            again = load(open_checkpoint(path)).model.state_dict()
            assert all(torch.equal(own[key], value) for key, value in again.items()), form


def test_a_key_too_many_is_named(toy, tmp_path):
    reference = toy[1]
    path = write_hub_folder(reference, tmp_path)
    torch.save(reference.state_dict() | {"decoder.model.9.extra": torch.zeros(1)}, path)
    with pytest.raises(ModelError, match=r"1 key \(decoder.model.9.extra\) that the key map"):
        load(open_checkpoint(path))
