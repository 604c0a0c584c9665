"""Forms that hold codes are what trainers' readers say that they are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.corpus.readers.shards import reader, shard
from tests.corpus.test_outputs import PLAIN, RATES, SIDES, form, rows, written
from vocable.corpus.outputs import output_of

pytestmark = pytest.mark.slow


def test_shar(tmp_path: Path) -> None:
    lhotse = reader("lhotse")
    given = shard("shar", PLAIN, tmp_path)
    cuts = list(lhotse.CutSet.from_shar(in_dir=str(given.folder / "shar")))
    for cut, row in zip(cuts, given.rows, strict=True):
        assert (cut.load_codes() == row.tokens.codes.transpose(2, 0, 1)).all()
        assert cut.load_codes().dtype == np.uint16
        assert (cut.id, cut.name, cut.space) == (row.entry.id, row.entry.id, PLAIN.space)
        assert cut.duration == row.facts.seconds and cut.has_recording == bool(row.entry.path)
    assert [cut.num_channels for cut in cuts[1:]] == [1, 2]
    assert not cuts[0].supervisions and cuts[2].supervisions[0].text == "éé"


def test_shar_with_levels_of_several_rates_and_with_sides(tmp_path: Path) -> None:
    lhotse = reader("lhotse")
    given = shard("shar", RATES, tmp_path)
    cuts = lhotse.CutSet.from_shar(in_dir=str(given.folder / "shar"))
    for cut, row in zip(cuts, given.rows, strict=True):
        for level, stack in enumerate(row.tokens.stacks):
            assert (cut.load_custom(f"level{level}") == stack.T).all()
    (tmp_path / "more").mkdir()
    given = shard("shar", SIDES, tmp_path / "more")
    cuts = lhotse.CutSet.from_shar(in_dir=str(given.folder / "shar"))
    for cut, row in zip(cuts, given.rows, strict=True):
        assert (cut.load_side_voice() == row.tokens.sides["voice"]).all()


def test_cuts_of_shar_find_their_sound_and_are_cut_with_their_codes(tmp_path: Path) -> None:
    lhotse = reader("lhotse")
    noise = np.random.default_rng(0).normal(0, 0.1, 22_050).astype(np.float32)
    soundfile.write(tmp_path / "x.wav", noise, 22_050, subtype="FLOAT")
    (row,) = rows(PLAIN, (1,))
    row = replace(row, entry=replace(row.entry, path=str(tmp_path / "x.wav"), start=0.5))
    written(output_of("shar", form(PLAIN)), tmp_path / "out", [row])
    (cut,) = lhotse.CutSet.from_shar(in_dir=str(tmp_path / "out/shar"))
    assert (cut.load_audio()[0] == noise[11_025 : 11_025 + 5000]).all()
    codes = row.tokens.codes.transpose(2, 0, 1)
    assert (cut.load_codes() == codes).all()
    part = cut.truncate(offset=0.08, duration=0.1)
    assert (part.load_codes() == codes[4:9]).all() and part.load_audio().shape == (1, 2205)


def test_webdataset(tmp_path: Path) -> None:
    webdataset = reader("webdataset")
    given = shard("webdataset", PLAIN, tmp_path)
    path = str(given.folder / "000012.tar")
    samples = list(webdataset.WebDataset(path, shardshuffle=False).decode())
    for sample, row in zip(samples, given.rows, strict=True):
        assert (sample["codes.npy"] == row.tokens.codes).all()
        assert sample["json"]["id"] == row.entry.id and sample["json"]["space"] == PLAIN.space


@pytest.mark.parametrize("name", ["parquet", "jsonl"])
def test_datasets(name: str, tmp_path: Path) -> None:
    datasets = reader("datasets")
    given = shard(name, PLAIN, tmp_path, (1, 1, 1))
    ending = {"parquet": "parquet", "jsonl": "json"}[name]
    (file,) = map(str, given.folder.iterdir())
    cache = str(tmp_path / "cache")
    read = datasets.load_dataset(ending, data_files=file, split="train", cache_dir=cache)
    for found, row in zip(read, given.rows, strict=True):
        codes = found["codes"] if name == "parquet" else np.array(found["audio_codes"]).T
        assert np.array_equal(codes, row.tokens.codes[0]) and found["space"] == PLAIN.space
