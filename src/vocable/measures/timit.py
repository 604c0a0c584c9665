"""Fold TIMIT's 61 labels to the phones that results are stated in."""

from __future__ import annotations

from collections.abc import Iterable

from vocable.measures.phones import PhoneSpan

# Lee and Hon 1989, "Speaker-independent phone recognition using hidden Markov models": 39 with
# silence, which has no label here; neither have the closures of stops.
_FOLDED = {
    **{"ao": "aa", "ax": "ah", "ax-h": "ah", "axr": "er", "hv": "hh", "ix": "ih", "el": "l"},
    **{"em": "m", "en": "n", "nx": "n", "eng": "ng", "zh": "sh", "ux": "uw"},
    **dict.fromkeys(("pcl", "tcl", "kcl", "bcl", "dcl", "gcl", "h#", "pau", "epi", "q"), ""),
}


def fold_timit(spans: Iterable[PhoneSpan]) -> tuple[PhoneSpan, ...]:
    """Return spans by their folded labels; silence and closures leave a gap."""
    folded = ((start, end, _FOLDED.get(label, label)) for start, end, label in spans)
    return tuple(span for span in folded if span[2])
