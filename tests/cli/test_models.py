"""`vocable models` lists what comes with the package and what is published, without torch."""

import importlib
import subprocess
import sys
from dataclasses import asdict, replace

import pytest
import torch

from tests.cli.calls import call, results
from tests.load.hub_stand_in import serving
from tests.load.toys import toy_file
from vocable.codecs.latency import latency_of
from vocable.codecs.published import PUBLISHED
from vocable.codecs.registry import architecture
from vocable.language.csm.config import csm_1b
from vocable.language.flat.config import orpheus_3b
from vocable.language.moshi.config import moshi_7b
from vocable.language.musicgen.config import musicgen_small
from vocable.load.entries import entry_of
from vocable.load.published_language import LANGUAGE
from vocable.units.cpc import CPCConfig
from vocable.units.published import ENCODERS, UNITS, published_encoder
from vocable.units.registry import outline
from vocable.units.w2v_bert import W2vBertConfig
from vocable.units.wav2vec2 import base, large
from vocable.units.wavlm import WavLMConfig


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path))


def test_every_published_model_has_a_row():
    facts = {found["name"]: found for found in results("models")}
    tables = call("models").stdout.split("\n\n")
    lines = {line.split()[0]: line for table in tables for line in table.splitlines()[1:]}
    assert list(lines) == list(facts)
    assert set(facts) == {
        "dmel-16k",
        "sound-48k",
        "speech-16k",
        "units-16k",
        "say-16k",
        "unit-voice-16k",
        "unit-vocoder-16k",
        "separation-16k",
        "audiolm-16k",
        *(entry.name for entry in (*PUBLISHED, *ENCODERS, *UNITS, *LANGUAGE)),
    }
    assert lines["say-16k"].split()[1:4] == ["kathleen,", "kerstin", "speech-16k@2"]
    voice = ["units-16k@1", "kathleen,", "kerstin,", "any", "Apache-2.0", "here"]
    assert lines["unit-voice-16k"].split()[1:] == voice
    vocoder = ["units-16k@1", "kathleen,", "libri-27", "Apache-2.0", "here"]
    assert lines["unit-vocoder-16k"].split()[1:] == vocoder
    parts = ["2", "16000", "Hz", "Apache-2.0", "here"]
    assert lines["separation-16k"].split()[1:] == parts
    assert lines["audiolm-16k"].split()[1:] == ["none", "speech-16k@2", "Apache-2.0", "here"]
    assert facts["sesame/csm-1b"]["codec"] == "mimi"
    assert lines["sesame/csm-1b"].split()[1:6] == ["spoken", "32", "levels", "of", "mimi"]
    hubert = facts["facebook/hubert-base-ls960"]
    assert (hubert["here"], hubert["hash"], hubert["licence"]) == (False, "pinned", "Apache-2.0")
    assert (hubert["layers"], hubert["channels_of_layers"], hubert["normalize"]) == (12, 768, False)
    assert lines["hubert_base_ls960.pt"].split()[-5:] == ["MIT", "?", "by", "hand,", "pinned"]
    assert facts["hubert-base-l9-km500"]["files"][1]["file"] == "hubert_base_ls960_L9_km500.bin"
    assert lines["cpc-big-l2-km50"].split()[1:4] == ["cpc_big_ll6kh_top_ctc.pt", "2", "50"]
    mimi = facts["kyutai/mimi"]
    assert (mimi["here"], mimi["hash"], mimi["licence"]) == (False, "pinned", "CC-BY-4.0")
    assert mimi["bits_per_second"] == [1100, 4400] and mimi["frames_per_second"] == 12.5
    assert lines["kyutai/mimi"].endswith("absent, pinned")
    words = ["CC-BY-NC-4.0", "absent,", "first", "use"]
    assert lines["facebook/encodec_32khz"].split()[-4:] == words
    assert lines["weights_44khz_16kbps.pth"].endswith("by hand, first use")
    assert "MIT ?" in lines["facebook/encodec_24khz"]


def test_what_has_come_is_here_and_recorded(monkeypatch):
    from vocable.load.fetching import fetch_model

    with serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        hub.put("facebook/encodec_32khz", {"model.safetensors": toy_file(), "config.json": b"{}"})
        fetch_model("facebook/encodec_32khz")
    facts = {found["name"]: found for found in results("models")}["facebook/encodec_32khz"]
    assert (facts["here"], facts["hash"], len(facts["sha256"])) == (True, "recorded", 64)
    assert "here, recorded" in call("models").stdout


def made(model):
    """Return the network of a published model, without memory."""
    names = "qwen3_tts", "pocket_tts", "vocos_mel", "mimo_audio"
    longer = (name for name in names if model.startswith(name))
    stream = "focalcodec-stream" if model.endswith("_causal") else ""
    family = stream or next(longer, model.partition("_")[0])
    network = architecture(family.replace("_", "-")).model
    config = getattr(importlib.import_module(network.__module__), model)()
    if family == "dualcodec":
        config = replace(config, encodes=True)  # with w2v-BERT beside the published file
    with torch.device("meta"):
        return network(config)


