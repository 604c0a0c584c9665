"""`vocable info` says what a model can do."""

from tests.cli.calls import call, results
from tests.language.csm.references import write_transformers


def test_what_a_model_can_do(reference, tmp_path):
    folder = str(write_transformers(reference, tmp_path / "csm"))
    printed = call("info", folder).stdout
    for words in (
        "csm-3x32  (",
        "of language, csm, transformers layout",
        "generate, continue, clone",
        "spoken",
        "English",
        "64 positions, 0.03 s of sound",
        "5 levels of mimi, 24000 Hz",
    ):
        assert words in printed
    (facts,) = results("info", folder)
    able = facts["abilities"]
    assert facts["kind"] == "language model" and able["languages"] == ["English"]
    assert (able["continues"], able["clones"], able["context"]) == (True, True, 64)
    assert "does not say what its tokens are" in call("info", folder, "--context", 9, code=2).stderr
