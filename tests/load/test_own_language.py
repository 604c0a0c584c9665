"""What a model's files say of it is what the loaded model says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.recogniser.test_recogniser import recogniser
from tests.language.soundstorm.toys import network as soundstorm
from tests.language.stages.toys import network as stage
from tests.language.transcriber.test_transcriber import transcriber
from tests.language.valle.toys import first, second
from vocable import load
from vocable.load import describe_any
from vocable.load.own_language import save_language

CAN = {
    "recogniser": (recogniser, "transcribe"),
    "transcriber": (transcriber, "transcribe"),
    "stages": (lambda: stage("flatten"), "generate, continue"),
    "soundstorm": (soundstorm, "generate, continue"),
    "valle.ar": (first, "generate, clone"),
    "valle.nar": (second, "generate, clone"),
}


@pytest.mark.parametrize("family", CAN)
def test_a_description_says_what_the_model_can(family: str, tmp_path: Path):
    make, can = CAN[family]
    save_language(make(), tmp_path / "m", "toy")
    described = describe_any(tmp_path / "m").abilities
    assert described == load(tmp_path / "m").abilities
    assert described.rows[0] == ("can", can)
