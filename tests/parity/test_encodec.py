"""EnCodec against transformers and the `encodec` package: latents, codes, sound, streams.

Three kinds, each at toy and at published size: causal (24 kHz), stereo in segments (48 kHz) and
symmetric (32 kHz); a fourth as a toy, as AudioCraft stores it. Sound is decoded from the
reference's codes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.golden.encodec import make as golden
from tests.parity.checkpoints import in_form, open_checkpoint, write_hub_folder, write_original
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.peers import peer
from tests.parity.randomise import randomise, sound
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.codes import Codes, join_codes
from vocable.codecs.encodec import PUBLISHED as MODELS
from vocable.codecs.keys import encodec as keys
from vocable.codecs.segments import last_pieces
from vocable.load.converting import convert
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal, cut

NAMES = {
    "causal": "EnCodec 24 kHz",
    "stereo": "EnCodec 48 kHz",
    "symmetric": "EnCodec 32 kHz",
    "silence": "EnCodec, AudioCraft",
}
# of the toys: 8 samples a frame (15 for odd strides), 4 levels
CONFIGS = {
    "causal": dict(
        num_filters=4, upsampling_ratios=[4, 2], hidden_size=16, codebook_size=32,
        target_bandwidths=[15.0, 30.0, 60.0],
    ),
    "symmetric": dict(
        num_filters=4, upsampling_ratios=[5, 3], hidden_size=16, codebook_size=32,
        target_bandwidths=[32.0], use_causal_conv=False, use_conv_shortcut=False,
    ),
    "stereo": dict(
        num_filters=4, upsampling_ratios=[4, 2], hidden_size=16, codebook_size=32,
        target_bandwidths=[15.0, 60.0], use_causal_conv=False, audio_channels=2,
        norm_type="time_group_norm", normalize=True, chunk_length_s=0.01, overlap=0.1,
    ),
    "silence": dict(  # at the edges, as AudioCraft trains its own
        num_filters=4, upsampling_ratios=[5, 3], hidden_size=16, codebook_size=32,
        target_bandwidths=[32.0], use_causal_conv=False, use_conv_shortcut=False,
        pad_mode="constant",
    ),
}  # fmt: skip
PUBLISHED = {
    "causal": dict(target_bandwidths=[1.5, 3.0, 6.0, 12.0, 24.0]),
    "stereo": dict(
        target_bandwidths=[3.0, 6.0, 12.0, 24.0], sampling_rate=48_000, use_causal_conv=False,
        audio_channels=2, norm_type="time_group_norm", normalize=True, chunk_length_s=1.0,
        overlap=0.01,
    ),
    "symmetric": dict(
        target_bandwidths=[2.2], sampling_rate=32_000, num_filters=64,
        upsampling_ratios=[8, 5, 4, 4], codebook_size=2048, use_causal_conv=False,
        use_conv_shortcut=False,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """A reference, ours with its weights, and where they came from."""

    kind: str
    size: str
    package: str
    reference: torch.nn.Module
    ours: Codec
    path: Path

    @property
    def bandwidths(self) -> list[float]:
        """Kbit/s that the reference offers."""
        config = getattr(self.reference, "config", self.reference)
        return list(config.target_bandwidths)

    def codes_of(self, x: Tensor, bandwidth: float | None = None) -> list[tuple[Tensor, Tensor]]:
        """Return the reference's codes `[batch, levels, frames]` and scale of each segment."""
        bandwidth = bandwidth or max(self.bandwidths)
        if self.package == "encodec":
            self.reference.set_target_bandwidth(bandwidth)
            return self.reference.encode(x)
        out = self.reference.encode(x, bandwidth=bandwidth)
        found = list(zip(out.audio_codes, out.audio_scales, strict=True))
        if filler := out.last_frame_pad_length:
            found[-1] = (found[-1][0][..., :-filler], found[-1][1])
        return found

    def sound_of(self, found: list[tuple[Tensor, Tensor]]) -> Tensor:
        """Return the reference's sound of its codes, as it does not cut it."""
        if self.package == "encodec":
            return self.reference.decode(found)
        longest = found[0][0].shape[2]
        filler = longest - found[-1][0].shape[2]
        stacked = [torch.nn.functional.pad(c, (0, longest - c.shape[2])) for c, _ in found]
        return self.reference.decode(
            torch.stack(stacked), [s for _, s in found], last_frame_pad_length=filler
        ).audio_values

    def pieces(self, x: Tensor) -> list[Tensor]:
        """Return what is encoded by itself: segments, or the whole."""
        segment = self.ours.spec.segment
        return [x] if segment is None else list(last_pieces(x, segment))


