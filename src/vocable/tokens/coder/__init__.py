"""Turn codes into bytes: bit-packing, and static coding under integer tables."""

from .pack import pack, packed_bits, unpack
from .rans import RansDecoder, RansEncoder
from .tables import Table, TableSet, fit_tables

__all__ = [
    "RansDecoder",
    "RansEncoder",
    "Table",
    "TableSet",
    "fit_tables",
    "pack",
    "packed_bits",
    "unpack",
]
