"""Code chunks of tokens by a model that was trained at home.

Each chunk is coded as if it were alone, since it must decode alone: the model sees nothing of the
chunk before, which costs what it would have known. Several chunks run as one batch; where a chunk
stood in its batch is its first byte, for a kernel may round its rows differently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from jaxtyping import Int32

from vocable.errors import FormatError, ModelError, TokenError
from vocable.language.coder.foretells import Foretells
from vocable.language.coder.identity import arithmetic_of, digest_of
from vocable.language.coder.steps import Choose, is_code, one_thread, walk
from vocable.language.lessons import Lesson
from vocable.tokens import AudioTokens, Track
from vocable.tokens.coder import RansDecoder, RansEncoder
from vocable.tokens.coder.odds import MAX_SIZE, PRECISION, odds
from vocable.tokens.file.coding_model import ModelCoded, ModelName

STREAMS = 8  # of a batch: more take longer than their number
SECONDS = 10  # of a chunk, where the model sees as many
PROBE = 8  # frames by which the arithmetic of a machine is known


class ModelCoder:
    """A `CodingModel` of a network on the CPU, in fp32. label: its name and version.

    ModelError for a network that reads more than the codes that it foretells.
    """

    streams = STREAMS

    def __init__(self, network: Foretells, label: str) -> None:
        if not isinstance(network, Foretells) or not network.codes_alone:
            raise ModelError(
                f"{label} cannot code tokens: it must foretell every level of every frame from "
                "these alone, as models of frames and of flatten do"
            )
        self.network, self._label = network, label
        rate, context = network.spec.frame_rate, network.trunk.config.context
        step = network.spec.step
        most = min(int(SECONDS * rate), network.most_frames(context))
        self.frames = most // step * step
        sizes = [level.size for level in network.spec.levels[: network.asked.last]]
        if self.frames < step or max(sizes) > MAX_SIZE:
            raise ModelError(
                f"{label} cannot code tokens: its context holds {most} frames, and a level has "
                f"{max(sizes)} codes; at least {step} and at most {MAX_SIZE} are needed"
            )
        longest = network.score(self._blank(self._counts(self.frames)), begins=True)
        self._positions = len(longest) - 1

    @cached_property
    def name(self) -> ModelName:
        """What a file names it by; the first time the network runs for it."""
        probe = self.network.score(self._blank(self._counts(PROBE)), begins=True)
        return ModelName(
            self._label,
            digest_of(self.network),
            arithmetic_of(self.network, probe, STREAMS, self._positions),
        )

    def check(self, track: Track) -> None:
        """Raise TokenError for a track whose tokens it does not code."""
        spec, levels = self.network.spec, self.network.asked.last
        if not track.spec.same_codes(spec):
            raise TokenError(
                f"{self._label} models {spec.space}, but the tokens are of {track.spec.space}"
            )
        if track.levels != levels:
            raise TokenError(
                f"{self._label} models {levels} levels, but the tokens have {track.levels}; encode "
                f"with --levels {levels}"
            )
        if track.durations or spec.segment is not None or spec.sides:
            raise TokenError("tokens with durations, segments or sides are not coded by a model")
        if track.streams > STREAMS:
            raise TokenError(
                f"a model codes up to {STREAMS} streams, but the tokens have {track.streams}; mix "
                "the channels"
            )

    def encode(self, chunks: Sequence[AudioTokens], starts: Sequence[int]) -> list[bytes]:
        """Return the codes of chunks, at most `streams` streams together."""
        scores, owners = [], []
        for k, (chunk, start) in enumerate(zip(chunks, starts, strict=True)):
            for stream in range(chunk.streams):
                scores.append(self.network.score(_stream(chunk, stream), begins=start == 0))
                owners.append(k)
        known = [iter(_codes(self.network, score)) for score in scores]
        coders = [RansEncoder(1, PRECISION) for _ in chunks]

        def choose(some: np.ndarray, level: int, logits: np.ndarray) -> np.ndarray:
            codes = np.array([next(known[place]) for place in some])
            for place, code, each in zip(some, codes, odds(logits), strict=True):
                coders[owners[place]].push(np.array([code]), each)
            return codes

        self._walk(dict(enumerate(scores)), choose)
        places = [owners.index(k) for k in range(len(chunks))]
        return [bytes([place]) + each.finish() for place, each in zip(places, coders, strict=True)]

    def decode(
        self, chunks: Sequence[ModelCoded]
    ) -> list[list[Int32[np.ndarray, "streams tokens"]]]:
        """Return the codes of each level of each chunk; FormatError where they cannot be.

        Chunks run together that did when they were coded.
        """
        found: list[list[np.ndarray]] = []
        while len(found) < len(chunks):
            found += self._decode(_together(chunks[len(found) :]))
        return found

    def _decode(self, chunks: Sequence[ModelCoded]) -> list[list[np.ndarray]]:
        scores, owners = {}, {}
        for chunk in chunks:
            coder = RansDecoder(chunk.data[1:], 1, PRECISION)
            blank = self.network.score(self._blank(chunk.counts), begins=chunk.start == 0)
            for place in _places(chunk):
                scores[place], owners[place] = blank, coder

        def choose(some: np.ndarray, level: int, logits: np.ndarray) -> np.ndarray:
            each = zip(some, odds(logits), strict=True)
            return np.array([owners[place].pop(1, one)[0] for place, one in each])

        walked = self._walk(scores, choose)
        for coder in owners.values():
            coder.close()
        found = []
        for chunk in chunks:
            streams = [self._by_level(walked[place]) for place in _places(chunk)]
            found.append([np.stack(level) for level in zip(*streams, strict=True)])
        return found

    def _walk(self, scores: Mapping[int, Lesson], choose: Choose) -> dict[int, Lesson]:
        with one_thread():
            every = [scores.get(place) for place in range(STREAMS)]
            walked = walk(self.network, every, self._positions, choose)
        return {place: replace(score, ids=walked[place]) for place, score in scores.items()}

    def _by_level(self, score: Lesson) -> list[np.ndarray]:
        codes, levels = _codes(self.network, score), score.levels[is_code(self.network, score)]
        return [codes[levels == level] for level in range(self.network.asked.last)]

    def _blank(self, counts: Sequence[int]) -> AudioTokens:
        """Return tokens of one stream, so many of each level."""
        return AudioTokens(self.network.spec, tuple(np.zeros((1, n), np.int32) for n in counts))

    def _counts(self, frames: int) -> list[int]:
        levels = self.network.spec.levels[: self.network.asked.last]
        return [-(-frames // level.stride) for level in levels]


def _stream(tokens: AudioTokens, stream: int) -> AudioTokens:
    """Return one stream of tokens without sides."""
    return AudioTokens(tokens.spec, tuple(each[stream : stream + 1] for each in tokens.stacks))


def _codes(network: Foretells, score: Lesson) -> np.ndarray:
    """Return the codes of a score in the order in which they are asked for."""
    asked = is_code(network, score)
    first = [network.ids_of(level).start for level in range(network.asked.last)]
    codes: np.ndarray = score.ids[asked] - np.array(first)[score.levels[asked]]
    return codes


def _places(chunk: ModelCoded) -> range:
    """Return where the streams of a chunk stood in their batch."""
    first = chunk.data[0] if chunk.data else STREAMS
    if first + chunk.streams > STREAMS:
        raise FormatError(f"a chunk claims place {first} of a batch of {STREAMS} streams")
    return range(first, first + chunk.streams)


def _together(chunks: Sequence[ModelCoded]) -> Sequence[ModelCoded]:
    """Return the first chunks that stand behind one another in a batch."""
    count = 1
    while count < len(chunks) and _places(chunks[count])[0] >= _places(chunks[count - 1]).stop:
        count += 1
    return chunks[:count]
