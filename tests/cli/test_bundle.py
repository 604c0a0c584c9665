"""`vocable encode --codec A+B`: two kinds of tokens in one file, and back to sound."""

from pathlib import Path

import numpy as np
import pytest

import vocable
from tests.cli.calls import call, results
from vocable.load import save_model
from vocable.testing.codec_examples import tokenizers
from vocable.tokens.tracks import read_tracks


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small model of units."""
    folder = tmp_path_factory.mktemp("units") / "small-units"
    save_model(tokenizers()["streaming-units"], folder, name="small-units")
    return folder


def test_both_kinds_come_into_one_file_and_back(speech: Path, units: Path, small: Path) -> None:
    (facts,) = results("encode", speech.name, "--codec", f"{units}+{small}")
    assert list(facts["tracks"]) == ["semantic", "acoustic"]
    assert facts["tracks"]["semantic"]["frames_per_second"] == 50
    tracks = read_tracks("speech.vcb")
    assert tracks["semantic"] == vocable.load(units).encode(speech)
    assert tracks["acoustic"] == vocable.load(small).encode(speech)
    assert "track semantic" in call("info", "speech.vcb").output

    call("decode", "speech.vcb", "-o", "again.wav", "--codec", small)
    wanted = vocable.load(small).decode(tracks["acoustic"])
    again = vocable.Audio.read("again.wav")
    assert np.abs(again.samples - np.clip(wanted.samples, -1, 1)).max() < 1e-4


def test_units_alone_are_encoded_and_not_decoded(speech: Path, units: Path) -> None:
    call("encode", speech.name, "--codec", units)
    done = call("decode", "speech.vcb", "-o", "again.wav", "--codec", units, code=2)
    assert "encodes and does not decode" in done.output


def test_levels_are_of_one_codec(speech: Path, units: Path, small: Path) -> None:
    done = call("encode", speech.name, "--codec", f"{units}+{small}", "--levels", "1", code=2)
    assert "--levels and --kbps are of one codec" in done.output
    assert "nothing" in call("encode", speech.name, "--codec", f"{units}+nothing", code=2).output
