"""Checkpoints of published families that are not what they should be, and what they cannot do."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import vocable
from tests.cli.calls import call
from tests.cli.small import write_tone
from tests.golden.encodec.opened import checkpoint
from vocable.codecs.keys.checkpoint import open_checkpoint
from vocable.errors import ModelError, TokenError
from vocable.load import save_model
from vocable.load.converting import convert, recognise
from vocable.testing import codecs

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


def encodec(kind):
    """Write a toy of EnCodec as the package stores it, with its config; return the tensors."""
    found = checkpoint(kind)
    return dict(found.tensors()), dict(found.config)


def snac(_):
    """Return the tensors and the config of a toy of SNAC."""
    found = open_checkpoint(GOLDEN / "snac" / "checkpoint")
    return found.tensors(), dict(found.config)


def speechtokenizer(_):
    """Return the tensors and the config of a toy of SpeechTokenizer."""
    found = open_checkpoint(GOLDEN / "speechtokenizer" / "checkpoint")
    return found.tensors(), dict(found.config)


def bigcodec(_):
    """Return the tensors and the config of a toy of BigCodec."""
    found = open_checkpoint(GOLDEN / "bigcodec" / "checkpoint")
    return found.tensors(), dict(found.config)


def qwen3_tts(_):
    """Return the tensors and the config of a toy of Qwen3-TTS's tokenizer."""
    found = open_checkpoint(GOLDEN / "qwen3_tts" / "checkpoint")
    return found.tensors(), dict(found.config)


def moss(form):
    """Return the tensors and the config of a toy of MOSS-Audio-Tokenizer."""
    found = open_checkpoint(GOLDEN / "moss" / form)
    return found.tensors(), dict(found.config)


def mimo_audio(_):
    """Return the tensors and the config of a toy of MiMo-Audio-Tokenizer."""
    found = open_checkpoint(GOLDEN / "mimo_audio" / "checkpoint")
    return found.tensors(), dict(found.config)


def transformers(name):
    """Return the tensors and the config of a toy that transformers makes."""
    package = pytest.importorskip("transformers")
    torch.manual_seed(0)
    if name == "Dac":
        config = package.DacConfig(
            encoder_hidden_size=4, downsampling_ratios=[2, 4], decoder_hidden_size=64,
            n_codebooks=4, codebook_size=64, codebook_dim=8, hidden_size=64, sampling_rate=8000,
        )  # fmt: skip
    else:
        config = package.MimiConfig(
            num_filters=4, upsampling_ratios=[3, 2], hidden_size=32, codebook_size=64,
            codebook_dim=16, vector_quantization_hidden_dimension=16, num_quantizers=8,
            num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4, head_dim=8,
            intermediate_size=64, upsample_groups=32, sliding_window=20,
        )  # fmt: skip
    tensors = getattr(package, f"{name}Model")(config).state_dict()
    return {k: v.clone() for k, v in tensors.items()}, json.loads(config.to_json_string())


FAMILIES = {
    "encodec causal": (encodec, "causal"),
    "encodec stereo": (encodec, "stereo"),
    "encodec symmetric": (encodec, "symmetric"),
    "snac": (snac, ""),
    "dac": (transformers, "Dac"),
    "mimi": (transformers, "Mimi"),
    "speechtokenizer": (speechtokenizer, ""),
    "bigcodec": (bigcodec, ""),
    "qwen3-tts": (qwen3_tts, "qwen3-tts"),
    "moss": (moss, "later"),
    "mimo-audio": (mimo_audio, ""),
}
ENCODERS, DECODERS = ("encoder.", "CodecEnc."), ("decoder.", "generator.")
RATES = ("sample_rate", "input_sample_rate", "output_sample_rate")  # elsewhere: sampling_rate
family = pytest.mark.parametrize("make, kind", FAMILIES.values(), ids=FAMILIES)


def written(folder, tensors, config):
    folder.mkdir(exist_ok=True)
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def refused(path, words):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(path)
    assert "\n" not in str(refusal.value)


# ---- what is in the file ------------------------------------------------------------------------


