"""descript-audio-codec gave these codes and sounds for these weights; make.py wrote them.

The weights are a file as the package publishes it, so loading is shown here too.
"""

import shutil
from pathlib import Path

import pytest

import vocable
from vocable import weights
from vocable.testing import check_codes_agree
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

HERE = Path(__file__).parent
ANSWERS = weights.read(HERE / "answers.safetensors")


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))
        return vocable.load(HERE / "weights.pth")


def test_latents_and_codes(codec):
    z = codec.model.encoder(codec.model._rows(ANSWERS["sound"])).detach()
    check_rows_equal("latents", z, ANSWERS["latents"], atol=WHOLE_CODEC)
    codes, wanted = codec.to_codes(ANSWERS["sound"]).stacked(), ANSWERS["codes"]
    assert check_codes_agree(codec.model.quantizer, z, codes, ANSWERS["latents"], wanted) == 0
    assert all(len(level.unique()) > 8 for level in wanted.unbind(1))


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_sound_of_every_number_of_levels(codec, levels):
    """The package gives 4 samples less than whole frames."""
    found, wanted = codec.from_codes(ANSWERS["codes"][:, :levels]), ANSWERS[f"decoded.{levels}"]
    assert (found.shape[2], wanted.shape[2]) == (51 * 20, 51 * 20 - 4)
    check_rows_equal("sound", found[..., :-4], wanted, atol=WHOLE_CODEC, axis=2)


def test_a_copy_under_any_name_is_the_same_model(codec, tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    shutil.copy(HERE / "weights.pth", tmp_path / "something.bin")
    assert vocable.load(tmp_path / "something.bin").spec == codec.spec
