"""Checkpoints of Kanade: three folders of three makers, one inside the other.

    model.safetensors, config.yaml    Kanade's: local_encoder.…, local_quantizer.…, conv_downsample,
                                      global_encoder.…, mel_prenet.…, mel_conv_upsample,
                                      mel_decoder.…, mel_postnet.…
    wavlm/                            WavLM base+, of transformers or of its authors
    vocos/                            Vocos of mel spectra: backbone.…, head.…

The yaml says heads, windows and which layers of WavLM are heard. A head's channels turn as
neighbours, ours as halves. Left out are WavLM's blocks behind the last that is heard, and the way
back to its features.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from torch import Tensor

from vocable.codecs.keys import seanet, steps, vocos, vocos_mel
from vocable.codecs.keys.block_yaml import read_block_yaml
from vocable.codecs.keys.change import of_first, one_in_halves, pointwise, transposed_patch
from vocable.codecs.keys.checkpoint import YAML, Checkpoint, Recognised, published_name
from vocable.codecs.keys.form import Form
from vocable.errors import ModelError
from vocable.units.kanade import PUBLISHED
from vocable.units.keys import wav2vec2
from vocable.units.keys.kanade_files import VOCOS, WAVLM, kanade_files, vocos_config
from vocable.weights import Row

Shapes = Mapping[str, tuple[int, ...]]
_MARKS = ("local_quantizer.proj_in.weight", "mel_decoder.norm.condition_proj.1.weight")
_UNUSED = r"(?:ssl_feature_extractor|feature_decoder|conv_upsample)\..+"
_HEARD, _VOICE, _SPOKEN = "encoder.speech.", "side_encoder.", "decoder.vocoder."
_HIDDEN = (".feed_forward.w1.weight", ".feed_forward.w3.weight")
_NEEDED = {
    "wavlm": ("WavLM base+", "microsoft/wavlm-base-plus"),
    "vocos": ("Vocos of mel spectra", "charactr/vocos-mel-24khz"),
}
_FIXED = {
    "normalize_ssl_features": True, "use_conv_downsample": True, "padding": "center",
    "mel_interpolation_mode": "linear", "bigvgan_style_mel": False, "vocoder_name": "vocos",
}  # fmt: skip


def recognise(checkpoint: Checkpoint) -> Recognised | None:
    """Return which Kanade a checkpoint is, or None if it is of another family.

    Raises ModelError where WavLM, Vocos or the yaml do not lie beside it, or do not fit it.
    """
    shapes = checkpoint.shapes
    if not all(mark in shapes for mark in _MARKS):
        return None
    path = checkpoint.path.with_name(YAML)
    if not path.is_file():
        raise ModelError(f"checkpoint of Kanade without its {YAML}; put it beside it")
    stated = read_block_yaml(path.read_text(encoding="utf-8-sig"), YAML)
    with seanet.refusing(f"{YAML} does not describe a Kanade"):
        args = stated["model"]["init_args"]
        wav2vec2.check_settings(args["config"], _FIXED)
        wav2vec2.check_settings(
            args["ssl_feature_extractor"]["init_args"], {"model_name": "wavlm_base_plus"}
        )
        config = _config(args, shapes) | _voice(shapes)
    width = shapes["conv_downsample.weight"][0]
    last = max(config["content_layers"] + config["voice_layers"])
    config |= {"semantic": _heard(_part(checkpoint, "wavlm"), width, last)}
    config |= _vocoder(_part(checkpoint, "vocos"), config)
    return Recognised(published_name(PUBLISHED, config, "kanade"), "kanade", "kanade", config)


def read(checkpoint: Checkpoint, recognised: Recognised) -> Mapping[str, Tensor]:
    """Return the tensors by the keys of `vocable.units.kanade`.

    Raises ModelError for a key that is not one of Kanade's, WavLM's or Vocos'.
    """
    spoken = _part(checkpoint, "vocos").tensors()
    part = _part(checkpoint, "wavlm")
    _encoder(part)
    held = dict(checkpoint.tensors())
    held |= {WAVLM + key: value for key, value in wav2vec2.in_transformers(part).items()}
    held |= {VOCOS + key: value for key, value in spoken.items()}
    return steps.read(_steps(recognised.config), held)


def _steps(config: Mapping[str, Any]) -> list[steps.Step]:
    blocks = "|".join(map(str, range(config["semantic"]["blocks"])))
    beyond = rf"{re.escape(WAVLM)}encoder\.layers\.(?!(?:{blocks})\.).+"
    spoken = vocos_mel.decoder_steps(vocos_config(config), "block.blocks")
    kept = (_HEARD, _VOICE, _SPOKEN)
    return [
        steps.Aside(rf"{_UNUSED}|{beyond}", steps.nothing),
        steps.Part(WAVLM, _HEARD, wav2vec2.STEPS),
        steps.Part(VOCOS, _SPOKEN, tuple(spoken)),
        steps.Part("global_encoder.", _VOICE, (steps.Table(tuple(_voice_rows(config))),)),
        steps.Stacked(_HIDDEN, ".feed_forward.into.weight"),
        steps.Table((*map(steps.as_it_is, kept), *_rows(config))),
    ]


# ---- what lies beside it ------------------------------------------------------------------------


def _part(checkpoint: Checkpoint, name: str) -> Checkpoint:
    found = checkpoint.part(name)
    if found is None:
        what, where = _NEEDED[name]
        raise ModelError(
            f"checkpoint of Kanade without {what}; put {where} into a folder {name} beside it"
        )
    return found


def _encoder(part: Checkpoint) -> Recognised:
    found = wav2vec2.recognise(part)
    if found is None or found.architecture != "wavlm":
        raise ModelError(f"{part.path} is not WavLM; put {_NEEDED['wavlm'][1]} there")
    return found


def _heard(part: Checkpoint, width: int, last: int) -> dict[str, Any]:
    """Return WavLM's sizes up to the last block that is heard."""
    found = dict(_encoder(part).config)
    if found["width"] != width or found["blocks"] < last:
        raise ModelError(
            f"{part.path} has {found['blocks']} blocks of {found['width']} channels, but Kanade "
            f"hears {last} of {width}; put {_NEEDED['wavlm'][1]} there"
        )
    return found | {"blocks": last, "normalize": False}


