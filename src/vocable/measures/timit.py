"""Fold TIMIT's 61 labels to the phones that results are stated in."""

from __future__ import annotations

from collections.abc import Iterable

from vocable.measures.phones import PhoneSpan

# Lee and Hon 1989, "Speaker-independent phone recognition using hidden Markov models": 39, of which
# one is silence and closures; the glottal stop is none of them.
_FOLDED = {
    **{"ao": "aa", "ax": "ah", "ax-h": "ah", "axr": "er", "hv": "hh", "ix": "ih", "el": "l"},
    **{"em": "m", "en": "n", "nx": "n", "eng": "ng", "zh": "sh", "ux": "uw", "q": ""},
}
_SILENT = ("pcl", "tcl", "kcl", "bcl", "dcl", "gcl", "h#", "pau", "epi")


def fold_timit(spans: Iterable[PhoneSpan], silence: str = "") -> tuple[PhoneSpan, ...]:
    """Return spans by their folded labels: 38 phones.

    silence: the label of pauses and closures, the 39th; left out, they leave a gap.
    """
    names = {**_FOLDED, **dict.fromkeys(_SILENT, silence)}
    folded = ((start, end, names.get(label, label)) for start, end, label in spans)
    return tuple(span for span in folded if span[2])
