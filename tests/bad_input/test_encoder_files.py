"""Files of encoders and of centres that do not belong together, at the commands that take them."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from tests.cli.calls import call
from tests.cli.small import write_tone
from vocable.units.centres import Centres
from vocable.units.signal_encoder import SignalEncoder
from vocable.units.tokenizer import origin_of

CONV = "feature_extractor.conv_layers.0"


@pytest.fixture
def data(here):
    """A manifest of one recording with phones."""
    write_tone(here / "a.wav")
    row = {"path": "a.wav", "speaker": "p", "phones": [[0.0, 0.5, "a"], [0.5, 1.0, "e"]]}
    (here / "data.jsonl").write_text(json.dumps(row))
    return here / "data.jsonl"


def refusal(*args):
    """Return the one line that a command says instead of working."""
    done = call(*args, code=2)
    assert done.stdout == "" and done.stderr.count("\n") == 1, done.output
    return done.stderr


@pytest.mark.parametrize("key", [f"{CONV}.conv.weight", f"{CONV}.0.weight"], ids=["hub", "fairseq"])
def test_an_encoder_without_its_positional_convolution(key, data, here):
    hub = key.endswith("conv.weight")
    last = "feed_forward.output_dense" if hub else "fc2"
    tensors = {key: torch.ones(4, 1, 10), f"encoder.layers.0.{last}.weight": torch.ones(4, 8)}
    save_file(tensors, here / "lacking.safetensors")
    fit = ("units", "fit", "--encoder", "lacking.safetensors", "--layer", 1, "--k", 2)
    for args in (("info", "lacking.safetensors"), (*fit, "--data", data, "-o", "c.safetensors")):
        said = refusal(*args)
        assert "lacking.safetensors: checkpoint lacks its positional convolution (" in said
        assert said.endswith("without which its features are noise; fetch it again\n")
    assert not (here / "c.safetensors").exists()


@pytest.mark.parametrize(
    ("layer", "channels", "encoder", "words"),
    [
        (3, 39, "mfcc", "layer is 3 but mfcc has layer 0 only; take 0"),
        (0, 39, "log-mel", "are of layer 0 of mfcc@1:"),
        (0, 80, "mfcc", "centres are of 80 channels but layer 0 of mfcc@1:"),
    ],
    ids=["another layer", "another encoder", "other channels"],
)
def test_centres_that_do_not_belong_to_an_encoder(layer, channels, encoder, words, data, here):
    origin = origin_of(SignalEncoder("mfcc"), 0)
    made = Centres(replace(origin, layer=layer), (torch.randn(4, channels),))
    made.save("c.safetensors")
    before = (here / "c.safetensors").read_bytes()
    said = refusal("units", "evaluate", "c.safetensors", "--encoder", encoder, "--data", data)
    assert said.startswith("error: c.safetensors: ") and words in said
    assert (here / "c.safetensors").read_bytes() == before
