"""Published codecs at published size with random weights: ours, and the PyTorch code they are from.

The peer's weights are random, written to a file of its own, and loaded from that by ours, so that
both give the same codes (tests/parity says how near). Its packages come with `python3 dev.py
parity`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import onnxruntime
import torch
from torch import Tensor, nn

from tests.golden.mimi.make import uncompiled
from tests.parity.checkpoints import open_checkpoint, write_hub_folder, write_original
from tests.parity.peers import peer
from tests.parity.randomise import randomise
from vocable.codecs import Codec
from vocable.export import export
from vocable.load.converting import convert, recognise

Coded = Sequence[Tensor]
"""One `[batch, tokens]` a level."""


@dataclass(frozen=True)
class Peer:
    """Another implementation of a codec, in evaluation mode."""

    package: str
    model: nn.Module
    encode: Callable[[Tensor], Coded]  # of samples [batch, 1, time]
    decode: Callable[[Coded], Tensor]  # to samples [batch, 1, time]


@dataclass(frozen=True)
class Pair:
    """Ours and a peer with the same weights; both use the first `levels` levels."""

    codec: str
    ours: Codec
    peer: Peer
    levels: int


CODECS = ("mimi", "encodec-24khz", "dac-16khz", "dac-24khz", "dac-44khz", "snac-24khz")
GRAPH = "onnxruntime"  # not a peer but ours, exported: what it would be without us
PACKAGES = {
    "mimi": ("transformers", "moshi"),
    "encodec-24khz": ("transformers", "encodec"),
    "dac-16khz": ("transformers", "dac"),
    "dac-24khz": ("transformers", "dac"),
    "dac-44khz": ("transformers", "dac"),
    "snac-24khz": ("snac",),
}
LEVELS = {"mimi": 8, "encodec-24khz": 8}  # 1.1 and 6 kbit/s; of the others all
DACS = {  # rate, strides, levels
    "dac-16khz": (16_000, [2, 4, 5, 8], 12),
    "dac-24khz": (24_000, [2, 4, 5, 8], 32),
    "dac-44khz": (44_100, [2, 4, 8, 8], 9),
}


def pair(codec: str, package: str) -> Pair:
    """Return a peer with random weights, and ours with the same ones.

    package: one of PACKAGES, or "onnxruntime" for our own codec as `vocable export` writes it, with
    all levels, since its graph has them all.
    """
    if package == GRAPH:
        ours = pair(codec, PACKAGES[codec][0]).ours
        return Pair(codec, ours, exported(ours), len(ours.spec.levels))
    family = codec.partition("-")[0]
    with uncompiled() if package == "moshi" else ExitStack(), tempfile.TemporaryDirectory() as at:
        made, stated = _MAKERS[family](codec, package)
        model = randomise(made.model, 1)
        write = write_hub_folder if package in ("transformers", "snac") else write_original
        checkpoint = open_checkpoint(write(model, Path(at), **stated))
        layout, found = recognise(checkpoint)
        ours = Codec(convert(layout, checkpoint, found).eval())
    return Pair(codec, ours, made, LEVELS.get(codec, len(ours.spec.levels)))


def exported(codec: Codec) -> Peer:
    """Return a codec that onnxruntime runs, on as many threads as torch has."""
    with tempfile.TemporaryDirectory() as at:
        export(codec, Path(at, "codec"))
        files = {
            job: Path(at, "codec", f"{job}r.onnx").read_bytes() for job in ("encode", "decode")
        }

    @cache
    def session(job: str, threads: int) -> onnxruntime.InferenceSession:
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        return onnxruntime.InferenceSession(files[job], settings)

    def run(job: str, inputs: Sequence[Tensor]) -> list[Tensor]:
        graph = session(job, torch.get_num_threads())
        names = [port.name for port in graph.get_inputs()]
        given = dict(zip(names, (each.numpy() for each in inputs), strict=True))
        return [torch.from_numpy(each) for each in graph.run(None, given)]

    several = not codec.spec.uniform  # of one rate, levels are one array

    def encode(x: Tensor) -> Coded:
        found = run("encode", [x])
        return found if several else found[0].unbind(1)

    def decode(codes: Coded) -> Tensor:
        return run("decode", codes if several else [torch.stack(tuple(codes), 1)])[0]

    return Peer(GRAPH, nn.Module(), encode, decode)


def _mimi(codec: str, package: str) -> tuple[Peer, dict[str, object]]:
    levels = LEVELS[codec]
    module = peer(package)
    if package == "transformers":
        model = module.MimiModel(module.MimiConfig()).eval()
        return Peer(
            package,
            model,
            lambda x: model.encode(x, num_quantizers=levels).audio_codes.unbind(1),
            lambda codes: model.decode(torch.stack(tuple(codes), 1)).audio_values,
        ), {}
    model = module.models.loaders.get_mimi(None, num_codebooks=32)

    def encode(x: Tensor) -> Coded:
        model.set_num_codebooks(levels)
        return model.encode(x).unbind(1)

    return Peer(package, model, encode, lambda c: model.decode(torch.stack(tuple(c), 1))), {}


def _encodec(codec: str, package: str) -> tuple[Peer, dict[str, object]]:
    module = peer(package)
    if package == "transformers":
        model = module.EncodecModel(module.EncodecConfig()).eval()
        return Peer(
            package,
            model,
            lambda x: model.encode(x, bandwidth=6.0).audio_codes[0].unbind(1),
            lambda codes: model.decode(torch.stack(tuple(codes), 1)[None], [None]).audio_values,
        ), {}
    model = module.EncodecModel.encodec_model_24khz(pretrained=False)

    def encode(x: Tensor) -> Coded:
        model.set_target_bandwidth(6.0)
        return model.encode(x)[0][0].unbind(1)

    decode = lambda codes: model.decode([(torch.stack(tuple(codes), 1), None)])  # noqa: E731
    return Peer(package, model, encode, decode), {}


def _dac(codec: str, package: str) -> tuple[Peer, dict[str, object]]:
    rate, strides, levels = DACS[codec]
    module = peer(package)
    if package == "transformers":
        config = module.DacConfig(
            downsampling_ratios=strides, n_codebooks=levels, sampling_rate=rate, hidden_size=1024
        )
        model = module.DacModel(config).eval()
        return Peer(
            package,
            model,
            lambda x: model.encode(x).audio_codes.unbind(1),
            lambda c: model.decode(audio_codes=torch.stack(tuple(c), 1)).audio_values[:, None],
        ), {}
    stated = dict(
        encoder_dim=64, encoder_rates=strides, latent_dim=1024, decoder_dim=1536,
        decoder_rates=strides[::-1], n_codebooks=levels, codebook_size=1024, codebook_dim=8,
        quantizer_dropout=True, sample_rate=rate,
    )  # fmt: skip
    model = module.DAC(**stated).eval()
    return Peer(
        package,
        model,
        lambda x: model.encode(x)[1].unbind(1),
        lambda codes: model.decode(model.quantizer.from_codes(torch.stack(tuple(codes), 1))[0]),
    ), stated


def _snac(codec: str, package: str) -> tuple[Peer, dict[str, object]]:
    model = peer(package).SNAC(
        sampling_rate=24_000, encoder_dim=48, encoder_rates=[2, 4, 8, 8], decoder_dim=1024,
        decoder_rates=[8, 8, 4, 2], attn_window_size=None, vq_strides=[4, 2, 1],
    ).eval()  # fmt: skip
    return Peer(package, model, model.encode, lambda codes: model.decode(list(codes))), {}


_MAKERS = {"mimi": _mimi, "encodec": _encodec, "dac": _dac, "snac": _snac}
