"""Say when each phone of a known text is spoken: English, by PocketSphinx."""

from __future__ import annotations

import re

import numpy as np

from vocable.errors import MeasureError
from vocable.measures.checks import Signal, import_package
from vocable.measures.recognisers import RATE, prepared

FRAME = 100  # a second, of PocketSphinx
LATE = 0.0078  # s: frames are counted by where their window of 25.6 ms begins, so that is how much
# later its middle is than that of the frame; against hand labels of TIMIT 10 ms are best
_OTHER = re.compile(r"[^a-z' ]+")

Phones = tuple[tuple[float, float, str], ...]


class Aligner:
    """Phones of a text in time, by PocketSphinx and its dictionary: `pip install pocketsphinx`.

    39 phones as in CMUdict, without stress, and "sil"; times are to 10 ms. Hidden Markov models of
    read American English: other voices are aligned less well, and some recordings not at all.
    """

    def __init__(self) -> None:
        package = import_package("pocketsphinx", "this aligner", "pocketsphinx")
        self._decoder = package.Decoder(lm=None, samprate=float(RATE), loglevel="FATAL")

    def __call__(self, samples: Signal, rate: int, text: str) -> Phones:
        """Return (start, end, phone) in seconds, one after the other without gaps.

        samples: one channel of floats [samples]. MeasureError for a text that has digits, or a word
        that the dictionary does not have, and for a recording that cannot be matched with it.
        """
        words = self._words(text)
        whole = np.clip(prepared(samples, rate), -1, 1) * 32767
        pcm, end = whole.astype(np.int16).tobytes(), len(whole) / RATE
        try:
            self._decoder.set_align_text(" ".join(words))
            self._hear(pcm)
            if self._decoder.hyp() is None:
                raise RuntimeError("no path leads through it")
            self._decoder.set_alignment()  # of what was just heard, into phones
            self._hear(pcm)
            parts = [part for word in self._decoder.get_alignment() for part in word]
        except RuntimeError as error:
            raise MeasureError(f"sound and text do not match ({error}): {text[:60]}") from error
        return tuple(
            (
                _seconds(part.start, end),
                _seconds(part.start + part.duration, end),
                part.name.lower(),
            )
            for part in parts
        )

    def _words(self, text: str) -> list[str]:
        plain = text.lower().replace("’", "'")
        if not text.strip() or re.search(r"\d", plain):
            raise MeasureError(f"a text to align has words and no digits; got {text[:60]!r}")
        words = [word for each in _OTHER.sub(" ", plain).split() if (word := each.strip("'"))]
        unknown = [word for word in words if self._decoder.lookup_word(word) is None]
        if unknown or not words:
            raise MeasureError(f"the dictionary does not have {', '.join(unknown) or text}")
        return words

    def _hear(self, pcm: bytes) -> None:
        # or it takes the noise of what it heard before out of this (findings/sphinx-noise-kept.sh)
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()


def _seconds(frame: int, end: float) -> float:
    """Return when a frame begins; the first with the recording, none behind its end."""
    return min(frame / FRAME + LATE, end) if frame else 0.0
