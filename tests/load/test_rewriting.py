"""Checkpoints in another layout are the same model: names, tensors, codes and sound."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import vocable
from tests.golden.encodec.opened import checkpoint as encodec
from tests.golden.encodec.opened import load as load_encodec
from tests.golden.families import TOYS, write_toy
from tests.load.toys import SOUND
from vocable.codecs.keys import layout_of
from vocable.codecs.keys.checkpoint import weights_in
from vocable.codecs.keys.stored import tensors_of
from vocable.errors import ModelError
from vocable.load import convert_checkpoint, describe, save_model
from vocable.load.second_decoder import decoded_by_vocos
from vocable.testing.codec_examples import small_codec

GOLDEN = Path(__file__).parents[1] / "golden"
HELD = ("EnCodec causal", "EnCodec stereo", "Mimi")
READ_ONLY = ("VibeVoice, semantic",)


def source(name, tmp_path):
    """Return the files of a toy of a family, in the layout of its own package."""
    return write_toy(name, tmp_path / "theirs")


def tensors(path):
    return tensors_of(weights_in(Path(path)))


def check_same(one, other):
    assert one.keys() == other.keys()
    for key, value in one.items():
        assert value.dtype == other[key].dtype, key
        assert torch.equal(value, other[key]), key


def others(path):
    forms = layout_of(describe(path).architecture).FORMS
    return [name for name, form in forms.items() if form.files]


@pytest.mark.parametrize("name", [name for name in TOYS if name not in READ_ONLY])
def test_ours_goes_to_every_layout_and_comes_back(name, tmp_path):
    ours = convert_checkpoint(source(name, tmp_path), tmp_path / "ours").folder
    for layout in others(ours):
        done = convert_checkpoint(ours, tmp_path / layout, to=layout)
        assert (done.was, done.layout) == ("vocable", layout)
        there = [p for p in (tmp_path / layout).rglob("*") if p.is_file()]
        sizes = {p.relative_to(done.folder).as_posix(): p.stat().st_size for p in there}
        assert done.files == sizes
        again = convert_checkpoint(tmp_path / layout, tmp_path / f"{layout}-ours").folder
        check_same(tensors(again), tensors(ours))
        assert describe(again).config == describe(ours).config
        assert describe(again).space == describe(ours).space


@pytest.mark.parametrize("name", ["FocalCodec", "FocalCodec-Stream"])
def test_its_own_package_gets_the_tensors_and_the_config_that_it_wrote(name, tmp_path):
    theirs = source(name, tmp_path)
    convert_checkpoint(theirs, tmp_path / "ours")
    layout = others(tmp_path / "ours")[0]
    convert_checkpoint(tmp_path / "ours", tmp_path / "back", to=layout)
    check_same(tensors(tmp_path / "back"), tensors(theirs))
    wanted, found = (
        json.loads((f / "config.json").read_text()) for f in (theirs, tmp_path / "back")
    )
    for key, value in wanted.items():
        assert found[key] == (found[key] | value if isinstance(value, dict) else value), key


def test_focalcodec_of_its_first_version_comes_back_in_the_names_of_today(tmp_path):
    theirs = source("FocalCodec", tmp_path)
    now = tensors(theirs)
    names = {"0.downscale": "0.0", "1.downscale": "1.0", "0.focal_block": "0.1"}
    held = {}
    for key, value in now.items():
        *_, stem = key.partition("compressor.layers.")
        then = next((key.replace(a, b) for a, b in names.items() if stem.startswith(a)), key)
        held[then if key.startswith("compressor") else key] = value
    for key in [key for key in held if ".qkv_proj." in key]:
        for part, value in zip("qkv", held.pop(key).chunk(3), strict=True):
            held[key.replace("qkv_", f"{part}_")] = value.clone()
    held["quantizer.codebook"] = torch.ones(32, 5)
    assert "compressor.layers.0.1.modulation.in_proj.weight" in held
    save_file(held, theirs / "model.safetensors")
    convert_checkpoint(theirs, tmp_path / "ours")
    convert_checkpoint(tmp_path / "ours", tmp_path / "back", to="focalcodec")
    check_same(tensors(tmp_path / "back"), now)


def test_dualcodec_is_written_as_its_files_are_called_and_without_what_it_does_not_hear(tmp_path):
    theirs = write_toy("DualCodec", tmp_path / "theirs")
    convert_checkpoint(theirs, tmp_path / "ours")
    done = convert_checkpoint(tmp_path / "ours", tmp_path / "back", to="dualcodec")
    assert done.files.keys() == {
        "dualcodec_25hz_64_32.safetensors", "w2vbert2_mean_var_stats_emilia.pt",
        "w2v-bert-2.0/config.json", "w2v-bert-2.0/model.safetensors",
    }  # fmt: skip
    held, found = tensors(theirs), tensors(tmp_path / "back")
    assert {key for key in held if key not in found} == {"w2v-bert-2.0.masked_spec_embed"}
    fused = {key.partition("weight_")[0] for key in held if key.endswith(("weight_g", "weight_v"))}
    for key, value in found.items():
        if not key.startswith(tuple(fused)):
            assert torch.allclose(value, held[key], rtol=1e-6, atol=0), key
            assert torch.equal(value, held[key]) or key == "statistics.var", key
    (theirs / "w2v-bert-2.0" / "model.safetensors").unlink()
    deaf = convert_checkpoint(theirs, tmp_path / "deaf").folder
    words = "it decodes only, but dualcodec files hold what encodes, too; convert what was read"
    refused(words, deaf, tmp_path / "deaf-back", to="dualcodec")
    assert not (tmp_path / "deaf-back").exists()


def test_kanade_is_written_as_three_folders_without_what_it_does_not_hear(tmp_path):
    theirs = write_toy("Kanade", tmp_path / "theirs")
    convert_checkpoint(theirs, tmp_path / "ours")
    back = convert_checkpoint(tmp_path / "ours", tmp_path / "back", to="kanade").folder
    check_same(tensors(back), tensors(theirs))
    held, found = tensors(theirs / "wavlm"), tensors(back / "wavlm")
    beyond = {key for key in held if key.startswith("encoder.layers.4.")}
    assert beyond and held.keys() - found.keys() == beyond | {"masked_spec_embed"}
    taps = "encoder.pos_conv_embed.conv.parametrizations"  # weight norm, which is made anew
    check_same({k: v for k, v in found.items() if not k.startswith(taps)},
               {k: held[k] for k in found if not k.startswith(taps)})  # fmt: skip
    held, found = tensors(theirs / "vocos"), tensors(back / "vocos")
    assert {key.partition(".")[0] for key in found.keys() - held.keys()} == {"feature_extractor"}
    window = "head.istft.window"
    check_same({k: found[k] for k in held if k != window},
               {k: v for k, v in held.items() if k != window})  # fmt: skip
    assert torch.equal(found[window], torch.hann_window(1024))


def test_all_layouts_give_the_same_codes_and_samples(tmp_path):
    theirs = source("EnCodec causal", tmp_path)
    codec = vocable.load(theirs)
    tokens = codec.encode(SOUND, rate=8000)
    for layout in ("vocable", "transformers"):
        other = vocable.load(convert_checkpoint(theirs, tmp_path / layout, to=layout).folder)
        assert other.encode(SOUND, rate=8000) == tokens
        assert other.decode(tokens) == codec.decode(tokens)


@pytest.mark.parametrize("name", HELD)
def test_between_layouts_of_others_all_that_both_keep_goes_over_as_it_is(name, tmp_path):
    """Halves of weight norm, statistics of learning: what ours has not comes back, too."""
    theirs = source(name, tmp_path)
    convert_checkpoint(theirs, tmp_path / "hub", to="transformers")
    was = "moshi" if name == "Mimi" else "encodec"
    convert_checkpoint(tmp_path / "hub", tmp_path / "back", to=was)
    check_same(tensors(tmp_path / "back"), tensors(theirs))


def test_half_precision_stays_between_layouts_of_others(tmp_path):
    theirs = source("Mimi", tmp_path)
    held = {k: v.bfloat16() for k, v in tensors(theirs).items()}
    save_file(held, theirs / "model.safetensors")
    convert_checkpoint(theirs, tmp_path / "hub", to="transformers")
    convert_checkpoint(tmp_path / "hub", tmp_path / "back", to="moshi")
    check_same(tensors(tmp_path / "back"), held)


def test_a_fused_layout_gives_the_halves_of_a_weight_one_form(tmp_path):
    first = convert_checkpoint(GOLDEN / "dac/weights.pth", tmp_path / "hub", to="transformers")
    assert first.was == "dac"
    convert_checkpoint(tmp_path / "hub", tmp_path / "one", to="dac")
    convert_checkpoint(tmp_path / "one", tmp_path / "two", to="transformers")
    check_same(tensors(tmp_path / "two"), tensors(tmp_path / "hub"))


@pytest.mark.parametrize("name", ["encodec-symmetric", "dac-odd-stride"])
def test_a_model_that_was_made_here_is_written_in_all_layouts(name, tmp_path):
    save_model(small_codec(name), tmp_path / "mine", name="mine")
    for layout in others(tmp_path / "mine"):
        convert_checkpoint(tmp_path / "mine", tmp_path / layout, to=layout)
        convert_checkpoint(tmp_path / layout, tmp_path / f"{layout}-ours")
        check_same(tensors(tmp_path / f"{layout}-ours"), tensors(tmp_path / "mine"))


def test_vocos_is_written_without_its_codec(tmp_path):
    def behind(vocos):
        codec = load_encodec(encodec("causal", target_bandwidths=[10.0, 20.0]))
        return decoded_by_vocos(codec, vocos)

    theirs = GOLDEN / "vocos/checkpoint"
    save_model(behind(theirs), tmp_path / "ours", name="mine")
    done = convert_checkpoint(tmp_path / "ours", tmp_path / "vocos", to="vocos")
    assert done.files.keys() == {"config.yaml", "pytorch_model.bin"}
    held = {k: v.float() for k, v in tensors(theirs).items()}
    found = tensors(tmp_path / "vocos")
    check_same(found, {key: held[key] for key in found})
    again = behind(tmp_path / "vocos").model
    check_same(again.state_dict(), behind(theirs).model.state_dict())
    assert again.config == behind(theirs).model.config


# ---- what is refused ----------------------------------------------------------------------------


def left(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != "cache")


def refused(words, *args, kind=ModelError, **options):
    with pytest.raises(kind, match=words) as refusal:
        convert_checkpoint(*args, **options)
    assert "\n" not in str(refusal.value)


def test_layouts_that_it_is_in_or_has_not_are_refused_with_those_it_has(tmp_path):
    toy, out = GOLDEN / "dac/weights.pth", tmp_path / "x"
    refused("in the layout dac already; others: vocable, transformers$", toy, out, to="dac")
    refused("not written in a layout moshi; others: vocable, trans", toy, out, to="moshi")
    refused("channel-vocoder, which only vocable's own layout", "speech-16k", out, to="dac")
    refused("no model named", "no-such-model", out)
    save_file({"a.weight": torch.ones(3)}, tmp_path / "other.safetensors")
    refused(
        "family that vocable does not know: it has a.weight", tmp_path / "other.safetensors", out
    )
    assert left(tmp_path) == ["other.safetensors"]


def test_what_is_there_is_replaced_only_when_asked_and_only_a_checkpoint(tmp_path):
    toy, out = GOLDEN / "bigcodec/checkpoint", tmp_path / "x"
    convert_checkpoint(toy, out)
    before = tensors(out)
    refused(r"exists; take another name, or overwrite", toy, out, kind=FileExistsError)
    save_file({"a.weight": torch.ones(3)}, out / "model.safetensors")
    convert_checkpoint(toy, out, overwrite=True)
    check_same(tensors(out), before)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    refused("not a folder with a ch", toy, tmp_path / "mine", overwrite=True, kind=FileExistsError)
    refused("there is no folder", toy, tmp_path / "no" / "x", kind=FileNotFoundError)
    refused("where the checkpoint lies itself", out, out, to="bigcodec", overwrite=True)
    assert left(tmp_path) == ["mine", "x"]


def test_what_asks_for_code_is_refused_and_leaves_nothing(tmp_path):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"a": Evil()}, tmp_path / "evil.bin")
    refused(
        "asks for .* to be run, which vocable never does", tmp_path / "evil.bin", tmp_path / "x"
    )
    assert left(tmp_path) == ["evil.bin"]


def test_what_a_layout_cannot_say_is_refused_and_leaves_nothing(tmp_path):
    save_model(small_codec("facodec"), tmp_path / "mine")  # published ones have four heads
    words = "^facodec: its timbre_heads 2 cannot be said in facodec files$"
    refused(words, tmp_path / "mine", tmp_path / "x", to="facodec")
    assert left(tmp_path) == ["mine"]


def test_kernels_that_do_not_grow_by_one_number_are_refused(tmp_path):
    model = small_codec("focalcodec").model
    config = type(model.config)(**vars(model.config) | {"kernels": (3, 5, 9)})
    save_model(type(model)(config), tmp_path / "mine")
    words = r"its kernels are \[3, 5, 9\], of which focalcodec files can say only ones that grow"
    refused(words, tmp_path / "mine", tmp_path / "x", to="focalcodec")
    assert left(tmp_path) == ["mine"]


def test_narrow_mlps_are_refused_by_kanade_files(tmp_path):
    save_model(small_codec("kanade"), tmp_path / "mine")
    words = "^its hidden 8 is less than the 21 of kanade files$"
    refused(words, tmp_path / "mine", tmp_path / "x", to="kanade")
    assert left(tmp_path) == ["mine"]


def test_weights_in_parts_become_one_file(tmp_path):
    whole = convert_checkpoint(source("Mimi", tmp_path), tmp_path / "hub", to="transformers")
    parts = tmp_path / "parts"
    shutil.copytree(whole.folder, parts)
    held = tensors(whole.folder)
    (parts / "model.safetensors").unlink()
    names = {key: f"model-{n % 2}.safetensors" for n, key in enumerate(held)}
    for name in set(names.values()):
        save_file({key: held[key] for key in held if names[key] == name}, parts / name)
    index = {"metadata": {}, "weight_map": names}
    (parts / "model.safetensors.index.json").write_text(json.dumps(index))
    convert_checkpoint(parts, tmp_path / "moshi", to="moshi")
    check_same(tensors(tmp_path / "moshi"), tensors(tmp_path / "theirs"))
