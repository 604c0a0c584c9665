"""What `convert_checkpoint` writes opens in the references, strictly, and gives their golden codes.

Each goes from its golden file to our layout, where halves of weight norm, counts of learning,
filters and windows are not kept, and from there to the layout of the reference.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from tests.golden.encodec import opened as encodec
from tests.golden.mimi import opened as mimi
from tests.golden.mimi.make import TOY, moshi_model, uncompiled
from tests.golden.nanocodec.make import SIZES as NANOCODEC
from tests.golden.voxtral.make import ARGS as VOXTRAL
from tests.golden.xcodec.test_xcodec import written as xcodec
from tests.golden.xcodec2.test_xcodec2 import written as xcodec2
from tests.parity import moss, nanocodec, qwen3_tts, voxtral, wavtokenizer
from tests.parity.peers import peer
from vocable.codecs.codes import Codes
from vocable.codecs.keys.mimi import as_in_transformers as flat
from vocable.codecs.keys.nemo import nemo_parts
from vocable.load import convert_checkpoint
from vocable.testing.semantic_references import xcodec2_reference, xcodec_reference

pytestmark = pytest.mark.slow
GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))


def rewritten(source, layout, tmp_path):
    """Return the folder that comes of a checkpoint by way of our layout."""
    convert_checkpoint(source, tmp_path / "ours")
    return convert_checkpoint(tmp_path / "ours", tmp_path / layout, to=layout).folder


def written(checkpoint, folder):
    """Write a checkpoint that is at hand, and its config; return the folder."""
    folder.mkdir()
    tensors = {key: value.contiguous() for key, value in checkpoint.tensors().items()}
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(dict(checkpoint.config)))
    return folder


def answers(name):
    return load_file(GOLDEN / name / "answers.safetensors")


def opened(model: str, folder: Path):
    """Return a model of transformers, all of whose weights the folder has, and no others."""
    kind = getattr(peer("transformers"), model)
    found, report = kind.from_pretrained(folder, output_loading_info=True)
    assert not report["missing_keys"] and not report["unexpected_keys"], report
    return found.eval()


@torch.no_grad()
@pytest.mark.parametrize("kind", ["causal", "symmetric", "stereo"])
def test_encodec_opens_in_transformers(kind, tmp_path):
    stored = encodec.stored(kind)
    folder = rewritten(written(encodec.checkpoint(kind), tmp_path / "in"), "transformers", tmp_path)
    model = opened("EncodecModel", folder)
    samples = 7 if kind == "stereo" else 480  # one segment
    found = model.encode(stored[f"{samples}.x"], bandwidth=max(model.config.target_bandwidths))
    wanted = stored[f"{samples}.codes"].long()
    assert torch.equal(found.audio_codes.flatten(0, 1), wanted)
    y = model.decode(found.audio_codes, found.audio_scales).audio_values
    close(y, stored[f"{samples}.y"])


@torch.no_grad()
@pytest.mark.parametrize("kind", ["causal", "symmetric"])
def test_encodec_opens_in_its_package(kind, tmp_path):
    peer("encodec")
    from tests.golden.encodec import make

    held, answered = {}, encodec.stored(kind)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make, "LENGTHS", ())  # the model alone
        patch.setattr(make, "randomise", lambda model, seed: held.setdefault("model", model))
        make.make(kind)
    folder = rewritten(written(encodec.checkpoint(kind), tmp_path / "in"), "encodec", tmp_path)
    held["model"].load_state_dict(torch.load(folder / "model.th"))
    frames = held["model"].eval().encode(answered["480.x"])
    assert torch.equal(frames[0][0], answered["480.codes"].long())
    close(held["model"].decode(frames), answered["480.y"])


@torch.no_grad()
def test_mimi_opens_in_transformers(tmp_path):
    stored = mimi.stored()
    folder = rewritten(written(mimi.checkpoint(), tmp_path / "in"), "transformers", tmp_path)
    model = opened("MimiModel", folder)
    found = model.encode(stored["480.x"]).audio_codes
    assert torch.equal(found, stored["480.codes"].long())
    close(model.decode(found).audio_values, stored["480.y"])


@torch.no_grad()
def test_mimi_opens_in_moshi(tmp_path):
    peer("moshi")
    stored = mimi.stored()
    folder = rewritten(written(mimi.checkpoint(), tmp_path / "in"), "moshi", tmp_path)
    with uncompiled():
        model = moshi_model(TOY).eval()
        model.load_state_dict(load_file(folder / "model.safetensors"))
        codes = model.encode(stored["480.x"])
        assert torch.equal(codes, stored["480.codes"].long())
        close(model.decode(codes), stored["480.y"])


@torch.no_grad()
def test_dac_opens_in_transformers(tmp_path):
    stored = answers("dac")
    model = opened("DacModel", rewritten(GOLDEN / "dac/weights.pth", "transformers", tmp_path))
    x = F.pad(stored["sound"], (0, -stored["sound"].shape[2] % 20))
    codes = model.encode(x).audio_codes
    assert torch.equal(codes, stored["codes"].long())
    close(model.decode(audio_codes=codes).audio_values[:, None], stored["decoded.3"])


@torch.no_grad()
def test_dac_opens_in_its_package(tmp_path):
    stored, package = answers("dac"), peer("dac")
    folder = rewritten(GOLDEN / "dac/weights.pth", "dac", tmp_path)
    model = package.DAC.load(str(folder / "weights.pth")).eval()
    codes = model.encode(model.preprocess(stored["sound"], None))[1]
    assert torch.equal(codes, stored["codes"].long())


@torch.no_grad()
def test_snac_opens_in_its_package(tmp_path):
    stored = answers("snac")
    folder = rewritten(GOLDEN / "snac/checkpoint", "snac", tmp_path)
    model = peer("snac").SNAC.from_config(folder / "config.json").eval()
    model.load_state_dict(torch.load(folder / "pytorch_model.bin"))
    for level, codes in enumerate(model.encode(stored["sound"])):
        assert torch.equal(codes, stored[f"codes.{level}"])


@torch.no_grad()
def test_speechtokenizer_opens_in_its_package(tmp_path):
    stored, package = answers("speechtokenizer"), peer("speechtokenizer")
    folder = rewritten(GOLDEN / "speechtokenizer/checkpoint", "speechtokenizer", tmp_path)
    model = package.SpeechTokenizer.load_from_checkpoint(
        str(folder / "config.json"), str(folder / "SpeechTokenizer.pt")
    ).eval()
    codes = model.encode(stored["sound"])
    assert torch.equal(codes, stored["codes"])
    close(model.decode(codes), stored["decoded"])


@torch.no_grad()
def test_wavtokenizer_opens_in_its_authors_network(tmp_path):
    stored = answers("wavtokenizer")
    model = wavtokenizer.reference(wavtokenizer.TOY._replace(rate=8000, width=32, hidden=24))
    folder = rewritten(GOLDEN / "wavtokenizer/checkpoint", "wavtokenizer", tmp_path)
    model.load_state_dict(torch.load(folder / "model.ckpt")["state_dict"])
    codes = wavtokenizer.codes(model, stored["sound"])
    assert torch.equal(codes, stored["codes"])
    close(wavtokenizer.decoded(model, codes), stored["decoded"])


@torch.no_grad()
def test_bigcodec_opens_in_its_authors_networks(tmp_path):
    peer("bigcodec")
    from tests.parity.bigcodec_networks import Networks

    stored = answers("bigcodec")
    folder = rewritten(GOLDEN / "bigcodec/checkpoint", "bigcodec", tmp_path)
    sizes = dict(ngf=2, strides=(2, 5), latent=8, channels=8, lstm_layers=2, size=32, width=4)
    model, held = Networks(**sizes).eval(), torch.load(folder / "bigcodec.pt")
    for name, tensors in held.items():
        getattr(model, name).load_state_dict(tensors)
    codes = model.encode(stored["sound"])[1]
    assert torch.equal(codes, stored["codes"])
    close(model.decode(codes), stored["decoded"])


@torch.no_grad()
def test_the_tokenizer_of_qwen3_tts_opens_in_its_package(tmp_path):
    stored = answers("qwen3_tts")
    folder = rewritten(GOLDEN / "qwen3_tts/checkpoint", "qwen-tts", tmp_path)
    config = json.loads((folder / "config.json").read_text())
    model = qwen3_tts.tokenizer({k: v for k, v in config.items() if k != "model_type"})
    own = model.state_dict()
    held = {as_own(key, own): v for key, v in load_file(folder / "model.safetensors").items()}
    lacking, more = model.load_state_dict(held, strict=False)
    assert not more and all(key.startswith(qwen3_tts.UNUSED) for key in lacking)
    assert torch.equal(qwen3_tts.codes(model, stored["sound"]), stored["codes"].long())
    close(qwen3_tts.decode(model, stored["codes"].long()), stored["decoded"])


@torch.no_grad()
@pytest.mark.parametrize("form", ["first", "later"])
def test_moss_opens_in_its_authors_code(form, tmp_path):
    stored = load_file(GOLDEN / f"moss/{form}.safetensors")
    folder = rewritten(GOLDEN / "moss" / form, "moss", tmp_path)
    given = json.loads((folder / "config.json").read_text())
    model = moss.tokenizer({k: v for k, v in given.items() if k != "model_type"}, form)
    model.load_state_dict(load_file(folder / "model.safetensors"))
    codes = moss.codes(model, stored["sound"])
    assert torch.equal(codes, stored["codes"].long())
    close(moss.decode(model, codes), stored["decoded"])


@torch.no_grad()
def test_voxtral_s_codec_opens_in_its_package(tmp_path):
    voxtral.code()
    stored = answers("voxtral")
    folder = rewritten(GOLDEN / "voxtral/checkpoint", "mistral", tmp_path)
    args = json.loads((folder / "config.json").read_text())["multimodal"]["audio_tokenizer_args"]
    model = voxtral.tokenizer(VOXTRAL | args)
    held = load_file(folder / "consolidated.safetensors")
    model.load_state_dict({k.removeprefix(voxtral.BELOW): v for k, v in held.items()})
    codes = voxtral.codes(model, stored["sound"])
    assert torch.equal(codes, stored["codes"].long())
    close(voxtral.decode(model, codes), stored["decoded"])


@torch.no_grad()
def test_nanocodec_opens_in_nemo_s_parts(tmp_path):
    stored = answers("nanocodec")
    model = nanocodec.Networks(NANOCODEC).eval()
    folder = rewritten(GOLDEN / "nanocodec/checkpoint", "nanocodec", tmp_path)
    with nemo_parts(folder / "nanocodec.nemo") as (_, file):
        model.load_state_dict(torch.load(io.BytesIO(file.read())))
    codes = model.encode(stored["sound"])[1]
    assert torch.equal(codes, stored["codes"])
    close(model.decode(codes), stored["decoded"])


@torch.no_grad()
@pytest.mark.parametrize("name", ["xcodec_wavlm", "higgs"])
def test_xcodec_opens_in_transformers(name, tmp_path):
    peer("transformers")
    from tests.parity.xcodec import network

    stored = load_file(GOLDEN / f"xcodec/{name}.safetensors")
    folder = rewritten(xcodec(tmp_path / "in", name), "transformers", tmp_path)
    kind = "higgs" if name == "higgs" else "xcodec"
    config = json.loads((folder / "config.json").read_text())
    assert config.pop("model_type").startswith(kind)
    model = network(kind, **config)
    lacking, more = model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    assert not more and all(key.startswith(("fc1.", "decoder_semantic.")) for key in lacking)
    reference = xcodec_reference(model)
    codes = Codes(reference.codes(stored["sound"]))
    assert torch.equal(codes.stacked(), stored["codes"])
    close(reference.sound(codes), stored["decoded"])


@torch.no_grad()
@pytest.mark.parametrize("name", ["xcodec2", "neucodec"])
def test_xcodec_2_opens_in_transformers(name, tmp_path):
    stored = load_file(GOLDEN / f"xcodec2/{name}.safetensors")
    folder = rewritten(xcodec2(tmp_path / "in", name), "transformers", tmp_path)
    kind = "Xcodec2Model" if name == "xcodec2" else "NeuCodecModel"
    reference = xcodec2_reference(opened(kind, folder))
    codes = Codes(reference.codes(stored["sound"]))
    assert torch.equal(codes.stacked(), stored["codes"])
    close(reference.sound(codes), stored["decoded"])


def _flat(key):
    return "encoder." + flat(key.removeprefix("encoder."))


def as_own(key, own):
    """Return a key of Mimi's encoder as the transformers that is installed has it."""
    return key if key in own else next(name for name in own if _flat(name) == _flat(key))


def close(y, wanted):
    """Compare sound, within rounding of what the two have of it."""
    length = min(y.shape[-1], wanted.shape[-1])
    difference = (y[..., :length] - wanted[..., :length]).abs().max()
    assert difference < 1e-4 * wanted.abs().max()
