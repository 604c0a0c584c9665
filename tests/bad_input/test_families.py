"""What every published family makes of files that lack something, or hold more than its own."""

from __future__ import annotations

import io

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from tests.golden.families import TOYS, write_toy
from vocable.codecs.keys import FAMILIES
from vocable.codecs.keys.checkpoint import USUAL, open_checkpoint, weights_in
from vocable.codecs.keys.kind import kind_of
from vocable.codecs.keys.nemo import nemo_parts, write_nemo
from vocable.codecs.keys.stored import files_of, tensors_of
from vocable.errors import ModelError
from vocable.load.converting import convert, recognise

family = pytest.mark.parametrize("name", TOYS)
ENDINGS = {"safetensors": ".safetensors", "torch": ".pt", "nemo": ".nemo"}
# a key that is needed, where the bias in the middle of all is a mark, or of training
NEEDED = {
    "NanoCodec": "audio_encoder.res_layers.0.res_blocks.1.res_blocks.0.skip_conv.conv.bias",
    "WavTokenizer": "backbone.final_layer_norm.bias",
    "Voxtral": "audio_tokenizer.decoder_blocks.1.layers.0.attention_norm.weight",
}


def recognised(folder):
    return recognise(open_checkpoint(weights_in(folder)))


def converted(folder):
    layout, found = recognised(folder)
    return convert(layout, open_checkpoint(weights_in(folder)), found)


def refusal_of(folder):
    with pytest.raises(ModelError) as refusal:
        converted(folder)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def rewrite(file, change):
    """Write a file anew, in its own form, with what `change` makes of its tensors."""
    kind = kind_of(file)
    if kind == "safetensors":
        save_file({k: v.contiguous() for k, v in change(load_file(file)).items()}, file)
    elif kind == "nemo":
        with nemo_parts(file) as (config, held):
            tensors = torch.load(io.BytesIO(held.read()), weights_only=True)
        write_nemo(file, yaml.safe_dump(config), change(tensors))
    else:
        torch.save(_within(torch.load(file, weights_only=True), change), file)


def _within(value, change):
    if not isinstance(value, dict):
        return value
    if any(isinstance(each, torch.Tensor) for each in value.values()):
        return change(value)
    return {key: _within(each, change) for key, each in value.items()}


def needed(name, folder):
    biases = sorted(key for key in tensors_of(weights_in(folder)) if key.endswith(".bias"))
    return NEEDED.get(name) or biases[len(biases) // 2]


def test_every_family_has_a_toy(tmp_path):
    found = {recognised(write_toy(name, tmp_path / name))[0].__name__ for name in TOYS}
    assert found == set(FAMILIES.values())


@family
@pytest.mark.parametrize("what", ["missing", "of nobody"])
def test_a_key_that_is_missing_or_of_nobody_is_named(name, what, tmp_path):
    folder = write_toy(name, tmp_path / "x")
    key = needed(name, folder)

    def change(held):  # keys of a network among several stand without its name
        (own,) = [k for k in held if key == k or key.endswith(f".{k}")] or (None,)
        if own is None:
            return held
        other = {} if what == "missing" else {own: held[own], f"{own}.of_nobody": torch.ones(2)}
        return {k: v for k, v in held.items() if k != own} | other

    for file in files_of(weights_in(folder)):
        rewrite(file, change)
    assert ("lacks " if what == "missing" else ".of_nobody") in refusal_of(folder)


@family
def test_bf16_gives_what_its_values_give_in_fp32(name, tmp_path):
    models = []
    for change in (halved, rounded):
        folder = write_toy(name, tmp_path / change.__name__)
        for file in files_of(weights_in(folder)):
            rewrite(file, change)
        models.append(converted(folder).state_dict())
    one, other = models
    assert one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def halved(held):
    return {k: v.bfloat16() if v.is_floating_point() else v for k, v in held.items()}


def rounded(held):
    return {k: v.float() for k, v in halved(held).items()}


@family
def test_of_two_families_in_one_folder_the_file_of_the_usual_name_is_meant(name, tmp_path):
    folder = write_toy(name, tmp_path / "x")
    file, layout = weights_in(folder), recognised(folder)[0]
    other = folder / f"of_another{ENDINGS[kind_of(file)]}"
    tensors = {"a.weight": torch.ones(2)}
    if other.suffix == ".nemo":
        write_nemo(other, "a: 1\n", tensors)
    else:
        save_file(tensors, other) if other.suffix == ".safetensors" else torch.save(tensors, other)
    if file.name in USUAL:
        assert weights_in(folder) == file and recognised(folder)[0] is layout
    else:
        names = ", ".join(sorted((file.name, other.name)))
        assert f"holds 2 checkpoints ({names}); name one of them" in refusal_of(folder)


@pytest.mark.parametrize("name", [name for name in TOYS if name != "Voxtral"])
def test_two_families_in_one_file_are_refused(name, tmp_path):
    """But for Voxtral, whose file holds a language model beside the codec."""
    other = "SNAC" if name == "Vocos" else "Vocos"
    more = tensors_of(weights_in(write_toy(other, tmp_path / "other")))
    folder = write_toy(name, tmp_path / "x")
    rewrite(weights_in(folder), lambda held: {**more, **held})
    refusal_of(folder)
