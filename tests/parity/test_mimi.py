"""Mimi against transformers and Kyutai's `moshi`: latents, codes, sound, streams, layouts.

transformers fills up every layer's stride at the end of a recording, moshi the recording: the first
is compared with `fill=True`. Sound is decoded from the reference's codes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.golden.mimi import make as golden
from tests.golden.mimi.layouts import layouts
from tests.golden.mimi.make import moshi_model, uncompiled
from tests.parity.checkpoints import open_checkpoint, write_hub_folder, write_original
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.peers import peer
from tests.parity.randomise import randomise, sound
from vocable.codecs import Codec
from vocable.codecs.keys import mimi as keys
from vocable.codecs.mimi import mimi
from vocable.load.converting import convert
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

# of the toy: 12 samples a frame, 8 levels, attention over 20 rows, which are 10 frames
TOY = dict(
    num_filters=4, upsampling_ratios=[3, 2], hidden_size=32, codebook_size=64, codebook_dim=16,
    vector_quantization_hidden_dimension=16, num_quantizers=8, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=4, head_dim=8, intermediate_size=64,
    upsample_groups=32, sliding_window=20,
)  # fmt: skip


def hub_reference(size: str, **changes):
    peer("transformers")
    from transformers import MimiConfig, MimiModel

    return MimiModel(MimiConfig(**(TOY if size == "toy" else {}) | changes)).eval()


def own_reference(size: str, **changes):
    """Return a model of moshi with all its levels, of the published size or of the toy's."""
    peer("moshi")
    from moshi.models.loaders import get_mimi

    return moshi_model(TOY | changes) if size == "toy" else get_mimi(None, num_codebooks=32)


@dataclass(frozen=True)
class Pair:
    """A reference, and ours with its weights, padded as it pads."""

    size: str
    package: str
    reference: torch.nn.Module
    ours: Codec
    path: Path

    @property
    def all_levels(self) -> int:
        return len(self.ours.spec.levels)

    def latents(self, x: Tensor) -> Tensor:
        """Return the reference's latents, as rows."""
        if self.package == "moshi":
            return self.reference.encode_to_latent(x, quantize=False).transpose(1, 2)
        return self.reference.encoder(x).latents.transpose(1, 2)

    def codes(self, x: Tensor, levels: int | None = None) -> Tensor:
        """Return the reference's codes `[batch, levels, frames]`."""
        levels = levels or self.all_levels
        if self.package == "transformers":
            return self.reference.encode(x, num_quantizers=levels).audio_codes
        self.reference.set_num_codebooks(levels)
        try:
            return self.reference.encode(x)
        finally:
            self.reference.set_num_codebooks(self.all_levels)

    def sound(self, codes: Tensor) -> Tensor:
        """Return the reference's sound of codes."""
        found = self.reference.decode(codes)
        return found if self.package == "moshi" else found.audio_values


def ours(path: Path, **changes) -> Codec:
    """Load a checkpoint by our key map, with other values of our config."""
    checkpoint = open_checkpoint(path)
    found = keys.recognise(checkpoint)
    found = replace(found, config={**found.config, **changes})
    return Codec(convert(keys, checkpoint, found).eval())


