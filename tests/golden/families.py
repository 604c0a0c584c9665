"""A toy of every published family, written as its own package or authors write it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from safetensors.torch import save_file

from tests.golden import drawn
from tests.golden.dualcodec.test_dualcodec import written as dualcodec
from tests.golden.encodec.opened import checkpoint as encodec
from tests.golden.kanade.written import written as kanade
from tests.golden.mimi import opened as mimi
from tests.golden.mimi.layouts import layouts
from tests.golden.ticodec.written import written as ticodec

GOLDEN = Path(__file__).parent
_KEPT = {  # a file, or a folder, that lies here as it is
    "DAC": "dac/weights.pth",
    "SNAC": "snac/checkpoint",
    "SpeechTokenizer": "speechtokenizer/checkpoint",
    "WavTokenizer": "wavtokenizer/checkpoint",
    "Vocos": "vocos_mel/checkpoint",
    "BigCodec": "bigcodec/checkpoint",
    "FACodec": "facodec/checkpoint",
    "ESC": "esc/checkpoint",
    "Jukebox": "jukebox/checkpoint",
    "Qwen3-TTS": "qwen3_tts/checkpoint",
    "MOSS": "moss/later",
    "MOSS, the first": "moss/first",
    "MiMo-Audio": "mimo_audio/checkpoint",
    "NanoCodec": "nanocodec/checkpoint",
    "Pocket TTS": "pocket_tts/checkpoint",
    "VibeVoice": "vibevoice/acoustic",
    "VibeVoice, semantic": "vibevoice/semantic",
    "Voxtral": "voxtral/checkpoint",
}
_DRAWN = {  # shapes and a config, from which weights are drawn
    "FocalCodec": "focalcodec/whole",
    "FocalCodec-Stream": "focalcodec/stream",
    "X-Codec": "xcodec/xcodec_wavlm",
    "Higgs audio": "xcodec/higgs",
    "X-Codec 2": "xcodec2/xcodec2",
    "NeuCodec": "xcodec2/neucodec",
}
_MADE = ("EnCodec causal", "EnCodec stereo", "Mimi", "DualCodec", "Kanade", "TiCodec")
TOYS = (*_MADE, *_KEPT, *_DRAWN)


def write_toy(name: str, folder: Path) -> Path:
    """Write the files of a toy, one of TOYS, into a new folder, which is returned."""
    if name == "DualCodec":
        return dualcodec(folder)
    if name in _KEPT and (GOLDEN / _KEPT[name]).is_dir():
        return Path(shutil.copytree(GOLDEN / _KEPT[name], folder))
    folder.mkdir()
    if name in _KEPT:
        shutil.copy(GOLDEN / _KEPT[name], folder)
        return folder
    if name == "Kanade":
        return kanade(folder, json.loads((GOLDEN / "kanade/kanade.json").read_text()))
    if name == "TiCodec":
        return ticodec(folder, json.loads((GOLDEN / "ticodec/ticodec.json").read_text()))
    if name in _DRAWN:
        kept = json.loads((GOLDEN / f"{_DRAWN[name]}.json").read_text())
        tensors, config = drawn.tensors(kept["shapes"]), kept["config"]
    elif name == "Mimi":
        tensors = layouts(mimi.state(), mimi.TOY["num_attention_heads"])["published"]
        config = {"model_type": "mimi", **mimi.TOY}
    else:
        found = encodec(name.split()[1])
        tensors, config = found.tensors(), dict(found.config)
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    return folder