def hub_reference(kind: str, size: str, **changes):
    peer("transformers")
    from transformers import EncodecConfig, EncodecModel

    config = (PUBLISHED if size == "published" else CONFIGS)[kind]
    return EncodecModel(EncodecConfig(**config | changes))


def own_reference(kind: str, size: str):
    """Return a model of the encodec package, of a published size or of a toy's."""
    encodec = peer("encodec")
    config = hub_reference(kind, size).config if size == "toy" else None
    if config is None:
        make = {"causal": "encodec_model_24khz", "stereo": "encodec_model_48khz"}[kind]
        return getattr(encodec.EncodecModel, make)(pretrained=False)
    from encodec.modules import SEANetDecoder, SEANetEncoder
    from encodec.quantization import ResidualVectorQuantizer

    graph = dict(
        channels=config.audio_channels, dimension=config.hidden_size, n_filters=config.num_filters,
        ratios=config.upsampling_ratios, norm=config.norm_type, causal=config.use_causal_conv,
        true_skip=not config.use_conv_shortcut, pad_mode=config.pad_mode,
    )  # fmt: skip
    books = ResidualVectorQuantizer(
        dimension=config.hidden_size, n_q=config.num_quantizers, bins=config.codebook_size
    )
    return encodec.EncodecModel(
        SEANetEncoder(**graph), SEANetDecoder(**graph), books, config.target_bandwidths,
        config.sampling_rate, config.audio_channels, normalize=config.normalize,
        segment=config.chunk_length_s, overlap=config.overlap or 0.01,
    )  # fmt: skip


def ours(path: Path) -> Codec:
    """Load a checkpoint by our key map."""
    checkpoint = open_checkpoint(path)
    return Codec(convert(keys, checkpoint, keys.recognise(checkpoint)).eval())


LACKING = [  # in the references
    ("symmetric", "published", "encodec"),
    ("silence", "published", "encodec"),
    ("silence", "published", "transformers"),
]
CASES = [
    pytest.param(case, id="-".join(case), marks=pytest.mark.slow if "published" in case else ())
    for case in product(NAMES, ("toy", "published"), ("transformers", "encodec"))
    if case not in LACKING
]
# what AudioCraft writes beside the weights, but for what is of no account here
RECIPE = """\
sample_rate: 24000
channels: 1
encodec:
  sample_rate: ${sample_rate}
  causal: false
  renormalize: false
seanet:
  causal: ${encodec.causal}
  pad_mode: constant
"""


@pytest.fixture(scope="module", params=CASES)
def pair(request, tmp_path_factory) -> Pair:
    kind, size, package = request.param
    folder = tmp_path_factory.mktemp("encodec")
    if package == "transformers":
        reference = randomise(hub_reference(kind, size), seed=1)
        path = write_hub_folder(reference, folder)
        return Pair(kind, size, package, reference, ours(path), path)
    reference = randomise(own_reference(kind, size), seed=1)
    if kind == "silence":
        path = folder / "compression_state_dict.bin"
        torch.save({"best_state": reference.state_dict(), "xp.cfg": RECIPE}, path)
        return Pair(kind, size, package, reference, ours(path), path)
    if size == "toy":  # whose rate and padding nothing else says
        hub_reference(kind, size).config.save_pretrained(folder)
    path = write_original(reference, folder)
    return Pair(kind, size, package, reference, ours(path), path)


def lengths(pair: Pair) -> list[int]:
    """Return whole frames, a sample more and less, what is shorter than a frame and than the pad.

    And, of segments, lengths that end inside an overlap, so that the last two are short.
    """
    frame, segment = pair.ours.frame, pair.ours.spec.segment
    few = 40 if pair.size == "toy" else 12
    found = [few * frame, few * frame + 1, few * frame - 1, 1, frame - 1, 3, 7 * frame, frame + 1]
    if segment is not None:
        found += [segment.length, segment.hop + 1, 2 * segment.hop + 1, segment.length + 9]
        found += [3 * segment.length - 5] if pair.size == "toy" else [segment.hop + 310]
    elif pair.size == "published":
        found.append(pair.ours.rate)
    return found


