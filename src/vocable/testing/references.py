"""Run the model that a published checkpoint was made for, by its authors' package or transformers.

    reference = reference_of(checkpoint, recognised)
    comparison = compare(codec, reference, x)

A reference has `package`, and over one recording `latents(x)`, as rows; `codes(x)`, all levels; and
`sound(codes, sides)`. Each is loaded from the same file, by our safe reader where the package's own
would run what it reads.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from vocable.codecs import Codec, Codes
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised
from vocable.errors import ModelError
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal
from vocable.testing.ties import check_codes_agree

_HUB = {
    "encodec": "EncodecModel",
    "mimi": "MimiModel",
    "dac": "DacModel",
    "xcodec2": "Xcodec2Model",
    "neucodec": "NeuCodecModel",
    "xcodec": "XcodecModel",
    "higgs": "HiggsAudioV2TokenizerModel",
    "vibevoice": "VibeVoiceAcousticTokenizerModel",
    "pocket-tts": "PocketTTSAudioTokenizerModel",
}


@dataclass(frozen=True)
class Reference:
    """A model of others, by what is compared. Codes: one `[batch, tokens]` a level."""

    package: str
    latents: Callable[[Tensor], Tensor]
    codes: Callable[[Tensor], tuple[Tensor, ...]]
    sound: Callable[[Codes], Tensor]


@dataclass(frozen=True)
class Comparison:
    """How far ours and the reference lie apart: of max(1, peak); ties among all frames.

    ties: None for what makes floats.
    """

    package: str
    latents: float
    samples: float
    frames: int
    ties: int | None

    def __str__(self) -> str:
        apart = f"latents within {self.latents:.1e}, sound within {self.samples:.1e} of its peak"
        if self.ties is None:
            return f"{self.package}: {apart}"
        codes = f"codes of {self.frames} frames equal but for {self.ties} ties"
        return f"{self.package}: {apart}, {codes}"


def reference_of(checkpoint: Checkpoint, found: Recognised) -> Reference:
    """Return the reference of a checkpoint, with its weights; ImportError where it is not here."""
    kind = "transformers" if found.layout == "transformers" else found.architecture
    makers: dict[str, Callable[..., Reference]] = {
        "transformers": _transformers,
        "encodec": _encodec,
        "dac": _dac,
        "mimi": _moshi,
        "snac": _snac,
        "speechtokenizer": _speechtokenizer,
        "bigcodec": _bigcodec,
        "qwen3-tts": _qwen3_tts,
        "wavtokenizer": _wavtokenizer,
    }
    if kind not in makers:
        raise ModelError(f"no reference is known that reads the {found.layout} layout")
    return makers[kind](checkpoint, found)


@torch.no_grad()
def compare(codec: Codec, reference: Reference, x: Tensor) -> Comparison:
    """Compare latents, codes, and the sound of the reference's codes.

    x: `[1, channels, samples]` at the codec's rate, whole steps of all levels, at most one segment.
    AssertionError where they lie further apart than rounding can explain (the laws' tolerances).
    """
    model = codec.model
    with without_noise(model):
        sides = model.find_sides(x)
        scaled = model.prepare_input(x, sides)
        z = model.encoder(scaled.transpose(1, 2).contiguous())
        wanted_z, wanted = reference.latents(scaled), reference.codes(x)
        check_rows_equal("latents", z, wanted_z, atol=WHOLE_CODEC)
        ties = None
        if codec.spec.latent is None:
            own = model.quantizer.encode(z)
            ties = check_codes_agree(model.quantizer, z, own, wanted_z, wanted)
        per_segment = {name: side[:, None] for name, side in sides.items()}
        segments = (z.shape[1],) if codec.spec.segment is not None else ()
        codes = Codes(wanted, per_segment, segments)
        got, sound = model.from_codes(codes), reference.sound(codes)
        got = got[..., : sound.shape[2]]
        check_rows_equal("sound", got, sound, atol=WHOLE_CODEC, axis=2)
    if ties is not None and ties > max(1, z.shape[1] // 1000):
        raise AssertionError(f"{ties} of {z.shape[1]} frames tie, at most 1 in 1000 may")
    apart = _apart(z, wanted_z), _apart(got, sound)
    return Comparison(reference.package, *apart, z.shape[1], ties)


@contextlib.contextmanager
def without_noise(model: Any) -> Iterator[None]:
    """Let neither ours nor the reference add noise while it decodes (SNAC)."""
    source = getattr(model, "noise", None)
    if source is None:
        yield
        return
    before, source.draw = source.draw, None
    try:
        with mock.patch.object(torch, "randn", torch.zeros):
            yield
    finally:
        source.draw = before


def _transformers(checkpoint: Checkpoint, found: Recognised) -> Reference:
    package = import_module("transformers")
    kind = getattr(package, _HUB[found.architecture])
    model = kind.from_pretrained(checkpoint.path.parent, local_files_only=True).eval()
    if found.architecture == "encodec":
        return _encodec_of_transformers(model)
    if found.architecture in ("xcodec", "higgs"):
        return import_module("vocable.testing.semantic_references").xcodec_reference(model)  # type: ignore[no-any-return]
    if found.architecture in ("xcodec2", "neucodec"):
        return import_module("vocable.testing.semantic_references").xcodec2_reference(model)  # type: ignore[no-any-return]
    if found.architecture == "vibevoice":
        return _of_floats(
            lambda x: model.encode(x, sample=False).latents, lambda z: model.decode(z).audio
        )
    if found.architecture == "pocket-tts":
        return _of_floats(lambda x: model.encode(x).latents, lambda z: model.decode(z).audio_values)
    counted = {"num_quantizers": len(found.config["sizes"])} if found.architecture == "mimi" else {}

    def latents(x: Tensor) -> Tensor:
        z = model.encoder(x)
        return _rows(z.latents if found.architecture == "mimi" else z)

    return Reference(
        "transformers",
        latents,
        lambda x: model.encode(x, **counted).audio_codes.unbind(1),
        lambda codes: _with_channel(model.decode(audio_codes=_stacked(codes)).audio_values),
    )


def _of_floats(latents: Callable[[Tensor], Tensor], sound: Callable[[Tensor], Tensor]) -> Reference:
    return Reference(
        "transformers", latents, lambda x: (latents(x),), lambda codes: sound(codes[0])
    )


def _encodec_of_transformers(model: Any) -> Reference:
    """Return EnCodec, whose codes have an axis of segments and whose segments have a scale."""
    most = max(model.config.target_bandwidths)
    return Reference(
        "transformers",
        lambda x: _rows(model.encoder(x)),
        lambda x: model.encode(x, bandwidth=most).audio_codes[0].unbind(1),
        lambda codes: (
            model.decode(
                _stacked(codes)[None], [_scale(codes)], last_frame_pad_length=0
            ).audio_values
        ),
    )


def _encodec(checkpoint: Checkpoint, found: Recognised) -> Reference:
    package = import_module("encodec")
    make = found.name.replace("encodec_", "encodec_model_")
    model = getattr(package.EncodecModel, make)(pretrained=False).eval()
    model.load_state_dict(checkpoint.tensors())
    model.set_target_bandwidth(max(model.target_bandwidths))
    return Reference(
        "encodec",
        lambda x: _rows(model.encoder(x)),
        lambda x: model.encode(x)[0][0].unbind(1),
        lambda codes: model.decode([(_stacked(codes), _scale(codes))]),
    )


def _dac(checkpoint: Checkpoint, found: Recognised) -> Reference:
    package = import_module("dac")
    model = package.DAC(**checkpoint.stated["metadata"]["kwargs"]).eval()
    model.load_state_dict(checkpoint.tensors())
    return Reference(
        "descript-audio-codec",
        lambda x: _rows(model.encoder(x)),
        lambda x: model.encode(x)[1].unbind(1),
        lambda codes: model.decode(model.quantizer.from_codes(_stacked(codes))[0]),
    )


def _moshi(checkpoint: Checkpoint, found: Recognised) -> Reference:
    loaders = import_module("moshi.models.loaders")
    uncompiled = import_module("moshi.utils.compile").no_compile

    def run(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        with uncompiled():
            return call(*args, **options)

    levels = len(found.config["sizes"])
    model = run(loaders.get_mimi, checkpoint.path, num_codebooks=levels).eval()
    return Reference(
        "moshi",
        lambda x: _rows(run(model.encode_to_latent, x, quantize=False)),
        lambda x: run(model.encode, x).unbind(1),
        lambda codes: run(model.decode, _stacked(codes)),
    )


def _snac(checkpoint: Checkpoint, found: Recognised) -> Reference:
    package = import_module("snac")
    model = package.SNAC(**checkpoint.config).eval()
    model.load_state_dict(checkpoint.tensors())
    return Reference(
        "snac",
        lambda x: _rows(model.encoder(x)),
        lambda x: tuple(model.encode(x)),
        lambda codes: model.decode(list(codes)),
    )


def _speechtokenizer(checkpoint: Checkpoint, found: Recognised) -> Reference:
    package = import_module("speechtokenizer")
    model = package.SpeechTokenizer(checkpoint.config).eval()
    model.load_state_dict(checkpoint.tensors())
    return Reference(
        "speechtokenizer",
        lambda x: _rows(model.encoder(x)),
        lambda x: model.encode(x).unbind(0),
        lambda codes: model.decode(torch.stack(list(codes))),
    )


def _bigcodec(checkpoint: Checkpoint, found: Recognised) -> Reference:
    package, c, tensors = import_module("bigcodec"), found.config, checkpoint.tensors()
    encoder = package.CodecEncoder(
        ngf=c["encoder_channels"], up_ratios=c["strides"], out_channels=c["latent"],
        rnn_num_layers=c["lstm_layers"],
    )  # fmt: skip
    decoder = package.CodecDecoder(
        in_channels=c["latent"], vq_dim=c["latent"], upsample_initial_channel=c["decoder_channels"],
        up_ratios=c["strides"][::-1], rnn_num_layers=c["lstm_layers"],
        vq_num_quantizers=len(c["sizes"]), codebook_size=list(c["sizes"]),
        codebook_dim=c["code_width"],
    )  # fmt: skip
    for model, part in ((encoder, "CodecEnc."), (decoder, "generator.")):
        own = {k.removeprefix(part): v for k, v in tensors.items() if k.startswith(part)}
        model.eval().load_state_dict(own)
    return Reference(
        "bigcodec",
        lambda x: _rows(encoder(x)),
        lambda x: decoder(encoder(x), vq=True)[1].unbind(0),
        lambda codes: decoder(_rows(decoder.vq2emb(torch.stack(list(codes), 2))), vq=False),
    )


def _qwen3_tts(checkpoint: Checkpoint, found: Recognised) -> Reference:
    package = import_module("qwen_tts.core")
    config = package.Qwen3TTSTokenizerV2Config(**checkpoint.config)
    model = package.Qwen3TTSTokenizerV2Model(config).eval()
    model.load_state_dict(checkpoint.tensors())
    encoder = model.encoder

    def latents(x: Tensor) -> Tensor:
        rows = encoder.encoder_transformer(_rows(encoder.encoder(x)))[0]
        return _rows(encoder.downsample(_rows(rows)))

    def codes(x: Tensor) -> tuple[Tensor, ...]:
        every = torch.ones(x[:, 0].shape, dtype=torch.int64)
        return torch.stack(model.encode(x[:, 0], every).audio_codes).unbind(2)

    return Reference("qwen-tts", latents, codes, lambda codes: model.decoder(_stacked(codes)))


def _wavtokenizer(checkpoint: Checkpoint, found: Recognised) -> Reference:
    """Return the code of its repository, whose folder has to be on the path of Python.

    Its classes are made of the yaml beside the checkpoint.
    """
    package = import_module("decoder.pretrained")
    config = min(checkpoint.path.parent.glob("*.yaml"))
    model = package.WavTokenizer.from_hparams0802(config).eval()
    kept = ("feature_extractor.", "backbone.", "head.")
    model.load_state_dict({k: v for k, v in checkpoint.tensors().items() if k.startswith(kept)})
    first = torch.tensor([0])

    def sound(codes: Codes) -> Tensor:
        rows = model.codes_to_features(torch.stack(list(codes)))
        y: Tensor = model.head(model.backbone(rows, bandwidth_id=first))
        return _with_channel(y)

    return Reference(
        "WavTokenizer",
        lambda x: _rows(model.feature_extractor.encodec.encoder(x)),
        lambda x: model.feature_extractor.infer(x[:, 0], first)[1].unbind(0),
        sound,
    )


def _rows(z: Tensor) -> Tensor:
    return z.transpose(1, 2)


def _stacked(codes: Codes) -> Tensor:
    return torch.stack(list(codes), 1)


def _scale(codes: Codes) -> Tensor | None:
    scale = codes.sides.get("scale")
    return None if scale is None else scale.reshape(-1, 1)


def _with_channel(sound: Tensor) -> Tensor:
    return sound if sound.dim() == 3 else sound[:, None]


def _apart(got: Tensor, wanted: Tensor) -> float:
    peak = max(1.0, float(wanted.abs().max()))
    return float((got.double() - wanted.double()).abs().max()) / peak
