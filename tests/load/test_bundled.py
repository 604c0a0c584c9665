"""Models that come with the package: by name, and each version that ever came with it."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import vocable
from tests.cli.calls import call, results
from tests.codecs import tiny
from vocable.audio import Audio
from vocable.errors import ModelError
from vocable.load import describe, load_to_train, models, save_model
from vocable.load.bundled import bundled, is_bundled
from vocable.tokens.coder import tables

SOUND = Audio(tiny.sound(1000), 8000)


@pytest.fixture
def spaces(tmp_path, monkeypatch) -> dict[str, str]:
    """A package with versions 9 and 10 of a model "toy"; the space of each by version."""
    package = tmp_path / "package"
    monkeypatch.setattr(sys.modules["vocable.load.bundled"], "BUNDLED", package)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return {
        version: save_model(
            tiny.soundstream(int(version)),
            package / "toy" / version,
            name="toy",
            version=version,
            card=f"# Toy {version}\n",
            facts={"licence": "CC0-1.0"},
        )
        for version in ("9", "10")
    }


def test_a_name_is_the_newest_version(spaces):
    assert bundled() == ["toy"] and bundled(older=True) == ["toy", "toy@9"]
    (model,) = models()
    assert (model.name, model.space, model.card) == ("toy", spaces["10"], "# Toy 10\n")
    assert vocable.load("toy").spec.space == vocable.load("toy@10").spec.space == spaces["10"]
    assert vocable.load("toy@9").spec.space == load_to_train("toy@9").space == spaces["9"]


def test_what_is_not_here_is_refused_with_what_is(spaces):
    assert is_bundled("toy@4") and not is_bundled("toyo")
    for version in ("4", "../9", "9/../10"):
        with pytest.raises(ModelError) as refused:
            vocable.load(f"toy@{version}")
        wanted = f"toy@{version} does not come with this vocable; take toy@10, toy@9, "
        assert str(refused.value) == wanted + "or for tokens of it the vocable that made them"
    with pytest.raises(ModelError, match='no model named "toyo"; nearest: "toy"'):
        vocable.load("toyo")


def test_tokens_decode_by_the_version_that_made_them(spaces):
    SOUND.save("x.wav")
    for version in ("9", "10"):
        call("encode", "x.wav", "-o", f"{version}.vcb", "--codec", f"toy@{version}")
        call("decode", f"{version}.vcb", "-o", f"{version}.wav")
        assert vocable.read_tokens(f"{version}.vcb").spec.space == spaces[version]
        decoded = vocable.load(f"toy@{version}").decode(vocable.read_tokens(f"{version}.vcb"))
        assert np.allclose(Audio.read(f"{version}.wav").samples, decoded.samples, atol=1e-4)


def test_tokens_of_one_version_are_refused_by_another(spaces):
    tokens = vocable.load("toy@9").encode(SOUND)
    with pytest.raises(vocable.TokenError, match=rf"{spaces['9']}.*{spaces['10']}"):
        vocable.load("toy").decode(tokens)


def test_tokens_of_a_version_to_come_say_so(spaces, tmp_path):
    newer = save_model(tiny.soundstream(11), tmp_path / "newer", name="toy", version="11")
    vocable.load(tmp_path / "newer").encode(SOUND).save("x.vcb")
    assert newer.startswith("toy@11:")
    said = call("decode", "x.vcb", code=1).stderr
    assert "toy@11 does not come with this vocable; take toy@10, toy@9" in said


def test_tokens_of_a_version_that_is_gone_are_told_and_not_decoded(spaces, tmp_path, monkeypatch):
    """Also where they are coded by tables that went with it."""
    shipped = tmp_path / "tables"
    shipped.mkdir()
    monkeypatch.setattr(tables, "FOLDER", shipped)
    silence = Audio(np.zeros((1, 9000), np.float32), 8000)
    tokens = vocable.load("toy@9").encode(silence)  # a table makes it small
    tables.fit_tables([tokens]).save(shipped, spaces["9"])
    tokens.save("x.vcb")
    shutil.rmtree(shipped)
    tables.shipped.cache_clear()
    shutil.rmtree(tmp_path / "package" / "toy" / "9")
    (facts,) = results("info", "x.vcb")
    assert (facts["space"], facts["samples"]) == (spaces["9"], 9000)
    assert call("decode", "x.vcb", code=1).stderr == (
        "error: x.vcb: toy@9 does not come with this vocable; take toy@10, "
        "or for tokens of it the vocable that made them\n"
    )
    with pytest.raises(vocable.FormatError, match="needs tables .* install the vocable that wrote"):
        vocable.read_tokens("x.vcb")


def test_the_list_names_what_loads_each(spaces):
    rows = [line.split() for line in call("models").stdout.splitlines()]
    assert [row[0] for row in rows[1:3]] == ["toy", "toy@9"]
    found = [facts for facts in results("models") if "space" in facts]
    assert [(each["name"], each["space"]) for each in found] == [
        ("toy", spaces["10"]),
        ("toy@9", spaces["9"]),
    ]


def test_a_name_wins_over_a_folder_and_a_path_is_a_path(spaces, caplog):
    save_model(tiny.soundstream(1), "toy", name="mine")
    assert describe("toy").name == "toy"
    assert caplog.messages == ["toy is the model that comes with vocable; the folder is ./toy"]
    caplog.clear()
    assert describe("./toy").name == describe(Path("toy")).name == "mine"
    assert caplog.messages == []


def test_a_file_of_that_name_does_not_hide_the_model(spaces):
    Path("toy").touch()
    assert describe("toy").space == spaces["10"]
