"""The architectures that can be made by name: those of the package, and a user's own.

    register("small", SmallConfig, Small)    # now a model of Small saves, and loads again

Reading what is registered loads no torch; an architecture of the package is imported when it is
asked for. A new one is a line here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from vocable.errors import ModelError, VocableError
from vocable.fitting import fit
from vocable.nearest import nearest

if TYPE_CHECKING:
    from torch import Tensor

    from vocable.codecs.model import TokenizerModel


@dataclass(frozen=True)
class Architecture:
    """A config dataclass, and the model that is made of one."""

    name: str
    config: type[Any]
    model: type[Any]  # a TokenizerModel, made of one config


# where each is, by name: an import of `vocable.units` here would go round in a circle
_PACKAGE: dict[str, tuple[str, str]] = {
    "bigcodec": ("vocable.codecs.bigcodec", "BigCodec"),
    "channel-vocoder": ("vocable.codecs.channel_vocoder", "ChannelVocoder"),
    "dac": ("vocable.codecs.dac", "DAC"),
    "dmel": ("vocable.codecs.dmel", "DMel"),
    "dualcodec": ("vocable.units.dualcodec", "DualCodec"),
    "encodec": ("vocable.codecs.encodec", "EnCodec"),
    "esc": ("vocable.codecs.esc", "ESC"),
    "facodec": ("vocable.codecs.facodec", "FACodec"),
    "flow-vocoder": ("vocable.codecs.flow_vocoder", "FlowVocoder"),
    "focalcodec": ("vocable.units.focalcodec", "FocalCodec"),
    "focalcodec-stream": ("vocable.units.focalcodec_stream", "FocalCodecStream"),
    "higgs": ("vocable.units.higgs", "Higgs"),
    "informed": ("vocable.units.informed", "Informed"),
    "harpnet": ("vocable.codecs.harpnet", "HARPNet"),
    "jukebox": ("vocable.codecs.jukebox", "Jukebox"),
    "kanade": ("vocable.units.kanade", "Kanade"),
    "mimi": ("vocable.codecs.mimi", "Mimi"),
    "mimo-audio": ("vocable.codecs.mimo_audio", "MiMoAudio"),
    "moss": ("vocable.codecs.moss", "Moss"),
    "nanocodec": ("vocable.codecs.nanocodec", "NanoCodec"),
    "neucodec": ("vocable.units.neucodec", "NeuCodec"),
    "pocket-tts": ("vocable.codecs.pocket_tts", "PocketTTS"),
    "qwen3-tts": ("vocable.codecs.qwen3_tts", "Qwen3TTS"),
    "snac": ("vocable.codecs.snac", "SNAC"),
    "soundstream": ("vocable.codecs.soundstream", "SoundStream"),
    "speech": ("vocable.codecs.speech", "Speech"),
    "speechtokenizer": ("vocable.codecs.speechtokenizer", "SpeechTokenizer"),
    "streaming-units": ("vocable.units.streaming", "StreamingUnits"),
    "ticodec": ("vocable.codecs.ticodec", "TiCodec"),
    "transform": ("vocable.codecs.transform", "Transform"),
    "vibevoice": ("vocable.codecs.vibevoice", "VibeVoice"),
    "vibevoice-semantic": ("vocable.codecs.vibevoice", "VibeVoiceSemantic"),
    "vocos": ("vocable.codecs.vocos", "Vocos"),
    "vocos-mel": ("vocable.codecs.vocos_mel", "VocosMel"),
    "voxtral": ("vocable.codecs.voxtral", "Voxtral"),
    "wavtokenizer": ("vocable.codecs.wavtokenizer", "WavTokenizer"),
    "xcodec": ("vocable.units.xcodec", "XCodec"),
    "xcodec2": ("vocable.units.xcodec2", "XCodec2"),
}
_REGISTERED: dict[str, Architecture] = {}
_COUNTED = ("layers", "blocks")  # keys of a config that end so count parts of a model


def register(name: str, config: type[Any], model: type[Any]) -> None:
    """Make an architecture loadable: `model(config(**values))` for what a model folder holds.

    config: a frozen dataclass of plain values. ModelError for a name that another model has.
    """
    if not (isinstance(name, str) and name and is_dataclass(config) and isinstance(model, type)):
        raise ModelError(
            f"an architecture is a name, a config dataclass and a class, got {name!r}, {config!r}, "
            f"{model!r}"
        )
    known = _REGISTERED.get(name)
    if name in _PACKAGE or (known is not None and _path(known.model) != _path(model)):
        raise ModelError(f'an architecture named "{name}" exists already; take another name')
    _REGISTERED[name] = Architecture(name, config, model)


def _path(kind: type[Any]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"  # a notebook defines the same class again


def architectures() -> list[str]:
    """Return the names of all architectures."""
    return sorted([*_PACKAGE, *_REGISTERED])


def architecture(name: str) -> Architecture:
    """Return an architecture by its name; ModelError with the nearest for an unknown one."""
    if name in _REGISTERED:
        return _REGISTERED[name]
    if name in _PACKAGE:
        module, model = _PACKAGE[name]
        found = import_module(module)
        return Architecture(name, getattr(found, f"{model}Config"), getattr(found, model))
    raise ModelError(
        f'no architecture named "{name}"; {nearest(name, architectures())} (a model of your own: '
        "vocable.codecs.register it first)"
    )


def architecture_of(model: TokenizerModel) -> str:
    """Return the name that a model's class is registered by."""
    for name in architectures():
        if architecture(name).model is type(model):
            return name
    kind = type(model).__name__
    raise ModelError(
        f'{kind} is not registered, so its files could not be loaded; register("{kind.lower()}", '
        f"{type(model.config).__name__}, {kind}) first"
    )


