"""The layout of a family that nobody published: keys of `tiny-plain` behind a prefix of their own.

It is as short as a layout can be; read it as an example of the contract in
codecs/keys/checkpoint.py.
"""

from vocable.codecs.keys.checkpoint import Recognised
from vocable.weights import Row, rename

MARK = "toy.encoder.blocks.0.weight"
KEYS = [Row(r"toy\.unused\..*", None), Row(r"toy\.(.*)", r"\1")]


def recognise(checkpoint):
    if MARK not in checkpoint.shapes:
        return None
    config = {"width": checkpoint.config["width"]} if "width" in checkpoint.config else {}
    return Recognised("toy-8khz", "toys", "tiny-plain", config)


def read(checkpoint, recognised):
    return rename(checkpoint.tensors(), KEYS)