def refused_by(pair: Pair, samples: int) -> bool:
    """Say whether transformers cannot stack the segments: the last but one is short, too."""
    segment = pair.ours.spec.segment
    if segment is None or pair.package == "encodec" or samples <= segment.length:
        return False
    counts = [-(-p.shape[2] // pair.ours.frame) for p in pair.pieces(torch.zeros(1, 1, samples))]
    return len(set(counts[:-1])) > 1


def not_decoded_by(pair: Pair, samples: int) -> bool:
    """Say whether the references cannot join the segments: the last ends within the one before."""
    segment, frame = pair.ours.spec.segment, pair.ours.frame
    if segment is None:
        return False
    at = [n * segment.hop for n in range(len(pair.pieces(torch.zeros(1, 1, samples))))]
    ends = [n + frame * -(-min(segment.length, samples - n) // frame) for n in at]
    return max(ends) > ends[-1]


def test_published_sizes_are_recognised(pair):
    """Whatever layout says them, so that tokens of either are of one space."""
    named = {make.__name__: make() for make in MODELS}
    rates = {"causal": "24", "stereo": "48", "symmetric": "32"}
    same = pair.ours.model.config == named.get(f"encodec_{rates.get(pair.kind)}khz")
    assert same == (pair.size == "published")


@torch.no_grad()
def test_latents_codes_and_sound_are_the_reference_s(pair):
    worst = {"latents": 0.0, "samples": 0.0, "frames": 0, "ties": 0}
    for samples in lengths(pair):
        x = sound(samples, batch=2, channels=pair.ours.channels, seed=samples)
        if refused_by(pair, samples):
            with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size"):
                pair.codes_of(x)
            continue
        found = pair.codes_of(x)
        model, pieces = pair.ours.model, pair.pieces(x)
        assert len(found) == len(pieces)
        for piece, (codes, scale) in zip(pieces, found, strict=True):
            sides = model.find_sides(piece)
            z = model.encoder(model._rows(model.prepare_input(piece, sides)))
            wanted = pair.reference.encoder(piece / scale[..., None] if sides else piece)
            worst["latents"] = max(
                worst["latents"], compare_latents(z, wanted := wanted.transpose(1, 2))
            )
            if sides:
                torch.testing.assert_close(sides["scale"], scale[:, 0], rtol=1e-6, atol=1e-9)
            worst["ties"] += compare_codes(
                model.quantizer, z, model.quantizer.encode(z), wanted, codes
            )
            worst["frames"] += codes.shape[0] * codes.shape[2]
        mine = pair.ours.to_codes(x)
        assert [level.shape[1] for level in mine] == [sum(c.shape[2] for c, _ in found)] * len(mine)
        got = model.from_codes(as_ours(pair, found))
        assert got.shape[2] >= samples
        if not_decoded_by(pair, samples):
            with pytest.raises(RuntimeError, match="must match the size of tensor"):
                pair.sound_of(found)
            continue
        worst["samples"] = max(worst["samples"], compare_samples(got, pair.sound_of(found)))
    record(NAMES[pair.kind], size=pair.size, reference=pair.package, **worst)


def as_ours(pair: Pair, found: list[tuple[Tensor, Tensor]]) -> Codes:
    """Return the reference's codes as ours are."""
    if pair.ours.spec.segment is None:
        return Codes(found[0][0].unbind(1))
    pieces = [Codes(c.unbind(1), {"scale": s}, (c.shape[2],)) for c, s in found]
    return join_codes(pair.ours.spec, pieces)


@torch.no_grad()
def test_every_number_of_levels_is_the_reference_s(pair):
    x = sound(20 * pair.ours.frame, channels=pair.ours.channels, seed=5)
    numbers = []
    for bandwidth in pair.bandwidths:
        found = pair.codes_of(x, bandwidth)
        levels = found[0][0].shape[1]
        numbers.append(levels)
        model, sides = pair.ours.model, pair.ours.model.find_sides(x)
        z = model.encoder(model._rows(model.prepare_input(x, sides)))
        wanted = pair.reference.encoder(x / found[0][1][..., None] if sides else x)
        codes = pair.ours.to_codes(x, levels).stacked()
        compare_codes(model.quantizer, z, codes, wanted.transpose(1, 2), found[0][0])
        compare_samples(pair.ours.from_codes(as_ours(pair, found)), pair.sound_of(found))
    if pair.kind != "silence":  # AudioCraft's recipe names no bandwidths
        assert pair.ours.spec.prefixes == tuple(numbers)


@torch.no_grad()
def test_a_stream_is_the_reference_s_whole(pair):
    """Blocks of any size, from the first on, give what the reference makes of the whole."""
    spec = pair.ours.spec
    samples = 60 * spec.frame + 5 if pair.size == "toy" else 20 * spec.frame + 5
    x = sound(samples, channels=spec.channels, seed=9)
    wanted = pair.codes_of(x)
    generator = torch.Generator().manual_seed(0)
    for longest in (3, 3 * spec.frame, 3 * samples)[pair.size == "published" :]:
        sizes = torch.randint(1, longest, (samples,), generator=generator).tolist()
        state, parts = pair.ours.start_encoding(1), []
        for block in cut(x, sizes, axis=2):
            codes, state = pair.ours.encode_step(block, state)
            parts.append(codes)
        codes = join_codes(spec, [*parts, pair.ours.finish_encoding(state)])
        assert torch.equal(codes.stacked(), as_ours(pair, wanted).stacked()), longest
        if spec.segment is not None:
            continue  # segments are decoded whole: test_streams_equal_whole cuts between them
        state, heard = pair.ours.start_decoding(1), []
        for frames in cut(codes.stacked(), [1 + size // spec.frame for size in sizes], axis=2):
            block, state = pair.ours.decode_step(frames, state)
            heard.append(block)
        heard.append(pair.ours.finish_decoding(state))
        compare_samples(torch.cat(heard, 2), pair.sound_of(wanted))


@torch.no_grad()
def test_a_batch_of_unequal_lengths_is_the_reference_s_singles(pair):
    rate, channels = pair.ours.rate, pair.ours.channels
    short = 11 * pair.ours.frame
    sounds = [sound(n, channels=channels, seed=n)[0] for n in (short, short + 3, 1, short, 40)]
    found = pair.ours.encode_batch([Audio(x.numpy(), rate) for x in sounds])
    decoded = pair.ours.decode_batch(found)
    for x, tokens, audio in zip(sounds, found, decoded, strict=True):
        wanted = pair.codes_of(x[None])
        stacked = torch.cat([codes for codes, _ in wanted], 2)
        assert torch.equal(torch.tensor(tokens.codes).long(), stacked)
        y = pair.sound_of(wanted)[..., : x.shape[1]]
        check_rows_equal("sound", torch.tensor(audio.samples)[None], y, atol=WHOLE_CODEC, axis=2)


@pytest.mark.parametrize("kind", NAMES)
def test_all_layouts_and_forms_give_equal_tensors(kind, tmp_path):
    """One set of weights, stored in every way that is published, becomes the same tensors."""
    reference = randomise(own_reference(kind, "toy"), seed=3)
    state = reference.state_dict()
    hub = hub_reference(kind, "toy")
    hub.load_state_dict(as_hub(in_form(state, "parametrised")))
    files = {"hub": write_hub_folder(hub, tmp_path / "hub")}
    forms = ["old"] if kind == "stereo" else ["old", "parametrised", "fused"]
    for form in forms:
        for layout, rename in (("package", dict), ("hub", as_hub)):
            files[f"{layout}-{form}"] = path = tmp_path / f"{layout}-{form}" / "x.pt"
            hub.config.save_pretrained(path.parent)
            torch.save(rename(in_form(state, form)), path)
    loaded = {name: ours(path).model.state_dict() for name, path in files.items()}
    first = loaded.pop("hub")
    for name, tensors in loaded.items():
        assert tensors.keys() == first.keys()
        for key, value in tensors.items():
            assert torch.equal(value, first[key]), (name, key)


@pytest.mark.parametrize("kind", golden.KINDS)
def test_golden_tensors_are_what_the_package_gives(kind):
    if os.environ.get("VOCABLE_WRITE_GOLDEN"):
        golden.write(kind)
    stored = load_file(golden.HERE / f"{kind}.safetensors")
    made, _ = golden.make(kind)
    assert stored.keys() == made.keys()
    for key, value in made.items():
        torch.testing.assert_close(stored[key], value, rtol=1e-5, atol=1e-5)


def as_hub(tensors):
    """Return a state dict of the encodec package by transformers' keys."""
    renamed = {}
    for key, value in tensors.items():
        key = key.replace(".model.", ".layers.").replace(".conv.conv.", ".conv.")
        key = key.replace(".convtr.convtr.", ".conv.").replace(".conv.norm.", ".norm.")
        key = key.replace(".convtr.norm.", ".norm.").replace("quantizer.vq.", "quantizer.")
        renamed[key.replace("._codebook.", ".codebook.")] = value
    return renamed
