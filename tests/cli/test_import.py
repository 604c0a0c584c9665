"""`vocable --import MODULE`: the commands know what a module of the user's registers."""

from pathlib import Path

import pytest

from tests.cli.calls import call
from tests.cli.small import write_tone

MODULE = """
from vocable.codecs import register
from vocable.testing.tiny_codecs import TinyPlain, TinyConfig

class Mine(TinyPlain):
    pass

register("{name}", TinyConfig, Mine)
"""
SAVE = """
import {module}
from vocable.codecs import Codec
from vocable.load import save_model
from vocable.testing.codec_examples import filled

save_model(filled({module}.Mine({module}.TinyConfig())), "model", name="mine")
"""


def test_a_codec_of_a_users_module_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("users_codecs.py").write_text(MODULE.format(name="users-plain"))
    exec(SAVE.format(module="users_codecs"), {})
    write_tone(Path("x.wav"), 0.5)
    how = ["--import", "users_codecs"]
    call(*how, "encode", "x.wav", "--codec", "model")
    call(*how, "decode", "x.vcb", "-o", "y.wav", "--codec", "model")
    assert "8000 samples at 16000 Hz" in call("info", "y.wav").output


def test_a_module_that_is_not_there_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call("--import", "no_such_codecs", "models", code=2)
    assert done.output.startswith("error: no module no_such_codecs in ")
    assert done.output.count("\n") == 1
    Path("needs_more.py").write_text("import a_package_that_is_not_installed")
    done = call("--import", "needs_more", "models", code=1)
    assert "a_package_that_is_not_installed" in done.output