def build(name: str, config: Mapping[str, Any]) -> TokenizerModel:
    """Return an untrained model; `config` overrides its architecture's defaults.

    An unknown architecture or key is a `ModelError` that names the nearest; so is a config that
    makes no model.
    """
    from vocable.nn.settings import plain_settings

    found = architecture(name)
    values = fit(found.config, config, "config", ModelError, "config.")
    with plain_settings(), _refusing(found):
        made: TokenizerModel = found.model(values)
    return made


def build_for(
    name: str, config: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> TokenizerModel:
    """Return an untrained model that these tensors, without learning aids, fit by key and shape.

    A config may state any size: it takes no memory before the tensors are known to have it. That
    is for architectures of the package; a user's own may not be made without memory.
    """
    from vocable import weights

    if name in _PACKAGE and name not in _REGISTERED:
        _check_layers(config, len(tensors))
        weights.check_fits(outline(name, config).state_dict(), tensors)
    return build(name, config)


def _check_layers(config: Mapping[str, Any], tensors: int) -> None:
    """Refuse more layers than tensors: even without memory, each takes its time."""
    for key, value in config.items():
        for part in value if isinstance(value, list | tuple) else (value,):
            if isinstance(part, Mapping):
                _check_layers(part, tensors)
            elif key.endswith(_COUNTED) and isinstance(part, int) and part > tensors:
                raise ModelError(f"config.{key} is {part}, but there are {tensors} tensors in all")


def outline(name: str, config: Mapping[str, Any]) -> TokenizerModel:
    """Return a model without learning aids, whose tensors have shapes and hold no memory."""
    from vocable.nn.settings import without_memory

    found = architecture(name)
    values = fit(found.config, config, "config", ModelError, "config.")
    with without_memory(), _refusing(found):
        model: TokenizerModel = found.model(values)
    model.quantizer.drop_learning()
    return model


@contextmanager
def _refusing(found: Architecture) -> Iterator[None]:
    """Say in one line that a config makes no model; what a user's own raises stays as it is."""
    try:
        yield
    except ModelError:
        raise
    except (VocableError, ValueError, ArithmeticError, LookupError, RuntimeError) as error:
        if found.name in _REGISTERED:
            raise
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise ModelError(f"config makes no {found.name} ({reason})") from error
