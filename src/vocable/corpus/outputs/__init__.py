"""The forms in which a corpus is written: each is one file here, and a row of this table."""

from __future__ import annotations

from vocable.corpus.outputs.base import Form as Form
from vocable.corpus.outputs.base import Output as Output
from vocable.corpus.outputs.jsonl import Lines
from vocable.corpus.outputs.litdata import LitData
from vocable.corpus.outputs.mds import MDS
from vocable.corpus.outputs.megatron import Megatron
from vocable.corpus.outputs.nanoset import Nanoset
from vocable.corpus.outputs.parquet import Parquet
from vocable.corpus.outputs.shar import Shar
from vocable.corpus.outputs.vcb import TokenFiles
from vocable.corpus.outputs.webdataset import Tars
from vocable.errors import TokenError
from vocable.nearest import nearest

_ALL = (TokenFiles, Parquet, Tars, Lines, Shar, Megatron, Nanoset, MDS, LitData)
OUTPUTS: dict[str, type[Output]] = {each.name: each for each in _ALL}


def output_of(name: str, form: Form) -> Output:
    """Return an output by its name; TokenError for another, and for tokens that it cannot hold."""
    if name not in OUTPUTS:
        raise TokenError(f"{name} is not an output; {nearest(name, OUTPUTS)}")
    return OUTPUTS[name](form)
