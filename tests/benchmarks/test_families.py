"""What the tables of all codecs and quantizers say of one comes from the library, from no list."""

from __future__ import annotations

import pytest
import torch

from benchmarks.families import Golden, beside, exported, licences, quantizer_cells, waits
from vocable.codecs.registry import outline
from vocable.testing import compare
from vocable.testing.codec_examples import small_codec
from vocable.testing.quantizer_examples import quantizer_named


def test_what_a_codec_is_said_to_do():
    assert licences("bigcodec") == ["CC-BY-SA-4.0"]
    assert licences("channel-vocoder") == ["Apache-2.0"]
    assert licences("soundstream") == []
    assert waits(outline("mimi", {})).startswith("80.0 ms")
    assert waits(outline("wavtokenizer", {})) == "decodes whole recordings"
    assert waits(outline("xcodec2", {})) == "encodes and decodes whole recordings"
    assert (
        exported(outline("facodec", {})) == "no: its tokens have the side timbre beside the codes"
    )


@pytest.mark.parametrize("name", ["rvq-of-strides", "fsq"])
def test_what_a_quantizer_is_said_to_do(name):
    quantizer = quantizer_named(name)
    levels, apart, nested, files = quantizer_cells(quantizer)
    assert levels.split() == list(map(str, quantizer.levels)) and float(apart) < 1e-5
    assert nested.split(", ") == list(map(str, quantizer.prefixes))
    wanted = "quantize/test_fsq.py" if name == "fsq" else "quantize/test_rvq.py"
    assert wanted in files and files == beside(type(quantizer).__name__)


def test_golden_tests_are_heard_by_architecture():
    golden, codec = Golden(), small_codec("nanocodec")
    golden.pytest_runtest_setup()
    with golden._listening():
        sound = codec.from_codes(codec.to_codes(torch.zeros(1, 1, 60)))
        compare.check_rows_equal("sound", sound, sound + 2e-6, axis=2)
    assert golden._ran == {"nanocodec"} and golden._found == pytest.approx([2e-6], rel=0.1)
