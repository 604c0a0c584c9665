"""A corpus: recordings of any number, turned into the shards that trainers read, exactly once.

entry, pieces, sources      what there is, cut into units of work
hearing, windows, encoder   from files to tokens
rows, outputs               from tokens to shards
marks, plan, shard          a piece is made whole, and marked
worker, pool, run           by processes of this machine; messages: what they tell each other
finish, report              what came of it
reading, names              a finished corpus, read again
decoding                    to sound
checking                    whether it is whole
stats                       what it holds, and cost
packing, permutation, token_windows     windows of it, for training
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vocable.corpus.checking import check_corpus as check_corpus
    from vocable.corpus.decoding import decode_corpus as decode_corpus
    from vocable.corpus.reading import Corpus as Corpus
    from vocable.corpus.report import Report as Report
    from vocable.corpus.run import encode_corpus as encode_corpus
    from vocable.corpus.stats import corpus_stats as corpus_stats
    from vocable.corpus.token_windows import TokenWindows as TokenWindows

_MODULE_OF = {
    "Corpus": "reading", "Report": "report", "TokenWindows": "token_windows",
    "check_corpus": "checking", "corpus_stats": "stats", "decode_corpus": "decoding",
    "encode_corpus": "run",
}  # fmt: skip

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    """Import a public name on its first use, so that what waits for a worker loads no torch."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'vocable.corpus' has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)
