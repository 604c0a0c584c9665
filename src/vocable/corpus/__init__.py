"""A corpus: recordings of any number, turned into the shards that trainers read, exactly once.

entry, pieces, sources      what there is, cut into units of work
hearing, windows, encoder   from files to tokens
rows, outputs               from tokens to shards
marks, plan, shard          a piece is made whole, and marked
worker, pool, run           by processes of this machine
finish, report              what came of it
"""

from vocable.corpus.report import Report
from vocable.corpus.run import encode_corpus

__all__ = ["Report", "encode_corpus"]
