"""The network of a transcriber.

"Robust speech recognition via large-scale weak supervision" (Radford et al. 2022, arXiv:2212.04356)
for the sequence; the encoder reads tokens in place of a spectrogram.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.language.encoder_decoder import EncoderDecoder, Written
from vocable.language.lessons import GIVEN, Asked, Lesson, Lessons, Text, Told
from vocable.language.letters import Letters
from vocable.language.search import Found, beam_search
from vocable.language.transcriber.config import TranscriberConfig
from vocable.language.transcriber.lesson import STEPS, transcriber_lesson
from vocable.tokens import AudioTokens, TokenSpec, WhisperVocabulary

MORE = 8  # ids of a sequence beside its letters


class Transcriber(EncoderDecoder):
    """An encoder over the sum of levels, a decoder of Whisper's ids."""

    reads_text = True

    def __init__(self, config: TranscriberConfig) -> None:
        ids = config.vocabulary.size
        sizes = [level.size for level in config.part.levels]
        super().__init__(config.encoder, config.decoder, sizes, ids, ids)
        self.config = config

    @property
    def spec(self) -> TokenSpec:
        """What the tokens are that it reads."""
        return self.config.part.tokens

    @property
    def positions_per_second(self) -> float:
        """Positions of the encoder that a second of sound takes, where no frames are joined."""
        return float(self.spec.frame_rate)

    @property
    def asked(self) -> Asked:
        """What it tells: the ids of its sequence, which are level 0 of what it is asked."""
        return Asked(self.config.part.track, 0, 1, 1, told=True)

    def lesson(
        self, tracks: Mapping[str, AudioTokens], *, begins: bool = True, ends: bool = True,
        text: Text | None = None,
    ) -> Lesson:  # fmt: skip
        """Return a recording as rows; see `transcriber_lesson`."""
        return transcriber_lesson(self.config, tracks, begins=begins, ends=ends, text=text)

    def nats(self, lessons: Lessons) -> Told:
        """Return how well each id is foretold, from the language on."""
        states, lengths = self._states(lessons)
        written = lessons.ids[..., -1]
        counts = [count - 1 for count in (written >= 0).sum(1).tolist()]
        hidden = self.decode(written[:, : max(counts)], counts, states, lengths)[-1]
        asked = lessons.levels[:, 1 : 1 + max(counts), -1] != GIVEN
        ids = written[:, 1 : 1 + max(counts)][asked]
        nats = F.cross_entropy(self.logits(hidden[asked]).float(), ids, reduction="none")
        return Told(nats, torch.zeros_like(ids))

    @torch.inference_mode()
    def hear(self, lessons: Lessons) -> list[str]:
        """Return the text of each item, greedily, in the language of its lesson."""
        states, lengths = self._states(lessons)
        heads = lessons.ids[:, :3, -1].tolist()
        each = zip(states, lengths, heads, strict=True)
        return [self.text(self.write(row[:n], head, 1).ids) for row, n, head in each]

    def write(self, states: Float[Tensor, "states width"], head: Sequence[int], beam: int) -> Found:
        """Return the likeliest legal ids behind a head (start, language, task).

        No more than 50 a second, where nobody speaks faster, and a few for times.
        """
        vocabulary = self.config.vocabulary
        places = ceil(STEPS / float(self.spec.frame_rate) - 0.01)
        most = min(self.trunk.config.context - len(head), len(states) * max(1, places) + MORE)
        scorer = Written(self, states, head, beam=beam, most=most)
        end = vocabulary.specials["end"]
        return beam_search(_Legal(scorer, vocabulary, head), beam=beam, end=end, most=most)

    def text(self, ids: Sequence[int]) -> str:
        """Return the letters among ids as a text."""
        letters = len(self.config.letters)
        return Letters(self.config.letters).text(id + 1 for id in ids if id < letters)

    def _states(self, lessons: Lessons) -> tuple[Tensor, list[int]]:
        frames = lessons.ids[..., :-1]
        lengths: list[int] = (frames[..., 0] >= 0).sum(1).tolist()
        return self.encode(frames[:, : max(lengths)], lengths)[-1], lengths


class _Legal:
    """A scorer that lets ids come in Whisper's order alone."""

    def __init__(self, scorer: Written, vocabulary: WhisperVocabulary, head: Sequence[int]) -> None:
        self._scorer, self._vocabulary, self._ids = scorer, vocabulary, [list(head)]

    def begin(self) -> Float[Tensor, "1 ids"]:
        return self._masked(self._scorer.begin())

    def follow(self, before: Sequence[int], ids: Sequence[int]) -> Float[Tensor, "sequences ids"]:
        self._ids = [[*self._ids[k], id] for k, id in zip(before, ids, strict=True)]
        return self._masked(self._scorer.follow(before, ids))

    def _masked(self, scores: Tensor) -> Tensor:
        legal = torch.stack([torch.from_numpy(self._vocabulary.legal(each)) for each in self._ids])
        return scores.masked_fill(~legal.to(scores.device), -torch.inf).log_softmax(-1)