def say_config(folder: Path, **changes) -> None:
    """Write the toy's config.json, which alone says its rate, heads and context."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_type": "mimi", **TOY, **changes}
    (folder / "config.json").write_text(json.dumps(config))


def make_pair(size: str, package: str, folder: Path, **changes) -> Pair:
    if package == "transformers":
        reference = randomise(hub_reference(size, **changes), seed=1)
        path = write_hub_folder(reference, folder)
        return Pair(size, package, reference, ours(path, fill=True), path)
    with uncompiled():
        reference = randomise(own_reference(size, **changes), seed=1)
    path = write_original(reference, folder)
    if size == "toy":
        say_config(folder, **changes)
    return Pair(size, package, reference, ours(path), path)


CASES = [
    pytest.param((size, package), id=f"{size}-{package}", marks=marks)
    for size, marks in (("toy", ()), ("published", pytest.mark.slow))
    for package in ("transformers", "moshi")
]


@pytest.fixture(scope="module", params=CASES)
def pair(request, tmp_path_factory) -> Iterator[Pair]:
    made = make_pair(*request.param, tmp_path_factory.mktemp("mimi"))
    if made.package == "transformers":
        yield made
        return
    with uncompiled():
        yield made


def lengths(pair: Pair) -> list[int]:
    """Return whole frames, a sample more and less, one, and what is shorter than a frame."""
    frame = pair.ours.frame
    if pair.size == "published":
        return [pair.ours.rate, 3 * frame, 3 * frame + 1, 3 * frame - 1, 1, frame - 1]
    return [60 * frame, 60 * frame + 1, 60 * frame - 1, 1, 2, frame - 1, frame, frame + 7]


def our_latents(codec: Codec, x: Tensor) -> Tensor:
    return codec.model.encoder(codec.model._rows(x))


@torch.no_grad()
def test_latents_codes_and_sound_are_the_reference_s(pair):
    model, worst, frames, ties = pair.ours.model, [0.0, 0.0], 0, 0
    for samples in lengths(pair):
        x = sound(samples, seed=samples)
        wanted, codes = pair.latents(x), pair.codes(x)
        z = our_latents(pair.ours, x)
        worst[0] = max(worst[0], compare_latents(z, wanted))
        mine = model.to_codes(x).stacked()
        assert mine.shape == (1, pair.all_levels, -(-samples // pair.ours.frame))
        ties += compare_codes(model.quantizer, z, mine, wanted, codes)
        frames += z.shape[1]
        worst[1] = max(worst[1], compare_samples(model.from_codes(codes), pair.sound(codes)))
    print(f"{pair.package} {pair.size}: latents {worst[0]:.1e}, sound {worst[1]:.1e}, "
          f"{ties} of {frames} frames tie")  # fmt: skip
    record("Mimi", size=pair.size, reference=pair.package, latents=worst[0], samples=worst[1],
           frames=frames, ties=ties)  # fmt: skip


def test_the_published_model_is_recognised(pair):
    """Whatever layout says it, so that tokens of either are of one space."""
    same = replace(pair.ours.model.config, fill=False) == mimi()
    assert same == (pair.size == "published")


@torch.no_grad()
def test_every_number_of_levels(pair):
    model, x = pair.ours.model, sound(5 * pair.ours.frame, seed=3)
    z, wanted = our_latents(pair.ours, x), pair.latents(x)
    few = (1, 2, 8, 31, 32) if pair.size == "published" else range(1, pair.all_levels + 1)
    for levels in few:
        codes = pair.codes(x, levels)
        assert codes.shape[1] == levels
        compare_codes(model.quantizer, z, model.to_codes(x, levels).stacked(), wanted, codes)
        compare_samples(model.from_codes(codes), pair.sound(codes))


@torch.no_grad()
def test_a_batch(pair):
    model, x = pair.ours.model, sound(4 * pair.ours.frame, batch=2, seed=4)
    z, wanted, codes = our_latents(pair.ours, x), pair.latents(x), pair.codes(x)
    compare_latents(z, wanted)
    compare_codes(model.quantizer, z, model.to_codes(x).stacked(), wanted, codes)
    compare_samples(model.from_codes(codes), pair.sound(codes))


@torch.no_grad()
def test_by_default_it_is_the_recording_that_is_filled_up(pair):
    """Also with transformers' file: then its codes of the filled up recording are ours."""
    frame = pair.ours.frame
    codec = ours(pair.path)
    assert not codec.model.config.fill
    x = sound(3 * frame - 5, seed=5)
    filled = torch.nn.functional.pad(x, (0, 5))
    z, wanted = our_latents(codec, x), pair.latents(filled)
    compare_latents(z, wanted)
    codes = pair.codes(filled)
    compare_codes(codec.model.quantizer, z, codec.model.to_codes(x).stacked(), wanted, codes)
    if pair.package == "transformers":
        with pytest.raises(AssertionError, match="latent: differs first in row 2 of 3"):
            compare_latents(z, pair.latents(x))


