"""The blocks of docs/corpus-formats.md run as printed, those too that need a trainer's reader."""

import shutil
from pathlib import Path

import pytest

from tests.corpus.made import made
from tests.corpus.readers.shards import reader
from tests.docs.pages import ROOT, read_page
from vocable.corpus.outputs import OUTPUTS

PACKAGES = {"megatron-core": "megatron.core", "mosaicml-streaming": "streaming"}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_each_trainer_s_reader_opens_what_the_page_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    page = read_page(ROOT / "docs/corpus-formats.md")
    for name in page.copied:
        shutil.copy(ROOT / name, tmp_path)
        shutil.copy(ROOT / name, recordings)
    for form in OUTPUTS:
        made(recordings, tmp_path / "tokens" / form, Path("speech-16k"), form)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    names: dict[str, object] = {"__name__": "page"}
    for needed in {block.needs.removeprefix("the package ") for block in page.blocks} - {""}:
        reader(PACKAGES.get(needed, needed))
    for block in page.blocks:
        if block.language == "sh":  # what `made` has made
            continue
        code = "\n" * (block.line - 1) + block.code
        exec(compile(code, page.name, "exec", dont_inherit=True), names)
