"""NeMo's own parts gave these latents, codes and sound for these weights; make.py wrote them.

The weights are an archive as NVIDIA publishes it, so loading is shown here too.
"""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
import torch

import vocable
from vocable import weights
from vocable.errors import ModelError
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

HERE = Path(__file__).parent
ANSWERS = weights.read(HERE / "answers.safetensors")
CONFIG, WEIGHTS = "model_config.yaml", "model_weights.ckpt"


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


def test_latents_codes_and_sound():
    codec = vocable.load(HERE / "checkpoint")
    z = codec.model.encoder(codec.model._rows(ANSWERS["sound"]))
    check_rows_equal("latent", z, ANSWERS["latents"], atol=WHOLE_CODEC)
    found = codec.to_codes(ANSWERS["sound"]).stacked()
    assert torch.equal(found, ANSWERS["codes"])
    assert len(found.unique()) > 8
    got = codec.from_codes(ANSWERS["codes"].unbind(1))
    check_rows_equal("sound", got, ANSWERS["decoded"], atol=WHOLE_CODEC, axis=2)


def parts():
    """Return the files of the archive."""
    with tarfile.open(HERE / "checkpoint" / "tiny.nemo") as archive:
        return {
            Path(member.name).name: archive.extractfile(member).read()
            for member in archive
            if member.isfile()
        }


def written(path, files, *more):
    """Write an archive of files, and of other members behind them."""
    with tarfile.open(path, "w:") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in more:
            archive.addfile(member)
    return path


def refused(path, words):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(path)
    assert "\n" not in str(refusal.value)


def changed(path, change):
    """Return an archive with other tensors."""
    files = parts()
    tensors = torch.load(io.BytesIO(files[WEIGHTS]), weights_only=True)
    change(tensors)
    content = io.BytesIO()
    torch.save(tensors, content)
    return written(path, files | {WEIGHTS: content.getvalue()})


def told(path, old, new):
    """Return an archive with another config."""
    files = parts()
    assert old.encode() in files[CONFIG]
    return written(path, files | {CONFIG: files[CONFIG].replace(old.encode(), new.encode())})


@pytest.mark.parametrize(
    "name", ["../up", "/etc/passwd", "a/../../b", "..", r"..\up", r"C:\up", "C:up"]
)
def test_an_archive_with_paths_that_lead_out_of_it_is_refused(name, tmp_path):
    path = written(tmp_path / "x.nemo", parts() | {name: b"?"})
    refused(path, "x.nemo holds .* which leads out of the archive; take it as NVIDIA publishes it")
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_an_archive_with_links_is_refused(kind, tmp_path):
    link = tarfile.TarInfo("tokenizer.model")
    link.type, link.linkname = kind, "/etc/passwd"
    path = written(tmp_path / "x.nemo", parts(), link)
    refused(path, "holds 'tokenizer.model', which is neither a file nor a folder")


class Runs:
    """Runs a program when it is unpickled."""

    def __reduce__(self):
        return os.system, ("echo run",)


def test_code_in_the_weights_is_refused_by_name(tmp_path):
    path = changed(tmp_path / "x.nemo", lambda tensors: tensors.update(more=Runs()))
    refused(path, "x.nemo asks for (posix|nt|os).system to be run")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (lambda files: {WEIGHTS: files[WEIGHTS]}, "lacks model_config.yaml; take the archive"),
        (
            lambda files: {CONFIG: files[CONFIG]},
            "is a tar archive without weights; vocable reads safetensors",
        ),
        (lambda files: files | {"./" + CONFIG: b"a: 1"}, "holds 'model_config.yaml' twice"),
        (lambda files: files | {CONFIG: b"\xff\xfe"}, "is damaged .*utf-8"),
        (lambda files: files | {CONFIG: b"a: &b\n- 1"}, "model_config.yaml is not YAML as"),
        (lambda files: files | {CONFIG: b"[1]"}, "without its config; take the .nemo"),
        (lambda files: files | {CONFIG: b"sample_rate: 8000"}, "makes no NanoCodec .*fetch it"),
        (lambda files: files | {WEIGHTS: files[WEIGHTS][:5000]}, "x.nemo is damaged, or not writ"),
        (lambda files: files | {WEIGHTS: b""}, "x.nemo is damaged, or not written by torch"),
    ],
    ids=["no config", "no weights", "two configs", "no text", "anchors", "no mapping", "no parts",
         "cut weights", "no bytes"],
)  # fmt: skip
def test_an_archive_that_lacks_something_is_refused(files, words, tmp_path):
    refused(written(tmp_path / "x.nemo", files(parts())), words)


def test_an_archive_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "x.nemo"
    whole = (HERE / "checkpoint" / "tiny.nemo").read_bytes()
    for size in (512, 700, 5000, len(whole) // 2):
        path.write_bytes(whole[:size])
        refused(path, "x.nemo (is|lacks|holds)")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("CausalHiFiGANDecoder", "HiFiGANDecoder", "audio_decoder has _target_ .*, and NanoCodec"),
        ("activation: half_snake", "activation: lrelu", "audio_decoder has activation lrelu"),
        ("pad_mode: replicate", "seed: 1", "audio_encoder has pad_mode reflect, and NanoCodec's"),
        ("output_activation: clamp", "x: 1", "audio_decoder has output_activation tanh"),
        ("GroupFinite", "ResidualFinite", "vector_quantizer has _target_ ResidualFiniteScalarQ"),
        ("samples_per_frame: 15", "samples_per_frame: 16", "frames of 16 samples by"),
        ("num_groups: 2", "num_groups: 3", "lacks vector_quantizer.fsqs.2.num_levels"),
        ("  - 4\n", "  - 3\n", r"lacks vector_quantizer.fsqs.0.num_levels of \[5, 3\]"),
        ("base_channels: 12", "base_channels: 8", "of shape .*; this model needs"),
        ("sample_rate: 8000", "sample_rate: fast", "makes no NanoCodec|config.rate"),
        ("base_channels: 2", "base_channels: 2000000000", "of shape|makes no nanocodec"),
    ],
)
def test_another_codec_of_nemo_s_is_refused_by_what_differs(old, new, words, tmp_path):
    refused(told(tmp_path / "x.nemo", old, new), words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda tensors: tensors.pop("audio_decoder.pre_conv.conv.bias"),
            r"lacks 1 key \(decoder\.blocks\.0\.bias\)",
        ),
        (
            lambda tensors: tensors.pop(
                "audio_encoder.post_conv.conv.parametrizations.weight.original0"
            ),
            "original1 without its other half; fetch it again",
        ),
        (
            lambda tensors: tensors.update({"audio_encoder.head.weight": torch.ones(2)}),
            r"has 1 key \(audio_encoder\.head\.weight\) that the key map does not know",
        ),
        (
            lambda tensors: [tensors.pop(k) for k in [*tensors] if "audio_encoder" in k],
            "a family that vocable does not know",
        ),
    ],
    ids=["a bias", "half a weight", "too much", "no encoder"],
)
def test_parts_that_lack_or_are_others_are_refused(change, words, tmp_path):
    refused(changed(tmp_path / "x.nemo", change), words)


def test_weights_without_their_archive_name_it(tmp_path):
    (tmp_path / WEIGHTS).write_bytes(parts()[WEIGHTS])
    refused(tmp_path / WEIGHTS, "weights of a codec of NeMo's without its config; take the .nemo")
