"""A model codes token files: nothing is lost, and it takes the bits that the model says."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.language.coder.toys import COARSE, EVEN, FRAMES, KINDS, coder, liked, network, some
from vocable.errors import FormatError, ModelError, TokenError
from vocable.language.coder import ModelCoder
from vocable.language.lessons import Lessons
from vocable.testing import check_damage_is_noticed
from vocable.tokens import (
    AudioTokens,
    TokenFile,
    TokenReader,
    TokenWriter,
    Track,
    read_tokens,
    write_tokens,
)
from vocable.tokens.file import coding_model
from vocable.tokens.file.coding_model import ModelCoded, add_model


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coding_model, "_known", {})


def written(tokens: AudioTokens, model: Any) -> bytes:
    file = io.BytesIO()
    write_tokens(file, tokens, model=model)
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost(kind: str) -> None:
    model = coder(kind)
    add_model(model)
    chunks, starts = [some(EVEN, 20, seed=k) for k in range(3)], [0, 20, 40]
    coded = model.encode(chunks, starts)
    together = [ModelCoded(data, start, [20, 20], 1)
                for data, start in zip(coded, starts, strict=True)]  # fmt: skip
    for way in (together, together[1:2], together[::-1]):
        for one, found in zip(way, model.decode(way), strict=True):
            assert (np.stack(found)[:, 0] == chunks[starts.index(one.start)].codes[0]).all()
    tokens = liked(kind, FRAMES // 2, 3)
    assert read_tokens(written(tokens, model)) == tokens


def test_levels_of_several_rates_are_coded() -> None:
    model = coder("flatten", COARSE)
    tokens = some(COARSE, 31)
    (data,) = model.encode([tokens], [0])
    (found,) = model.decode([ModelCoded(data, 0, [16, 31], 1)])
    assert all((a == b).all() for a, b in zip(found, tokens.stacks, strict=True))


@pytest.mark.parametrize("kind", ["delay", "depth", "flatten"])
def test_it_takes_the_bits_that_the_model_says(kind: str) -> None:
    made, tokens = network(kind), liked(kind, FRAMES)
    streams = [AudioTokens(EVEN, tuple(each[k : k + 1] for each in tokens.stacks))
               for k in range(8)]  # fmt: skip
    told = made.nats(Lessons.of([made.score(each, begins=True) for each in streams]))
    nats = told.nats[told.levels < made.asked.last].double().sum()
    (data,) = coder(kind).encode([tokens], [0])
    packed = 8 * FRAMES * (np.log2(300) + np.log2(200))
    bits = float(nats / np.log(2))
    assert bits < 0.9 * packed
    assert bits * 0.98 < 8 * len(data) < bits * 1.005


def test_a_file_is_read_whole_from_the_middle_and_from_a_pipe() -> None:
    model = coder("delay")
    add_model(model)
    tokens = AudioTokens.__add__(liked("delay", FRAMES, 1), liked("delay", FRAMES, 1))
    tokens = tokens + tokens + tokens
    data = written(tokens, model)
    assert len(data) < len(written(tokens, None))
    with TokenFile(data) as file:
        assert file.model() == f"toy-delay@1 ({model.name.digest.hex()})"
        assert file.read() == tokens and file[250:300] == tokens[250:300]
    parts = [part for _, part in TokenReader(io.BytesIO(data))]
    assert len(parts) > 1 and np.array_equal(
        np.concatenate([part.codes for part in parts], 2), tokens.codes
    )


def test_a_file_that_grows_is_readable_after_each_write() -> None:
    model, file = coder("delay"), io.BytesIO()
    add_model(model)
    tokens = liked("delay", 60, 1)
    with TokenWriter(file, Track(EVEN), model=model, chunk_seconds=0) as writer:
        writer.write(tokens[:30])
        with pytest.warns(UserWarning, match="broken off"):
            assert read_tokens(file.getvalue()) == tokens[:30]
        writer.write(tokens[30:])
    assert read_tokens(file.getvalue()) == tokens


PROGRAM = """
import hashlib, sys, torch
torch.set_num_threads(int(sys.argv[1]))
from tests.language.coder.test_coding import written
from tests.language.coder.toys import coder, liked
model = coder("depth")
data = written(liked("depth", 40, 2), model)
print(hashlib.sha256(data).hexdigest(), model.name.arithmetic.hex())
"""


def test_bytes_are_the_same_at_one_and_two_threads() -> None:
    found = set()
    for threads in ("1", "2"):
        again = subprocess.run(
            [sys.executable, "-c", PROGRAM, threads], capture_output=True, text=True, check=True,
            env={**os.environ, "OMP_NUM_THREADS": threads},
        )  # fmt: skip
        found.add(again.stdout)
    assert len(found) == 1
    here = hashlib.sha256(written(liked("depth", 40, 2), coder("depth"))).hexdigest()
    assert here in found.pop()


def test_threads_of_the_program_around_stay() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        coder("delay").encode([some(EVEN, 4)], [0])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_file_without_its_model_says_which_it_needs() -> None:
    model, tokens = coder("delay"), liked("delay", 40, 1)
    data = written(tokens, model)
    with TokenFile(data) as file:  # what it holds is known without
        assert file.frames() == 40
        with pytest.raises(ModelError, match=rf"by the model {model.name.name} \(.*lm"):
            file.read()
    with pytest.raises(ModelError, match="cannot be read"):
        read_tokens(data, recover=True)
    other = ModelCoder(network("delay", seed=1), "other@1")
    add_model(other)
    with pytest.raises(
        ModelError, match=rf"toy-delay@1 .*at hand: other@1 \({other.name.digest.hex()}"
    ):
        read_tokens(data)


def test_another_arithmetic_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = coder("delay")
    data = written(liked("delay", 40, 1), model)
    elsewhere = ModelCoder(network("delay"), "toy-delay@1")
    monkeypatch.setitem(vars(elsewhere), "name", replace(model.name, arithmetic=b"elsewher"))
    add_model(elsewhere)
    with pytest.raises(ModelError, match="arithmetic differs"):
        read_tokens(data)


def test_damage_is_noticed(tmp_path: Path) -> None:
    model = coder("delay")
    add_model(model)
    (tmp_path / "some.vcb").write_bytes(written(liked("delay", 40, 1), model))
    check_damage_is_noticed(tmp_path / "some.vcb", range(0, 300, 7))


def test_codes_that_cannot_be_are_refused() -> None:
    model = coder("delay")
    (data,) = model.encode([liked("delay", 30, 1)], [0])
    for wrong in (data[:-2], data + b"ab", b""):
        with pytest.raises(FormatError):
            model.decode([ModelCoded(wrong, 0, [30, 30], 1)])
    with pytest.raises(FormatError, match="place 9"):
        model.decode([ModelCoded(b"\x09" + data[1:], 0, [30, 30], 1)])


def test_what_a_model_does_not_code_is_refused() -> None:
    model = coder("delay")
    with pytest.raises(TokenError, match=r"models even@1:0a, but the tokens are of coarse@1"):
        written(some(COARSE, 4), model)
    with pytest.raises(TokenError, match="up to 8 streams"):
        written(some(EVEN, 4, 9), model)
    with pytest.raises(TokenError, match="live stream"):
        TokenWriter(io.BytesIO(), Track(EVEN), model=model, live=True)
    with pytest.raises(ModelError, match="cannot code tokens"):
        ModelCoder(torch.nn.Linear(2, 2), "map@1")  # type: ignore[arg-type]
