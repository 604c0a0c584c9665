"""A table of keys that is read backwards gives the keys that it came from."""

import pytest
import torch

from vocable.codecs.keys.inverse import Inverse
from vocable.errors import ModelError
from vocable.weights import Row, rename

ROWS = (
    Row(r"decoder\.(3|6)\.weight", r"d.\1.weight", torch.neg),
    Row(r"(encoder|decoder)\.(\d+)\.(weight|bias)", r"\1.\2.\3"),
    Row(r"decoder\.(?!3\.)(\d+)\.gain", r"d.\1.weight"),
    Row(r"same\.(\d+)", r"twice.\1.\1"),
    Row(r"dropped\..*", None),
)
KEYS = ["decoder.3.weight", "decoder.3.bias", "encoder.12.weight", "decoder.4.gain", "same.7"]


def test_every_key_comes_back_from_its_name():
    inverse = Inverse(ROWS)
    for key in KEYS:
        (name,) = rename({key: torch.zeros(1)}, ROWS)
        row, back = inverse.of(name)
        assert back == key
        assert (row.change is torch.neg) == (key == "decoder.3.weight")


@pytest.mark.parametrize("name", ["d.3.bias", "twice.1.2", "dropped.x", "d.x.weight"])
def test_a_name_that_no_row_gives_is_named(name):
    with pytest.raises(ModelError, match=f"its tensor {name} has no place"):
        Inverse(ROWS).of(name)
