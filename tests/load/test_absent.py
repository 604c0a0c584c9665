"""What the hub does not have, or cannot be asked for: one line that says what to do."""

import time
from importlib import import_module

import pytest

import vocable
from vocable.codecs import published
from vocable.codecs.mimi import mimi
from vocable.codecs.pocket_tts import pocket_tts
from vocable.codecs.qwen3_tts import qwen3_tts_12hz
from vocable.codecs.vibevoice import vibevoice
from vocable.codecs.voxtral import voxtral_tts
from vocable.errors import ModelError
from vocable.units.dualcodec import PUBLISHED as DUALCODEC
from vocable.units.focalcodec import PUBLISHED as FOCALCODEC
from vocable.units.focalcodec_stream import PUBLISHED as FOCALCODEC_STREAM
from vocable.units.higgs import higgs
from vocable.units.neucodec import neucodec
from vocable.units.xcodec import PUBLISHED as XCODEC
from vocable.units.xcodec2 import xcodec2


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("kyutai/mimmi", 'nearest: "kyutai/mimi"'),
        ("facebook/encodec24khz", 'nearest: "facebook/encodec_24khz"'),
        ("hubertsuizdak/snac_24khz", 'nearest: "hubertsiuzdak/snac_24khz"'),
        (
            "nobody/whatever",
            "known: audiolm-16k, dmel-16k, say-16k, separation-16k, sound-48k and \\d+ more",
        ),
    ],
)
def test_a_repository_that_is_not_there_names_the_nearest(name, near, hub):
    with pytest.raises(
        ModelError,
        match=f"^there is no folder {name}, and the model hub has no repository {name}; {near}",
    ):
        vocable.load(name)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("mimi", "kyutai/mimi"),
        ("mimmi", "kyutai/mimi"),
        ("encodec_24khz", "facebook/encodec_24khz"),
        ("dac_44khz", "descript/dac_44khz"),
        ("snac-24khz", "hubertsiuzdak/snac_24khz"),
        ("speech-16", "speech-16k"),
    ],
)
def test_a_name_without_owner_is_only_a_hint(name, near):
    with pytest.raises(ModelError, match=f'^no model named "{name}"; nearest: "{near}"'):
        vocable.load(name)


def test_a_published_name_is_what_its_family_recognises():
    """What came is compared with what was published, by these names."""
    named = {
        make.__name__
        for architecture in (
            *("encodec", "mimi", "dac", "snac", "speechtokenizer"),
            *("bigcodec", "facodec", "mimo_audio", "moss", "nanocodec", "vocos_mel"),
            *("jukebox", "ticodec", "wavtokenizer"),
        )
        for make in vars(import_module(f"vocable.codecs.{architecture}")).get("PUBLISHED", (mimi,))
    }
    made = pocket_tts, qwen3_tts_12hz, vibevoice, voxtral_tts, xcodec2, neucodec, higgs
    named |= {
        make.__name__ for make in (*made, *XCODEC, *DUALCODEC, *FOCALCODEC, *FOCALCODEC_STREAM)
    }
    named.remove("speechtokenizer_snake")  # AnyGPT's, of which no source names a file
    assert {entry.model for entry in published.PUBLISHED} == named


def test_a_file_that_the_hub_does_not_have_says_where_it_is():
    with pytest.raises(ModelError, match=r"is not on the model hub; download https://github.com/"):
        vocable.load("weights_44khz_16kbps.pth")


def test_a_repository_without_weights_says_what_was_looked_for(hub):
    hub.put("someone/toy", {"README.md": b"#"})
    with pytest.raises(
        ModelError,
        match="^someone/toy has none of model.safetensors, model.safetensors.index.json, "
        "pytorch_model.bin, pytorch_model.bin.index.json; load its files from a folder$",
    ):
        vocable.load("someone/toy")


def test_a_gated_repository_says_how_to_be_let_in(hub):
    hub.gated.add("someone/toy")
    with pytest.raises(ModelError, match="asks for a login and consent to its terms; give it on "):
        vocable.load("someone/toy")


@pytest.mark.parametrize("status", [500, 503])
def test_a_hub_that_is_away_is_asked_once(status, hub):
    hub.status = status
    began = time.monotonic()
    with pytest.raises(ModelError, match="the model hub cannot be reached"):
        vocable.load("kyutai/mimi")
    assert len(hub.asked) == 1 and time.monotonic() - began < 5


COMMIT = "89091b3e466eb6a9d11e537bf26b144f194978f7"
REACH = (
    f"^model.safetensors of kyutai/mimi at {COMMIT} is not here, and {{}}; "
    f"download model.safetensors and config.json from {{}}/kyutai/mimi/tree/{COMMIT} "
    "into a folder, and load that folder$"
)


def test_without_a_network_the_error_says_what_to_download(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    began = time.monotonic()
    words = REACH.format(r"the model hub cannot be reached \(.+\)", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match=words):
        vocable.load("kyutai/mimi")
    assert time.monotonic() - began < 5


def test_offline_nothing_is_asked(hub, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(
        ModelError, match=REACH.format(r"the hub may not be asked \(offline\)", hub.url)
    ):
        vocable.load("kyutai/mimi")
    with pytest.raises(ModelError, match='offline.*; nearest: "kyutai/mimi"$'):
        vocable.load("kyutai/mimmi")
    assert hub.asked == []