@pytest.mark.parametrize("entry", PUBLISHED, ids=lambda entry: entry.name)
def test_the_catalogue_says_what_the_networks_are(entry):
    model = made(entry.model)
    spec = model.spec
    assert (entry.rate, entry.channels) == (spec.rate, spec.channels)
    assert abs(float(spec.frame_rate) / entry.frames - 1) < 0.0125
    levels = [spec.levels_at(kbps) for kbps in entry.kbps]
    assert levels == sorted(set(levels))
    assert levels[-1:] == ([len(spec.levels)] if spec.latent is None else [])
    assert entry.latency == stated(model)


CONFIGS = {
    "hubert-base": base,
    "wav2vec2-base": base,
    "hubert-large": large,
    "wav2vec2-large": large,
    "wavlm-base": WavLMConfig,
    "wavlm-large": lambda: WavLMConfig(**asdict(large())),
    "w2v-bert-2.0": W2vBertConfig,
    "cpc": CPCConfig,
}
OTHERS = {"wavlm-base": "wavlm", "wavlm-large": "wavlm", "w2v-bert-2.0": "w2v-bert", "cpc": "cpc"}


@pytest.mark.parametrize("entry", ENCODERS, ids=lambda entry: entry.name)
def test_the_catalogue_says_what_the_encoders_are(entry):
    config = CONFIGS[entry.model]()
    made = outline(OTHERS.get(entry.model, "wav2vec2"), entry.model, asdict(config))
    assert entry.frames == made.rate / made.hop and entry.rate == made.rate
    if entry.layers is not None:
        assert (entry.layers, entry.channels) == (made.layers, made.channels(1))
    assert entry.normalize == made.normalize


MODELS = {
    "csm-1b": csm_1b,
    "moshi-7b": moshi_7b,
    "musicgen-small": musicgen_small,
    "orpheus-3b": orpheus_3b,
}


@pytest.mark.parametrize("entry", LANGUAGE, ids=lambda entry: entry.name)
def test_the_catalogue_says_what_language_models_can_do(entry):
    config = MODELS[entry.model]()
    able = config.abilities
    assert config.name == entry.model
    assert (entry.text, entry.codec, entry.levels) == (able.text, able.codec, able.levels)


def stated(model):
    """Say how a network runs live, as the catalogue does."""
    latency, segment = latency_of(model), model.spec.segment
    if latency is None:
        if model.encodes_in_steps:
            return "decodes whole recordings"
        return f"{'encodes ' if model.decodes_in_steps else ''}whole recordings"
    if segment is not None:
        return f"segments of {segment.length // model.spec.rate} s"
    steady, first = (round(1000 * float(value)) for value in (latency.steady, latency.first))
    return f"{steady} ms" + (f", at first {first}" if first > steady else "")


def test_the_model_of_the_package_says_how_it_runs_live():
    from vocable.load import describe, load_to_train

    assert describe("speech-16k").facts["latency"] == stated(load_to_train("speech-16k"))


def test_what_is_pinned_is_whole():
    for entry in (*PUBLISHED, *ENCODERS, *LANGUAGE):
        assert entry.sha256 is None or len(bytes.fromhex(entry.sha256)) == 32
        assert entry.revision is None or len(bytes.fromhex(entry.revision)) == 20
        assert entry.on_hub == ("/" in entry.name)
        if entry.sha256 and entry.on_hub:
            assert entry.revision, f"{entry.name}: a hash without the revision that has it"
        assert entry_of(entry.name) is entry
    for units in UNITS:
        encoder = published_encoder(units.encoder)
        assert encoder is not None and not encoder.on_hub
        assert encoder.layers is None or units.layer <= encoder.layers
        assert len(bytes.fromhex(units.sha256)) == 32 and units.url.endswith("/" + units.file)
        assert units.name.endswith(f"km{units.size}") or f"km{units.size}-" in units.name
        assert f"-l{units.layer}-" in units.name
    names = [entry.name for entry in (*PUBLISHED, *ENCODERS, *UNITS, *LANGUAGE)]
    assert len(set(names)) == len(names)


def test_no_torch():
    code = (
        "import sys\nfrom vocable.cli.group import commands\n"
        "try: commands.main(['models'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_offline_asks_no_hub(monkeypatch):
    pytest.importorskip(
        "huggingface_hub.constants"
    )  # reads HF_HUB_OFFLINE once, when it is imported
    with serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        done = call("--offline", "info", "kyutai/mimi", code=2)
        assert "the hub may not be asked (offline); download model.safetensors" in done.stderr
        assert done.stderr.count("\n") == 1 and hub.asked == []
        call("info", "kyutai/mimi", code=2)
        assert len(hub.asked) == 1
