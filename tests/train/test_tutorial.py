"""The tutorial on fine-tuning, as a newcomer would type it: twenty recordings, ten minutes."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from vocable.audio import Audio
from vocable.cli.group import commands
from vocable.measures import stoi

PAGE = Path(__file__).parents[2] / "docs" / "tutorial-finetune.md"
VOICE = Path(__file__).parent / "voice"


def shown_commands() -> list[str]:
    """Return the lines of the page's first block."""
    block = re.search(
        r"```sh\n# takes [^\n]*\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert block
    return block[1].strip().splitlines()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_twenty_recordings_fine_tune_the_shipped_codec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(VOICE, "recordings")
    begin = time.monotonic()
    for line in shown_commands():
        done = CliRunner().invoke(commands, line.split()[1:])
        assert done.exit_code == 0, f"{line}\n{done.output}"
    assert time.monotonic() - begin < 600
    log = [json.loads(line) for line in Path("my-voice/log.jsonl").read_text().splitlines()]
    mel = [line["mel"] for line in log if line["kind"] == "held_out"]
    assert mel[-1] < mel[0], "the codec has not come nearer to the voice"
    original, again = Audio.read("recordings/00.ogg"), Audio.read("again.wav")
    assert stoi(original.samples[0], again.samples[0], original.rate) >= 0.65


def test_the_tutorial_trains_by_the_recipe_that_ships() -> None:
    lines = shown_commands()
    assert len(lines) == 4 and "--recipe finetune-speech-16k" in lines[1]
    assert len(list(VOICE.glob("*.ogg"))) == 20
