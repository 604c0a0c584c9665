"""Forms that hold ids, and Lhotse's: their bytes, what they refuse, what their end writes."""

import gzip
import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.corpus.made import made, tree
from tests.corpus.test_outputs import LARGE, PLAIN, SIDES, form, rows, written
from vocable.corpus.marks import Mark
from vocable.corpus.outputs import OUTPUTS, Form, output_of
from vocable.corpus.outputs.counted import read_items, write_items
from vocable.corpus.outputs.ids import Ids
from vocable.errors import RecipeError, TokenError
from vocable.tokens import AudioTokens, TokenSpec, Vocabulary, delay

IDS = [name for name, kind in OUTPUTS.items() if issubclass(kind, Ids)]
SIGNED = {"megatron", "litdata"}
BARE = Vocabulary.of(PLAIN, specials=())  # sequences have no end


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("spec", [PLAIN, LARGE], ids=lambda spec: spec.name)
def test_the_smaller_type_is_taken_where_it_holds_all_ids(name: str, spec: TokenSpec) -> None:
    large = "int32" if name in SIGNED else "uint32"
    kind = {"dtype": "uint16" if spec is PLAIN else large}
    assert output_of(name, form(spec)).settings() == kind
    text = (1 << 16) - BARE.size
    for more, kind in ((0, "uint16"), (1, large)):
        words = Vocabulary.of(PLAIN, text=text + more, specials=())
        assert output_of(name, Form(PLAIN, 2, words)).settings() == {"dtype": kind}


@pytest.mark.parametrize("name", IDS)
def test_what_ids_cannot_be_is_refused_before_work(name: str) -> None:
    with pytest.raises(TokenError, match="layout delay has several rows; take flatten"):
        output_of(name, Form(PLAIN, 2, Vocabulary.of(PLAIN, delay())))
    with pytest.raises(TokenError, match="sides has sides, which ids do not hold"):
        output_of(name, form(SIDES))
    with pytest.raises(TokenError, match="vocabulary is of 1 levels of toy@1:0a, the tokens of 2"):
        output_of(name, Form(PLAIN, 2, Vocabulary.of(PLAIN, levels=1)))
    words = Vocabulary.of(PLAIN, text=(1 << 31) - 1024, specials=())
    if name in SIGNED:
        with pytest.raises(TokenError, match=f"{name} holds ids up to 2147483647, the vocabulary"):
            output_of(name, Form(PLAIN, 2, words))
    else:
        assert output_of(name, Form(PLAIN, 2, words)).settings() == {"dtype": "uint32"}


@pytest.mark.parametrize("name", IDS)
def test_without_an_end_tokens_come_back_and_none_are_refused(name: str, tmp_path: Path) -> None:
    output = output_of(name, Form(PLAIN, 2, BARE))
    assert isinstance(output, Ids)
    given = rows(PLAIN)
    mark = written(output, tmp_path / "a", given)
    assert list(output.read(tmp_path / "a", mark)) == [row.tokens for row in given]
    none = AudioTokens(PLAIN, [np.zeros((1, 0), int)] * 2)
    assert output.refuses(none).startswith("it is shorter than a token")
    assert output_of(name, form(PLAIN)).refuses(none) == "" == output.refuses(given[0].tokens)


@pytest.mark.parametrize("name", IDS)
def test_numbers_are_little_endian_on_disk(name: str, tmp_path: Path) -> None:
    output = output_of(name, form(PLAIN))
    assert isinstance(output, Ids)
    given = rows(PLAIN, (1,))
    (ids,) = output.sequences(given[0])
    mark = written(output, tmp_path / "a", given)
    held = b"".join((tmp_path / "a" / file).read_bytes() for file in mark.files)
    assert struct.pack(f"<{len(ids)}H", *ids.tolist()) in held


def test_the_index_of_megatron_is_as_it_is_written_down(tmp_path: Path) -> None:
    output = output_of("megatron", form(PLAIN))
    assert isinstance(output, Ids)
    given = rows(PLAIN)
    written(output, tmp_path / "a", given)
    lengths = [len(ids) for row in given for ids in output.sequences(row)]
    assert lengths == [25, 29, 31, 31]  # two for each frame, and the end
    pointers = [0, 50, 108, 170]
    assert (tmp_path / "a/000012.idx").read_bytes() == struct.pack(
        "<9sQBQQ4i4q4q", b"MMIDIDX\0\0", 1, 8, 4, 4, *lengths, *pointers, 0, 1, 2, 4
    )