@family
def test_a_whole_one_loads(make, kind, tmp_path):
    codec = vocable.load(written(tmp_path / "x", *make(kind)))
    back = codec.decode(codec.encode(np.zeros((1, 500), np.float32), rate=codec.rate))
    assert len(back) == 500


CONFIGS_OF_OTHERS = {
    "encodec": (encodec, "causal", {"upsampling_ratios": [3, 2, 2]}),
    "snac": (snac, "", {"codebook_size": 99}),
    "dac": (transformers, "Dac", {"n_codebooks": 12}),
    "dac's rates": (transformers, "Dac", {"upsampling_ratios": [2, 4]}),
    "dac's family": (transformers, "Dac", {"model_type": "encodec"}),
    "mimi": (transformers, "Mimi", {"num_quantizers": 32}),
}


@pytest.mark.parametrize("make, kind, changes", CONFIGS_OF_OTHERS.values(), ids=CONFIGS_OF_OTHERS)
def test_the_config_of_another_size_is_refused(make, kind, changes, tmp_path):
    tensors, config = make(kind)
    refused(written(tmp_path / "x", tensors, config | changes), "config.json .*says|json says")


@family
@pytest.mark.parametrize("rate", [0, -5, "24000", 10**9, np.nan])
def test_a_rate_that_is_none_is_refused_with_its_file(make, kind, rate, tmp_path):
    tensors, config = make(kind)
    keys = [key for key in RATES if key in config] or ["sampling_rate"]
    folder = written(tmp_path / "x", tensors, config | dict.fromkeys(keys, rate))
    refused(folder, r"x/model\.safetensors.*(whole Hz|an integer|int|finite)")


@pytest.mark.parametrize(
    "make, kind, key",
    [(snac, "", "attn_window_size"), (transformers, "Mimi", "sliding_window")],
    ids=["snac", "mimi"],
)
def test_attention_over_any_number_of_rows_is_refused(make, kind, key, tmp_path):
    tensors, config = make(kind)
    refused(written(tmp_path / "x", tensors, config | {key: 10**9}), "1000000000.*at most 16384")


@family
def test_another_size_is_named(make, kind, tmp_path):
    tensors, config = make(kind)
    key = [k for k in tensors if k.startswith(DECODERS) and k.endswith("bias")][-1]
    wrong = {**tensors, key: torch.ones(77)}
    refused(written(tmp_path / "x", wrong, config), r"of shape \[77\]; this model needs \[")


@family
def test_any_shape_is_refused_in_one_line(make, kind, tmp_path):
    """Not by what torch says when it works with it."""
    tensors, config = make(kind)
    shapes = ((), (3,), (2, 3), (3, 0, 5), (1, 1, 1, 1))
    unused = r"cluster_size|embed_avg|init|inv_freq"
    if kind == "qwen3-tts":  # levels of the encoder, and ways into the decoder's codebooks
        unused += r"|acoustic\w+\.layers\.[34]\.|rvq_\w+\.input_proj"
    kept = {key for key in tensors if not re.search(unused, key)}
    for i, key in enumerate(sorted(kept)[::7]):
        wrong = {**tensors, key: torch.zeros(shapes[i % len(shapes)])}
        if wrong[key].numel() == tensors[key].numel():
            continue
        found = open_checkpoint(written(tmp_path / "x", wrong, config))
        with pytest.raises(ModelError) as refusal:
            convert(*recognised_by(found))
        assert "\n" not in str(refusal.value)


def recognised_by(checkpoint):
    layout, found = recognise(checkpoint)
    return layout, checkpoint, found


@family
def test_weights_that_are_not_finite_are_refused(make, kind, tmp_path):
    tensors, config = make(kind)
    key = [k for k in tensors if k.startswith(ENCODERS) and k.endswith("bias")][0]
    tensors[key] = torch.full_like(tensors[key], torch.inf)
    refused(written(tmp_path / "x", tensors, config), "hold values that are not finite; fetch it")