@pytest.mark.slow
@torch.no_grad()
def test_the_window_of_attention_is_the_reference_s(tmp_path):
    """Recordings many times as long; a row more or less to see is another codec."""
    for package, context in (("transformers", 20), ("transformers", 250), ("moshi", 250)):
        folder = tmp_path / f"{package}{context}"
        pair = make_pair("toy", package, folder, sliding_window=context)
        x = sound(700 * pair.ours.frame, seed=6)  # 1400 rows
        with uncompiled() if package == "moshi" else torch.no_grad():
            wanted, codes = pair.latents(x), pair.codes(x)
            heard = pair.sound(codes)
        z, model = our_latents(pair.ours, x), pair.ours.model
        compare_latents(z, wanted)
        compare_codes(model.quantizer, z, model.to_codes(x).stacked(), wanted, codes)
        compare_samples(model.from_codes(codes), heard)
        for other in (context - 1, context + 1):
            near = ours(pair.path, context=other, fill=model.config.fill)
            with pytest.raises(AssertionError, match="latent: differs"):
                compare_latents(our_latents(near, x), wanted)


@torch.no_grad()
def test_streams_frame_by_frame_are_moshi_s(pair, tmp_path):
    """A frame in, codes out, a frame back: as moshi streams, and as the whole."""
    if pair.package != "moshi":
        pytest.skip("transformers restarts its convolutions with every call")
    if pair.size == "toy":  # what a stream of moshi's gives after its context is another test's
        pair = make_pair("toy", "moshi", tmp_path, sliding_window=250)
    frame, codec = pair.ours.frame, pair.ours
    x = sound((120 if pair.size == "toy" else 6) * frame, seed=7)
    wanted, z = pair.latents(x), our_latents(codec, x)
    with pair.reference.streaming(1):
        codes = torch.cat([pair.reference.encode(piece) for piece in x.split(frame, 2)], 2)
    with pair.reference.streaming(1):
        heard = torch.cat([pair.reference.decode(piece) for piece in codes.split(1, 2)], 2)
    encoding, decoding, mine, said = codec.start_encoding(1), codec.start_decoding(1), [], []
    for n, piece in enumerate(x.split(frame, 2)):
        found, encoding = codec.encode_step(piece, encoding)
        assert found[0].shape == (1, 1)  # no more than a frame late
        mine.append(found.stacked())
        y, decoding = codec.decode_step(codes[:, :, n : n + 1], decoding)
        assert y.shape == (1, 1, frame)
        said.append(y)
    assert codec.finish_encoding(encoding)[0].shape[1] == 0
    assert codec.finish_decoding(decoding).shape[2] == 0
    found, y = torch.cat(mine, 2), torch.cat(said, 2)
    compare_codes(codec.model.quantizer, z, found, wanted, codes)
    compare_samples(y, heard)
    compare_codes(codec.model.quantizer, z, found, z, codec.model.to_codes(x).stacked())
    check_rows_equal("steps", y, codec.model.from_codes(codes), atol=WHOLE_CODEC, axis=2)


@torch.no_grad()
def test_a_stream_of_moshi_s_forgets_a_row_where_the_whole_does_not():
    """Its ring holds `context` rows and takes two at a time, so that the first of them lacks one.

    From 10 s on its stream is not what it gives for the whole, which is what ours gives.
    """
    with uncompiled():
        reference = randomise(own_reference("toy"), seed=1)
        x = sound(30 * 12, seed=7)
        whole = reference.encode_to_latent(x, quantize=False)
        with reference.streaming(1):
            steps = [reference.encode_to_latent(p, quantize=False) for p in x.split(12, 2)]
    apart = (whole - torch.cat(steps, 2)).abs().amax((0, 1))
    assert apart[:10].max() < 1e-5 and apart[10:].min() > 1e-4  # 10 frames are the 20 rows


