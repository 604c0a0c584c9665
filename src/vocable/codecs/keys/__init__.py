"""Layouts of checkpoints: one module each, that says "this is mine" and how its keys are called.

`own` is ours: a folder that describes itself. The others read checkpoints of published families;
the contract is in checkpoint.py, and a new family is a line here.
"""

from __future__ import annotations

from importlib import import_module

from vocable.codecs.keys.checkpoint import Layout

VERSION = 4  # of all maps of keys together: converted models that are kept are made anew
FAMILIES = {  # a family's name -> the module that knows its layouts
    "EnCodec": "vocable.codecs.keys.encodec",
    "Mimi": "vocable.codecs.keys.mimi",
    "DAC": "vocable.codecs.keys.dac",
    "SNAC": "vocable.codecs.keys.snac",
    "BigCodec": "vocable.codecs.keys.bigcodec",
    "ESC": "vocable.codecs.keys.esc",
    "FACodec": "vocable.codecs.keys.facodec",
    "Jukebox": "vocable.codecs.keys.jukebox",
    "TiCodec": "vocable.codecs.keys.ticodec",
    "SpeechTokenizer": "vocable.codecs.keys.speechtokenizer",
    "Qwen3-TTS": "vocable.codecs.keys.qwen3_tts",
    "MOSS-Audio-Tokenizer": "vocable.codecs.keys.moss",
    "MiMo-Audio-Tokenizer": "vocable.codecs.keys.mimo_audio",
    "Pocket TTS": "vocable.codecs.keys.pocket_tts",
    "VibeVoice": "vocable.codecs.keys.vibevoice",
    "Voxtral": "vocable.codecs.keys.voxtral",
    "Vocos": "vocable.codecs.keys.vocos_mel",
    "WavTokenizer": "vocable.codecs.keys.wavtokenizer",
    "X-Codec 2, NeuCodec": "vocable.units.keys.xcodec2",
    "X-Codec, Higgs audio": "vocable.units.keys.xcodec",
    "Kanade": "vocable.units.keys.kanade",
    "NanoCodec": "vocable.codecs.keys.nanocodec",
    "FocalCodec": "vocable.units.keys.focalcodec",
    "DualCodec": "vocable.units.keys.dualcodec",
}
_OTHERS = {  # architectures after which no module above is called
    "focalcodec-stream": "vocable.units.keys.focalcodec",
    "higgs": "vocable.units.keys.xcodec",
    "neucodec": "vocable.units.keys.xcodec2",
    "vocos": "vocable.codecs.keys.vocos",
}


def layout_of(architecture: str) -> Layout | None:
    """Return the module that reads the checkpoints of an architecture, after which it is called."""
    name = architecture.replace("-", "_")
    found = (module for module in FAMILIES.values() if module.rpartition(".")[2] == name)
    module = _OTHERS.get(architecture) or next(found, None)
    return import_module(module) if module else None


def families() -> list[str]:
    """Return the names of the families whose checkpoints are known."""
    return list(FAMILIES)


def layouts() -> list[Layout]:
    """Return the modules that read published checkpoints, imported when they are needed."""
    modules: list[Layout] = [import_module(module) for module in FAMILIES.values()]
    return modules
