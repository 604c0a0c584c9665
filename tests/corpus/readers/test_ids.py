"""Forms that hold ids: trainers read them, and their own writers make the same bytes of them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.corpus.readers.shards import reader, shard
from tests.corpus.test_outputs import LARGE, PLAIN, RATES
from vocable.tokens import TokenSpec

pytestmark = pytest.mark.slow
specs = pytest.mark.parametrize("spec", [PLAIN, LARGE, RATES], ids=lambda spec: spec.name)


@specs
def test_megatron(spec: TokenSpec, tmp_path: Path) -> None:
    module = reader("megatron.core.datasets.indexed_dataset")
    given = shard("megatron", spec, tmp_path)
    read = module.IndexedDataset(str(given.folder / "000012"))
    assert [list(each) for each in read] == [list(each) for each in given.sequences]
    assert list(read.document_indices) == [0, 1, 2, 4]
    kind = np.int32 if spec is LARGE else np.uint16
    assert read[0].dtype == kind
    theirs = module.IndexedDatasetBuilder(str(tmp_path / "theirs.bin"), dtype=kind)
    ends = {0, 1, 3}
    for number, ids in enumerate(given.sequences):
        theirs.add_item(torch.from_numpy(ids.astype(np.int64)))
        if number in ends:
            theirs.end_document()
    theirs.finalize(str(tmp_path / "theirs.idx"))
    for ending in ("bin", "idx"):
        ours = (given.folder / f"000012.{ending}").read_bytes()
        assert ours == (tmp_path / f"theirs.{ending}").read_bytes()


def test_megatron_takes_its_list_of_shards(tmp_path: Path) -> None:
    utils = reader("megatron.core.datasets.utils")
    given = shard("megatron", PLAIN, tmp_path)
    text = (given.folder / "data-path.txt").read_text()
    count = sum(map(len, given.sequences))
    assert utils.get_blend_from_list(text.split()) == ([str(given.folder / "000012")], [count])


@specs
def test_nanoset(spec: TokenSpec, tmp_path: Path) -> None:
    dataset = reader("datatrove.utils.dataset")
    from datatrove.pipeline.tokens.tokenizer import TokenizedFile

    given = shard("nanoset", spec, tmp_path)
    size = 4 if spec is LARGE else 2
    ids = np.concatenate(given.sequences)
    read = dataset.DatatroveFolderDataset(str(given.folder), seq_len=7, token_size=size)
    assert len(read) == len(ids) // 8
    windows = np.concatenate([read[k]["input_ids"] for k in range(len(read))])
    assert (windows == ids[: len(windows)]).all()
    theirs = TokenizedFile(
        str(tmp_path), "theirs.ds", tokenizer_name_or_path=spec.space, save_final_metadata=True,
        token_size=size,
    )  # fmt: skip
    for each in given.sequences:
        theirs.write(each.tolist(), None)
    theirs.close()
    for ending in ("", ".index", ".metadata"):
        ours = (given.folder / f"000012.ds{ending}").read_bytes()
        assert ours == (tmp_path / f"theirs.ds{ending}").read_bytes()


def test_nanosets_show_counts_as_datatrove_does() -> None:
    humanize = reader("humanize")
    from vocable.corpus.outputs.nanoset import shown_count

    for count in (0, 7, 999, 1000, 1234, 56_789, 999_949, 12_345_678, 9_876_543_210):
        assert shown_count(count) == humanize.metric(count, unit="T")


@specs
def test_mds(spec: TokenSpec, tmp_path: Path) -> None:
    streaming = reader("streaming")
    given = shard("mds", spec, tmp_path)
    kind = "uint32" if spec is LARGE else "uint16"
    read = streaming.StreamingDataset(local=str(given.folder), batch_size=1, shuffle=False)
    assert [list(row["ids"]) for row in read] == [list(each) for each in given.sequences]
    assert read[0]["ids"].dtype == kind and read[3]["stream"] == 1
    columns = {"id": "str", "ids": f"ndarray:{kind}", "rate": "int", "samples": "int"}
    columns |= {"space": "str", "stream": "int"}
    with streaming.MDSWriter(out=str(tmp_path / "a"), columns=columns, size_limit=None) as theirs:
        for row in read:
            theirs.write({k: v if k in ("id", "ids", "space") else int(v) for k, v in row.items()})
    ours = (given.folder / "shard.00012.mds").read_bytes()
    assert ours == (tmp_path / "a/shard.00000.mds").read_bytes()
    index, mine = (
        json.loads((f / "index.json").read_text()) for f in (tmp_path / "a", given.folder)
    )
    index["shards"][0]["raw_data"]["basename"] = "shard.00012.mds"
    assert mine == index


@specs
def test_litdata(spec: TokenSpec, tmp_path: Path) -> None:
    litdata = reader("litdata")
    from litdata.streaming.writer import BinaryWriter

    given = shard("litdata", spec, tmp_path)
    ids = np.concatenate(given.sequences)
    loader = litdata.TokensLoader(block_size=7)
    read = litdata.StreamingDataset(str(given.folder), item_loader=loader)
    assert len(read) == len(ids) // 7
    blocks = torch.cat([block.long() for block in read])
    assert blocks.tolist() == ids[: len(blocks)].tolist()
    theirs = BinaryWriter(str(tmp_path / "a"), chunk_bytes=1 << 20, item_loader=loader)
    kind = torch.int32 if spec is LARGE else torch.uint16
    for number, each in enumerate(given.sequences):
        theirs[number] = torch.tensor(each.tolist(), dtype=kind)
    theirs.done()
    theirs.merge()
    ours = (given.folder / "chunk-0-12.bin").read_bytes()
    assert ours == (tmp_path / "a/chunk-0-0.bin").read_bytes()
    index, mine = (
        json.loads((f / "index.json").read_text()) for f in (tmp_path / "a", given.folder)
    )
    index["chunks"][0]["filename"] = "chunk-0-12.bin"
    assert mine["chunks"] == index["chunks"]
    assert mine["config"] | {"chunk_bytes": 1 << 20} == {
        k: v for k, v in index["config"].items() if k in mine["config"]
    }