def _vocoder(part: Checkpoint, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sizes of Vocos; refuse one of other spectra."""
    with seanet.refusing(f"{part.path} is not Vocos"):
        sizes = vocos.decoder_sizes(part.shapes)
        bands = part.shapes["backbone.embed.weight"][1]
    if (bands, sizes["window"]) != (config["bands"], config["window"]):
        raise ModelError(
            f"{part.path} decodes {bands} bands of windows of {sizes['window']} samples, but "
            f"Kanade gives {config['bands']} of {config['window']}; put {_NEEDED['vocos'][1]} there"
        )
    stated = {"n_fft": config["window"], "hop_length": config["hop"], "padding": "center"}
    vocos.check_yaml(part.path, stated)
    return {f"vocoder_{name}": sizes[name] for name in ("width", "hidden", "blocks")}


# ---- keys ---------------------------------------------------------------------------------------


def _rows(config: Mapping[str, Any]) -> Iterator[Row]:
    both = r"\.(weight|bias)"
    yield from _layer_rows("local_encoder", "encoder.content", config["content"]["heads"])
    yield from _layer_rows("mel_prenet", "decoder.slow.blocks.0", config["slow"]["heads"])
    yield from _voiced_rows(config["spectra"]["heads"])
    for theirs, ours in {
        r"local_quantizer\.proj_in": "quantizer.into",
        r"local_quantizer\.proj_out": "quantizer.out",
        r"conv_downsample": "encoder.joined",
        r"mel_prenet\.output_proj": "decoder.slow.blocks.1",
        r"mel_decoder\.output_proj": "decoder.out",
        r"mel_decoder\.norm\.condition_proj\.1": "decoder.norm.told",
    }.items():
        yield Row(theirs + both, rf"{ours}.\1")
    yield Row(r"mel_conv_upsample\.weight", "decoder.slow.blocks.2.weight", transposed_patch)
    yield Row(r"mel_conv_upsample\.bias", "decoder.slow.blocks.2.bias")
    for number in range(config["post_layers"]):
        theirs, ours = rf"mel_postnet\.convolutions\.{number}", "decoder.post.branch.blocks"
        yield Row(rf"{theirs}\.0{both}", rf"{ours}.{3 * number}.\1")
        yield Row(rf"{theirs}\.1\.norm{both}", rf"{ours}.{3 * number + 1}.\1")


def _layer_rows(theirs: str, ours: str, heads: int) -> Iterator[Row]:
    """Yield what becomes of layers, and of the norm behind them."""
    layer, own = rf"{theirs}\.layers\.(\d+)\.", rf"{ours}.blocks.0.blocks.\1.blocks"
    yield Row(layer + r"attention_norm\.(weight|bias)", rf"{own}.0.branch.blocks.0.\2")
    yield Row(layer + r"ffn_norm\.(weight|bias)", rf"{own}.1.branch.blocks.0.\2")
    yield from _branch_rows(layer, f"{own}.0.branch.blocks.1", f"{own}.1.branch.blocks.1", heads)
    yield Row(theirs + r"\.norm\.(weight|bias)", rf"{ours}.blocks.1.\1")


def _voiced_rows(heads: int) -> Iterator[Row]:
    layer, own = r"mel_decoder\.layers\.(\d+)\.", r"decoder.layers.\1"
    for number, norm in enumerate(("attention_norm", "ffn_norm")):
        told = rf"{norm}\.condition_proj\.1\.(weight|bias)"
        yield Row(layer + told, rf"{own}.norms.{number}.told.\2")
    yield from _branch_rows(layer, f"{own}.attention", f"{own}.mlp", heads)


def _branch_rows(layer: str, attention: str, mlp: str, heads: int) -> Iterator[Row]:
    halves = partial(one_in_halves, heads=heads)
    for name, ours, change in (
        ("q", "query", halves), ("k", "key", halves), ("v", "value", None), ("o", "out", None),
    ):  # fmt: skip
        yield Row(rf"{layer}attention\.w{name}\.weight", f"{attention}.{ours}.weight", change)
    yield Row(layer + r"feed_forward\.into\.weight", f"{mlp}.blocks.0.weight")
    yield Row(layer + r"feed_forward\.w2\.weight", f"{mlp}.blocks.2.weight")


def _voice_rows(config: Mapping[str, Any]) -> Iterator[Row]:
    rows = vocos.decoder_rows(config["voice_blocks"], "rows.blocks", 0, conditions=False)
    yield from (row for row in rows if row.change is not of_first)  # its norms know no conditions
    for theirs, ours in (("0", "0"), ("2", "2")):
        own = f"asking.blocks.{ours}"
        yield Row(rf"pooling\.attn\.{theirs}\.weight", f"{own}.weight", pointwise)
        yield Row(rf"pooling\.attn\.{theirs}\.bias", f"{own}.bias")
    yield Row(r"pooling\.proj\.(weight|bias)", r"out.blocks.0.\1")
    yield Row(r"pooling\.norm\.(weight|bias)", r"out.blocks.1.\1")


# ---- sizes --------------------------------------------------------------------------------------


def _config(args: Mapping[str, Any], shapes: Shapes) -> dict[str, Any]:
    """Return what the yaml and the shapes say of the networks, but for the voice's."""
    about = args["config"]
    every = shapes["conv_downsample.weight"][2]
    wide, _, upsampling = shapes["mel_conv_upsample.weight"]
    posts = [shapes[key] for key in sorted(shapes) if re.fullmatch(_POST, key)]
    bands = shapes["mel_decoder.output_proj.weight"][0]
    needed = {"downsample_factor": every, "mel_upsample_factor": upsampling, "n_mels": bands}
    wav2vec2.check_settings(about, needed)
    numbers = args["local_quantizer"]["init_args"]["levels"]
    return {
        "rate": _whole(about, "sample_rate"),
        "content_layers": _layers(about, "local_ssl_layers"),
        "voice_layers": _layers(about, "global_ssl_layers"),
        "every": every,
        "content": _trunk(args, shapes, "local_encoder"),
        "steps": tuple(numbers),
        "slow": _trunk(args, shapes, "mel_prenet"),
        "upsampling": upsampling,
        "spectra": _trunk(args, shapes, "mel_decoder"),
        "spectra_width": wide,
        "bands": bands,
        "hop": _whole(about, "hop_length"),
        "window": _whole(about, "n_fft"),
        "post_width": posts[0][0],
        "post_kernel": posts[0][2],
        "post_layers": len(posts),
    }


_POST = r"mel_postnet\.convolutions\.\d+\.0\.weight"


def _voice(shapes: Shapes) -> dict[str, Any]:
    hidden, width = shapes["global_encoder.backbone.convnext.0.pwconv1.weight"]
    gamma = re.compile(r"global_encoder\.backbone\.convnext\.\d+\.gamma")
    return {
        "voice": shapes["global_encoder.pooling.proj.weight"][0],
        "voice_width": width,
        "voice_hidden": hidden,
        "voice_blocks": sum(gamma.fullmatch(key) is not None for key in shapes),
        "voice_asking": shapes["global_encoder.pooling.attn.0.weight"][0],
    }


def _trunk(args: Mapping[str, Any], shapes: Shapes, name: str) -> dict[str, Any]:
    """Return the values of a `KanadeLayers`."""
    about = args[name]["init_args"]
    window = _whole(about, "window_size")
    made = re.compile(rf"{name}\.layers\.\d+\.feed_forward\.w1\.weight")
    layers = sum(made.fullmatch(key) is not None for key in shapes)
    fixed = {"use_rope": True, "causal": False, "norm_eps": 1e-5, "n_layers": layers}
    wav2vec2.check_settings(about, fixed | {"window_size": window - (1 - window % 2)})
    return {
        "around": window // 2,
        "heads": _whole(about, "n_heads"),
        "hidden": shapes[f"{name}.layers.0.feed_forward.w1.weight"][0],
        "layers": layers,
        "base": float(about.get("rope_theta", 500_000.0)),
    }


def _layers(about: Mapping[str, Any], key: str) -> tuple[int, ...]:
    found = tuple(about[key])
    if not found or any(type(number) is not int or number < 1 for number in found):
        raise ModelError(f"{YAML} says {key} {str(about[key])[:60]}; wanted numbers of layers")
    return found


def _whole(about: Mapping[str, Any], key: str) -> int:
    value = about[key]
    if type(value) is not int or value < 1:
        what = "whole Hz" if key == "sample_rate" else "a whole number"
        raise ModelError(f"{YAML} says {key} {str(value)[:60]}; wanted {what}, from 1")
    return value


FORMS = {"kanade": Form(_steps, kanade_files)}
