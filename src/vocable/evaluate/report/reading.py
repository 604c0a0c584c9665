"""Say what the figures say, what they do not, and how they were found."""

from __future__ import annotations

from collections.abc import Iterable

from vocable.evaluate.intervals import DRAWS
from vocable.evaluate.report.markup import Markup, tag
from vocable.evaluate.summary.values import LEVEL
from vocable.evaluate.sweep import Study
from vocable.measures.delays import CAP

# By the start of a measure's name: what it does not say.
_LIMITS = {
    "pesq": "PESQ was made for telephones. It is harsh on codecs that make sound up rather than "
    "copy it, it hears nothing above 8 kHz, and it was not made for music.",
    "stoi": "STOI and ESTOI say whether noisy speech can be followed, not whether it sounds well.",
    "visqol_speech": "ViSQOL in speech mode hears up to 8 kHz, and only where there is speech.",
    "visqol_audio": "ViSQOL in audio mode ends at 4.73 and hardly tells high bitrates apart; where "
    "the original has bands without sound, a little noise in them costs much. One score says "
    "little: take means.",
    "dnsmos": "DNSMOS does not hear the original: it rewards what takes the recording's own "
    "background away, and may prefer what a codec made to the recording itself.",
    "plcmos": "PLCMOS does not hear the original, and was made for lost packets.",
    "mel": "Distances of spectra (mel, STFT, log-spectral) count what differs, heard or not; two "
    "papers' distances compare only where their definitions have one name.",
    "mcd": "MCD says how far the spectrum's envelope moved, and nothing of noise or pitch.",
    "f0": "Errors of pitch count only where both have a pitch; read them beside f0_voicing.",
    "si_sdr": "SI-SDR and SNR ask for the same waveform. A codec that keeps no phase has one near "
    "or below 0 dB and may sound well.",
}  # fmt: skip
_GENERAL = (
    "No single number says how good a codec is: look where measures disagree, and listen. Ears "
    "remain the last word.",
    "An interval says what other speakers would give, of the same kind and under the same "
    "conditions. It knows nothing of other languages, rooms or microphones.",
    "Two intervals may overlap and the systems still differ: the paired differences decide.",
    "Not settled does not mean equal. With fewer than about ten speakers intervals are a guess.",
    "Of a saturated measure (near its best for everything) the order of systems says nothing.",
    "A mean over fewer recordings than were asked for is another mean: what failed may be what is "
    "hard.",
    "Entropy and use of codebooks are too low where tokens are few.",
)
_METHODS = (
    f"Intervals: whole speakers are drawn {DRAWS:,} times with replacement (recordings by "
    "themselves where no speaker is known), since those of one speaker resemble each other; an "
    "interval holds the middle 95 % of the means, more where speakers are few (Hesterberg 2015).",
    "Differences: over the recordings that both have, two-sided, by flipping the signs of whole "
    "speakers; p is adjusted for all pairs of a set and a measure together (Holm 1979), and "
    f"a difference is settled below {LEVEL:g}.",
    "How many speakers would settle a difference: at a power of 80 %, if it is as large and as "
    "spread as was found.",
    "Ranks: all systems are ranked anew in each draw of speakers.",
    "Bitrate: all bits over all seconds of a set. Of tokens these are nominal bits, the logarithm "
    "of each codebook's size; headers count only where a system counts them.",
    f"Alignment: the delay is found once for each recording and taken out up to {CAP * 1000:.0f} "
    "ms; beyond that, measures that compare have no value, and say so. ViSQOL lines up by itself.",
    "What has no value is never counted as a bad one: it is missing, with its reason.",
)


def reading(study: Study) -> Markup:
    """Return how to read the page, with what each measure that is in it does not say."""
    measures = {measure for names in study.measures.values() for measure in names}
    limits = [
        text
        for start, text in _LIMITS.items()
        if any(measure.startswith(start) for measure in measures)
    ]
    return _listed([*_GENERAL, *limits])


def methods() -> Markup:
    """Return how the figures were found."""
    return _listed(_METHODS)


def _listed(lines: Iterable[str]) -> Markup:
    return tag("ul", *(tag("li", line) for line in lines))
