"""A small untrained codec and two recordings, for scripts to run on."""

import json

import pytest
import soundfile

from tests.measures.signals import RATE, voice
from vocable.codecs import build
from vocable.load import save_model


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    folder = tmp_path_factory.mktemp("codec")
    small = {"encoder_channels": 16, "encoder_blocks": 1, "decoder_channels": 16}
    save_model(build("speech", {**small, "decoder_blocks": 1, "sizes": [16] * 3}), folder)
    return str(folder)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    soundfile.write(folder / "a.wav", voice(2.0), RATE)
    soundfile.write(folder / "b.wav", voice(1.5), RATE)
    rows = [{"path": f"{name}.wav", "speaker": name, "split": "train"} for name in "ab"]
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return str(folder)
