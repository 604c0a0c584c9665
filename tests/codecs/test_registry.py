"""Architectures of one's own: registered, they save and load like those of the package."""

import copy
import subprocess
import sys
from dataclasses import dataclass

import pytest
import torch

import vocable
from vocable.codecs import CodecModel, Tokenizer, architectures, build, register, untrained
from vocable.codecs.registry import architecture, architecture_of
from vocable.errors import ModelError
from vocable.load import load_codec, load_tokenizer, save_model
from vocable.nn import Conv1d, ConvTranspose1d
from vocable.nn.settings import without_memory
from vocable.quantize import VQ
from vocable.testing import tokenizers
from vocable.testing.tiny_codecs import TINY, TinyConfig
from vocable.tokens import Level, TokenSpec

TOKENIZERS = tokenizers()
PACKAGE = (
    *("dac", "encodec", "mimi", "qwen3-tts", "snac", "soundstream", "speech", "speechtokenizer"),
    "transform",
    *("bigcodec", "dmel", "facodec", "higgs", "moss", "nanocodec", "neucodec", "voxtral", "vocos"),
    *("dualcodec", "focalcodec", "focalcodec-stream", "kanade", "mimo-audio", "pocket-tts"),
    *("vibevoice", "vibevoice-semantic", "wavtokenizer", "xcodec", "xcodec2"),
    *("esc", "harpnet", "jukebox", "ticodec"),
)


@dataclass(frozen=True)
class MineConfig:
    width: int = 4  # channels a frame


class Mine(CodecModel):
    def __init__(self, config: MineConfig) -> None:
        spec = TokenSpec(untrained("mine"), 8000, 80, 1, levels=(Level(8),), prefixes=(1,))
        super().__init__(config, spec)
        self.encoder = Conv1d(1, config.width, 80, stride=80)
        self.quantizer = VQ(config.width, 8)
        self.decoder = ConvTranspose1d(config.width, 1, 80, stride=80)


class Stranger(Mine):
    pass


def test_a_registered_model_saves_and_loads(tmp_path):
    register("mine", MineConfig, Mine)
    assert "mine" in architectures()
    space = save_model(build("mine", {"width": 6}), tmp_path / "model")
    codec = vocable.load(tmp_path / "model")
    assert codec.model.config == MineConfig(6)
    assert codec.spec.space == space
    sound = torch.zeros(1, 500)
    assert len(codec.decode(codec.encode(sound, rate=8000))) == 500


def test_a_model_that_nobody_could_load_is_not_saved(tmp_path):
    with pytest.raises(ModelError, match=r'register\("stranger", MineConfig, Stranger\) first'):
        save_model(Stranger(MineConfig()), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("taken", ["speech", "tiny-plain"])
def test_a_name_that_is_taken_is_refused(taken):
    with pytest.raises(ModelError, match=f'architecture named "{taken}" exists already'):
        register(taken, MineConfig, Mine)


def test_a_class_defined_again_takes_its_own_name_and_no_other():
    """As a cell of a notebook that runs twice."""
    first = TINY["plain"]
    again = type(first.__name__, (first,), {"__module__": first.__module__})
    register("tiny-plain", TinyConfig, again)
    assert isinstance(build("tiny-plain", {}), again)
    register("tiny-plain", TinyConfig, first)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_every_example_saves_and_loads_with_its_codes(name, tmp_path):
    made = copy.deepcopy(TOKENIZERS[name])
    space = save_model(made, tmp_path / "model", name="copy")
    loaded = load_tokenizer(tmp_path / "model")
    assert type(loaded) is type(made) and loaded.spec.space == space
    sound = torch.linspace(-0.5, 0.5, 9 * made.frame).repeat(made.channels, 1)
    again = save_model(loaded, tmp_path / "again")
    assert again == space, "what is loaded is what was stored"
    assert load_tokenizer(tmp_path / "again").encode(sound, rate=made.rate) == loaded.encode(
        sound, rate=made.rate
    )


def test_what_only_encodes_is_not_loaded_as_a_codec(tmp_path):
    save_model(copy.deepcopy(TOKENIZERS["units"]), tmp_path / "units", name="units")
    assert type(vocable.load(tmp_path / "units")) is Tokenizer
    with pytest.raises(ModelError, match="units encodes and does not decode"):
        load_codec(tmp_path / "units")


OURS = TOKENIZERS.names(lambda each: architecture_of(each.model) in PACKAGE)


@pytest.mark.parametrize("name", OURS)
def test_a_model_is_made_without_memory_in_its_shapes(name):
    model = copy.deepcopy(TOKENIZERS[name].model)
    found = architecture(architecture_of(model))
    with without_memory():
        empty = found.model(model.config)
    for each in (model, empty):
        each.quantizer.drop_learning()
    assert all(tensor.is_meta for tensor in empty.state_dict().values())
    shapes, wanted = ({k: v.shape for k, v in m.state_dict().items()} for m in (empty, model))
    assert shapes == wanted


def test_no_second_of_torch_is_loaded_to_make_one_without_memory():
    code = (
        "import sys; from vocable.codecs.registry import architecture, architectures\n"
        "from vocable.nn.settings import without_memory\n"
        "for name in architectures():\n"
        "    found = architecture(name)\n"
        "    with without_memory(): found.model(found.config()).quantizer.drop_learning()\n"
        "assert not {'torch._dynamo', 'sympy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
