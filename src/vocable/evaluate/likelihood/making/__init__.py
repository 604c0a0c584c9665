"""Make pairs of recordings: what a model of speech should find more likely, and what less.

Every splice falls on a quiet place, both recordings of a pair are spliced alike, last as long, and
are as loud. Where two sounds are spliced, each pair comes in both directions (A then A against A
then B; B then B against B then A): what is likely by itself counts once for and once against, so
that a model that looks at no context is at chance.
"""

from vocable.evaluate.likelihood.making.make import PARTS, Outcome, make_pairs

__all__ = ["PARTS", "Outcome", "make_pairs"]