def test_a_nanoset_says_whose_ids_it_holds(tmp_path: Path) -> None:
    written(output_of("nanoset", form(PLAIN)), tmp_path / "a", rows(PLAIN))
    ends = (tmp_path / "a/000012.ds.index").read_bytes()
    assert struct.unpack("<4Q", ends) == (25, 54, 85, 116)
    assert (tmp_path / "a/000012.ds.metadata").read_text() == "toy@1:0a|2\n116\n116 T"


@pytest.mark.parametrize("name", [*IDS, "shar"])
def test_a_corpus_ends_the_same_each_time_and_leaves_out_empty_shards(
    name: str, tmp_path: Path
) -> None:
    output, folder = output_of(name, form(PLAIN)), tmp_path / "a"
    mark = written(output, folder, rows(PLAIN))

    def marks() -> Iterator[Mark]:
        yield Mark(11, {})
        yield mark

    output.finish(folder, marks)
    first = tree(folder)
    output.finish(folder, marks)
    assert tree(folder) == first
    if name == "shar":
        return
    assert Vocabulary.load(folder / "vocabulary.json") == Vocabulary.of(PLAIN)
    if name == "megatron":
        path = os.path.abspath(folder / "000012")
        assert first["data-path.txt"].decode() == f"116 {path}\n"
    if name == "mds":
        (shard,) = json.loads(first["index.json"])["shards"]
        size = len(first["shard.00012.mds"])
        assert shard["samples"] == 4 and shard["raw_data"]["bytes"] == size
    if name == "litdata":
        (chunk,) = json.loads(first["index.json"])["chunks"]
        size = len(first["chunk-0-12.bin"])
        assert chunk == {
            "chunk_bytes": size, "chunk_size": 4, "dim": 116, "filename": "chunk-0-12.bin",
        }  # fmt: skip


def test_megatron_s_folder_has_no_space(sounds: Path, codec: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="a b has a space, at which Megatron cuts the paths"):
        made(sounds, tmp_path / "a b", codec, "megatron")
    assert not (tmp_path / "a b").exists()


@pytest.mark.parametrize("name", IDS)
def test_a_corpus_of_ids_is_made_with_its_vocabulary(
    name: str, sounds: Path, codec: Path, tmp_path: Path
) -> None:
    report = made(sounds, tmp_path / "out", codec, name, size=3)
    assert (report.recordings, report.failed) == (7, 0)
    plan = json.loads((tmp_path / "out/corpus/plan.json").read_text())
    words = Vocabulary.load(tmp_path / "out/vocabulary.json")
    assert plan["numbers"] == {"dtype": "uint16"} and words.spec.to_dict() == plan["spec"]


def test_items_beyond_what_an_offset_holds_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vocable.corpus.outputs import counted

    assert write_items(tmp_path / "a", [b"ab", b"", b"c"], b"{}") == 3
    assert (tmp_path / "a").read_bytes() == struct.pack("<5I", 3, 22, 24, 24, 25) + b"{}abc"
    assert list(read_items(tmp_path / "a")) == [b"ab", b"", b"c"]
    monkeypatch.setattr(counted, "_MOST", 25)
    with pytest.raises(TokenError, match="a has 25 bytes of 25; take smaller pieces"):
        write_items(tmp_path / "a", [b"ab", b"", b"c"], b"{}")


def test_cuts_know_their_sound_and_their_tokens(tmp_path: Path) -> None:
    output = output_of("shar", form(PLAIN))
    written(output, tmp_path / "a", rows(PLAIN))
    packed = (tmp_path / "a/shar/cuts.000012.jsonl.gz").read_bytes()
    first, _, last = map(json.loads, gzip.decompress(packed).splitlines())
    assert packed[4:8] == bytes(4)  # the time of writing
    assert first == {
        "id": "some/way.0", "start": 0.0, "duration": 5000 / 22_050, "channel": 0,
        "supervisions": [], "custom": {"name": "some/way.0", "space": "toy@1:0a"},
        "type": "MonoCut",
    }  # fmt: skip
    assert (last["type"], last["channel"]) == ("MultiCut", [0, 1])
    assert last["recording"] == {
        "id": "some/way.2", "sampling_rate": 22_050, "num_samples": 6554,
        "sources": [{"type": "file", "channels": [0, 1], "source": "/x.flac"}],
        "duration": 6554 / 22_050, "channel_ids": [0, 1],
    }  # fmt: skip
    assert [output.key(name) for name in ("/a//b.c", "./a")] == ["a/b.c", "a"]