@pytest.mark.parametrize("make, kind", [(encodec, "causal"), (snac, "")], ids=["encodec", "snac"])
def test_a_truncated_file_is_refused(make, kind, tmp_path):
    folder = written(tmp_path / "x", *make(kind))
    whole = (folder / "model.safetensors").read_bytes()
    for length in (100, len(whole) // 2, len(whole) - 1):
        (folder / "model.safetensors").write_bytes(whole[:length])
        refused(folder, "model.safetensors is damaged .*; fetch it again")


# ---- what it is asked for -----------------------------------------------------------------------


def toy(folder, make=encodec, kind="causal"):
    return written(folder, *make(kind))


def test_levels_and_bit_rates_that_it_has_not_name_the_nearest(here, small):
    folder = toy(here / "toy")
    spec = vocable.load(folder).spec
    missing = next(n for n in range(1, 9) if n not in spec.prefixes)
    write_tone(here / "a.wav")
    for args, words in (
        (["--levels", missing], f"for encodec, got {missing}; nearest: "),
        (["--kbps", 0.001], "error: --kbps: encodec has no 0.001 kbps; nearest: "),
        (["--kbps", 3, "--levels", 2], "--levels and --kbps both choose the levels; give one"),
    ):
        done = call("encode", "a.wav", "--codec", folder, *args, code=2)
        assert words in done.stderr and done.stderr.count("\n") == 1
    assert not (here / "a.vcb").exists()
    kbps = float(spec.bitrate(spec.prefixes[0])) / 1000
    call("encode", "a.wav", "--codec", folder, "--kbps", f"{kbps:.3g}")
    assert vocable.read_tokens("a.vcb").levels == spec.prefixes[0]
    with pytest.raises(TokenError, match="nearest"):
        vocable.load(folder).encode("a.wav", levels=missing)


CODECS = codecs()
FAMILIES = "encodec", "mimi", "dac", "snac", "bigcodec", "nanocodec", "soundstream"
every_codec = pytest.mark.parametrize(
    "name", [name for name in CODECS if name.startswith(FAMILIES)]
)


@every_codec
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_any_channels_come_back(name, channels):
    """Stereo for a mono codec is two streams; one channel for a stereo codec is both of its two."""
    codec = CODECS[name]
    sound = np.random.default_rng(0).normal(0, 0.1, (channels, 700)).astype(np.float32)
    back = codec.decode(codec.encode(sound, rate=codec.rate))
    assert back.samples.shape == (channels, 700)


@every_codec
@pytest.mark.parametrize("samples", [1, 2, 3, 7])
def test_a_recording_of_hardly_a_sample_comes_back(name, samples):
    """Also shorter than the edge that is reflected, and than a frame less one."""
    codec = CODECS[name]
    for length in (samples, max(1, codec.frame - 1)):
        tokens = codec.encode(np.full((1, length), 0.1, np.float32), rate=codec.rate)
        back = codec.decode(tokens).samples
        assert back.shape == (1, length) and np.isfinite(back).all()


@pytest.mark.parametrize("name", [name for name in CODECS if "mimi" not in name])
def test_tokens_of_another_family_are_refused_by_name(name):
    tokens = CODECS["mimi"].encode(np.zeros((1, 500), np.float32), rate=CODECS["mimi"].rate)
    with pytest.raises(TokenError, match=r"^tokens come from mimi@\S+") as refusal:
        CODECS[name].decode(tokens)
    assert CODECS[name].spec.space in str(refusal.value) and "\n" not in str(refusal.value)


def test_tokens_of_mimi_are_not_decoded_by_snac(here):
    save_model(CODECS["mimi"], "mimi", name="mimi")
    save_model(CODECS["snac"], "snac", name="snac_24khz")
    write_tone(here / "a.wav")
    call("encode", "a.wav", "--codec", "mimi")
    done = call("decode", "a.vcb", "-o", "b.wav", "--codec", "snac", code=1)
    assert "tokens come from mimi@1:" in done.stderr and done.stderr.count("error") == 1
    assert not Path("b.wav").exists()
    shutil.rmtree("mimi")
    done = call("decode", "a.vcb", "-o", "b.wav", code=1)
    assert done.stderr.splitlines()[0].endswith(
        "which does not come with vocable; give its name or folder with --codec, as --codec "
        "kyutai/mimi"
    )
