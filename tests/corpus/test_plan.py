"""The same command goes on; another one, or another source, is refused and nothing is lost."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.small import save_small_codec
from tests.corpus.made import failed, made, tree
from vocable.corpus import plan
from vocable.corpus.plan import corpus_plan, existing
from vocable.errors import FormatError, ModelError, RecipeError, TokenError


def test_again_is_the_same(sounds: Path, codec: Path, tmp_path: Path) -> None:
    made(sounds, tmp_path / "out", codec, "parquet", size=2)
    before = tree(tmp_path / "out")
    made(sounds, tmp_path / "out", codec, "parquet", size=2)
    assert tree(tmp_path / "out") == before
    assert corpus_plan(tmp_path / "out").numbers == {"dtype": "uint16"}


def test_another_codec_form_or_setting_is_refused(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    made(sounds, tmp_path / "out", codec)
    before = tree(tmp_path / "out")
    other = save_small_codec(tmp_path / "other", seed=1)
    for given, message in (
        ({"codec": other}, "out is of the codec .* and .*other is asked for; name another folder"),
        ({"to": "jsonl"}, "out is written as vcb, and jsonl is asked for"),
        ({"levels": 2}, "out has the levels 4, and 2 is asked for"),
        ({"mix": True}, "out has mix False, and True is asked for"),
        ({"source": codec.parent}, "holds no recordings"),
        ({"size": 2}, "has changed since the corpus was begun: it has 4 pieces and had 1"),
    ):
        call = {"source": sounds, "folder": tmp_path / "out", "codec": codec, **given}
        with pytest.raises(RecipeError, match=message):
            made(**call)
    assert tree(tmp_path / "out") == before


def test_other_weights_under_the_same_name_are_refused(sounds: Path, tmp_path: Path) -> None:
    codec = save_small_codec(tmp_path / "codec")
    made(sounds, tmp_path / "out", codec)
    shutil.rmtree(codec)
    save_small_codec(codec, seed=1)
    with pytest.raises(RecipeError, match=r"out has tokens of \S+@\S+, and \S+@\S+ is asked for"):
        made(sounds, tmp_path / "out", codec)


def test_a_changed_source_is_noticed(sounds: Path, codec: Path, tmp_path: Path) -> None:
    made(sounds, tmp_path / "out", codec)
    shutil.copy(sounds / "0.flac", sounds / "new.flac")
    with pytest.raises(RecipeError, match="sounds has changed .* new has come or gone; name an"):
        made(sounds, tmp_path / "out", codec)
    os.remove(sounds / "new.flac")
    made(sounds, tmp_path / "out", codec)
    soundfile.write(sounds / "0.flac", np.full(99, 0.1, np.float32), 16_000)
    with pytest.raises(RecipeError, match=r"changed .*0\.flac is another file"):
        made(sounds, tmp_path / "out", codec, retry_failed=True)


def test_what_failed_may_be_mended_and_is_tried_again(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    whole = (sounds / "1.flac").read_bytes()
    (sounds / "1.flac").write_bytes(whole[:300])
    assert made(sounds, tmp_path / "out", codec, "webdataset").failed == 1
    assert list(failed(tmp_path / "out")) == ["1"]
    (sounds / "1.flac").write_bytes(whole)
    with pytest.raises(RecipeError, match=r"1\.flac is another file; .*may change with --retry"):
        made(sounds, tmp_path / "out", codec, "webdataset")
    report = made(sounds, tmp_path / "out", codec, "webdataset", retry_failed=True)
    assert (report.failed, report.recordings) == (0, 7)
    made(sounds, tmp_path / "fresh", codec, "webdataset")
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


def test_runs_that_begin_at_once_share_one_plan(
    sounds: Path, codec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = plan._write

    def beaten(*given: object, **more: object) -> None:
        real(*given, **more)  # type: ignore[arg-type]
        raise FileExistsError("plan.json is being written by someone else")

    monkeypatch.setattr(plan, "_write", beaten)
    assert made(sounds, tmp_path / "out", codec).recordings == 7


def test_a_folder_that_holds_something_else_is_refused(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="out holds something else already"):
        made(sounds, tmp_path / "out", codec)
    assert os.listdir(tmp_path / "out") == ["mine.txt"]


def test_a_damaged_plan_and_another_version_are_refused(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    made(sounds, tmp_path / "out", codec)
    file = tmp_path / "out/corpus/plan.json"
    text = file.read_text()
    file.write_text(text.replace('"version": 1', '"version": 2'))
    with pytest.raises(FormatError, match="another version of vocable"):
        existing(tmp_path / "out")
    file.write_text(text[:40])
    with pytest.raises(FormatError, match=r"plan\.json is damaged \("):
        made(sounds, tmp_path / "out", codec)
    with pytest.raises(FileNotFoundError, match=r"is not a corpus: it lacks corpus/plan\.json"):
        corpus_plan(sounds)


def test_names_that_a_form_spells_alike_are_refused(
    sounds: Path, codec: Path, tmp_path: Path
) -> None:
    shutil.copy(sounds / "0.flac", sounds / "a.b.flac")
    shutil.copy(sounds / "1.flac", sounds / "a_b.flac")
    with pytest.raises(RecipeError, match=r"a\.b and a_b have one name in webdataset, a_b; name"):
        made(sounds, tmp_path / "out", codec, "webdataset")
    assert made(sounds, tmp_path / "out", codec, "vcb").recordings == 9


def test_what_no_corpus_can_hold_is_refused(sounds: Path, codec: Path, tmp_path: Path) -> None:
    with pytest.raises(TokenError, match="levels must be one of"):
        made(sounds, tmp_path / "out", codec, levels=9)
    with pytest.raises(ModelError, match="a corpus takes a codec or a tokenizer of units"):
        made(sounds, tmp_path / "out", Path("units-16k+speech-16k"))
    assert not (tmp_path / "out").exists()