# ---- layouts ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """Write one set of weights in every layout that there is."""
    folder = tmp_path_factory.mktemp("layouts")
    with uncompiled():
        model = randomise(own_reference("toy"), seed=8)
    made = layouts(model.state_dict(), TOY["num_attention_heads"])
    for name, tensors in made.items():
        say_config(folder / name)
        found = {key: value.contiguous() for key, value in tensors.items()}
        save_file(found, folder / name / "model.safetensors", {"format": "pt"})
    return {name: folder / name / "model.safetensors" for name in made}


@torch.no_grad()
def test_layouts_are_those_of_the_packages(files):
    """Each reads its own, and they are one model."""
    model = own_reference("toy")
    for name in ("moshi", "published", "older", "oldest"):
        model.load_state_dict(load_file(files[name]))
    peer("transformers")
    from transformers import MimiModel

    hub = MimiModel.from_pretrained(files["flat"].parent).eval()
    tree = load_file(files["tree"])
    assert hub.state_dict().keys() == tree.keys()
    assert all(torch.equal(value, tree[key]) for key, value in hub.state_dict().items())
    x = sound(30 * 12, seed=9)
    with uncompiled():
        compare_samples(model.decode(model.encode(x)), hub(x).audio_values)


def test_all_layouts_give_equal_tensors(files):
    assert set(load_file(files["flat"])) != set(load_file(files["tree"]))
    wanted = ours(files["flat"]).model.state_dict()
    for name, path in files.items():
        found = ours(path).model.state_dict()
        assert found.keys() == wanted.keys()
        for key, value in wanted.items():
            assert torch.equal(found[key], value), f"{name}: {key}"
        recognised = keys.recognise(open_checkpoint(path))
        assert recognised.layout == ("transformers" if name in ("flat", "tree") else "moshi")
        assert recognised.name == recognised.architecture == "mimi"


def test_a_file_in_bf16_gives_entries_formed_in_fp32(files, tmp_path):
    low = {k: v.bfloat16() for k, v in load_file(files["flat"]).items()}
    save_file(low, tmp_path / "model.safetensors")
    say_config(tmp_path)
    model = ours(tmp_path / "model.safetensors").model
    book = "quantizer.acoustic_residual_vector_quantizer.layers.2.codebook."
    sums, counts = low[book + "embed_sum"].float(), low[book + "cluster_usage"].float()
    wanted = sums / counts.clamp(min=1e-5)[:, None]
    assert torch.equal(model.quantizer.parts[1].stack[2].codebook.entries, wanted)
    assert model.encoder.blocks[2].weight.dtype == torch.float32


def test_a_model_of_fewer_levels(tmp_path):
    """transformers ignores `n_quantizers`; `num_quantizers` counts."""
    reference = randomise(hub_reference("toy", num_quantizers=3), seed=10)
    codec = ours(write_hub_folder(reference, tmp_path))
    assert [level.role for level in codec.spec.levels] == ["semantic", "acoustic", "acoustic"]
    x = sound(20 * codec.frame, seed=11)
    with torch.no_grad():
        codes = reference.encode(x).audio_codes
        assert codes.shape[1] == 3
        compare_samples(codec.model.from_codes(codes), reference.decode(codes).audio_values)


def test_golden_tensors_are_the_package_s():
    """Or write them, where VOCABLE_WRITE_GOLDEN is set."""
    if os.environ.get("VOCABLE_WRITE_GOLDEN"):
        golden.write()
    stored, made = load_file(golden.FILE), golden.make()
    assert stored.keys() == made.keys()
    for key, value in made.items():
        torch.testing.assert_close(stored[key], value, rtol=0, atol=1e-5)
