"""Law 8, clear refusal: bad input gives one line that says what and what to do; nothing is lost.

Every kind of bad input has its test where it is read; here are the doors of every codec.
"""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from vocable import testing
from vocable.audio import Audio
from vocable.errors import AudioError, ModelError, TokenError, VocableError
from vocable.nn import stack_states

CODECS = testing.codecs()
QUANTIZERS = testing.quantizers()
every_codec = pytest.mark.parametrize("name", CODECS)


@every_codec
def test_codecs_refuse_what_is_no_recording(name: str, tmp_path: Path):
    codec = CODECS[name]
    text = tmp_path / "text.wav"
    text.write_text("no sound")
    target = tmp_path / "tokens.vcb"
    target.write_bytes(b"kept")
    cases = {
        "rate": (lambda: codec.encode(np.zeros((1, 99), np.float32)), AudioError),
        "0 samples": (lambda: codec.encode(np.zeros((1, 0), np.float32), rate=8000), AudioError),
        "text.wav": (lambda: codec.encode(text), AudioError),
        "missing.wav": (lambda: codec.encode(tmp_path / "missing.wav"), FileNotFoundError),
        "tokens.vcb": (lambda: codec.encode_to(text, target), OSError),
        str(codec.spec.prefixes[-1]): (
            lambda: codec.encode(np.zeros((1, 99), np.float32), rate=8000, levels=99),
            TokenError,
        ),
    }
    for says, (call, error) in cases.items():
        testing.check_clear_refusal(call, error, [says], folder=tmp_path)


@every_codec
def test_codecs_refuse_what_are_no_tokens_of_theirs(name: str, tmp_path: Path):
    codec = CODECS[name]
    tokens = testing.tokens()["mono"]
    testing.check_clear_refusal(
        lambda: codec.decode(tokens), TokenError, [tokens.spec.space, codec.spec.space]
    )
    damaged = tmp_path / "damaged.vcb"
    damaged.write_bytes(b"VCB?" * 9)
    testing.check_clear_refusal(
        lambda: codec.decode_to(damaged, tmp_path / "back.wav"),
        VocableError,
        ["damaged.vcb"],
        folder=tmp_path,
    )


@pytest.mark.parametrize("name", [*QUANTIZERS, *CODECS])
@pytest.mark.parametrize("over", [True, False])
def test_quantizers_refuse_codes_that_no_codebook_has(name: str, over: bool):
    quantizer = QUANTIZERS[name] if name in QUANTIZERS else CODECS[name].model.quantizer
    for level, size in enumerate(quantizer.levels):
        codes = torch.zeros(2, len(quantizer.levels), 3, dtype=torch.int64)
        codes[1, level, 2] = bad = size if over else -1
        testing.check_clear_refusal(
            partial(quantizer.decode, codes), TokenError, [f"level {level} ", f"code {bad} "]
        )


def test_streams_in_different_phases_do_not_join():
    block = testing.blocks()["conv-symmetric"]
    states = [block.initial_state(1), block.step(torch.zeros(1, 9, 4), block.initial_state(1))[1]]
    testing.check_clear_refusal(lambda: stack_states(states), ModelError, ["state 1", "alone"])


def test_broken_refusals_are_caught(tmp_path: Path):
    def refuse_at_length():
        raise AudioError("no sound\nin this file")

    def leave_a_half():
        (tmp_path / "half.vcb").write_bytes(b"")
        raise AudioError("no sound in text.wav")

    def fall_over():
        raise ValueError("shapes do not match")

    check = testing.check_clear_refusal
    with pytest.raises(AssertionError, match="wanted AudioError, but nothing was refused"):
        check(lambda: Audio(np.zeros((1, 9), np.float32), 8000), AudioError)
    with pytest.raises(AssertionError, match="a refusal is one line"):
        check(refuse_at_length, AudioError)
    with pytest.raises(AssertionError, match="the refusal changed half.vcb"):
        check(leave_a_half, AudioError, folder=tmp_path)
    with pytest.raises(AssertionError, match="no error of vocable: shapes do not match"):
        check(fall_over, ValueError)
    with pytest.raises(AssertionError, match=r"does not say \['a.wav'\]"):
        check(leave_a_half, AudioError, ["a.wav"])
