"""AudioLM as it is used: semantic tokens first, then the codec's first levels, then the others.

"AudioLM: a Language Modeling Approach to Audio Generation" (Borsos et al. 2022, arXiv:2209.03143).
What is said is carried by the semantic tokens, the voice by the prompt's acoustic ones. Otherwise
than there, stages run in turns, a piece of the last one's length each, so that sound comes before
all is written; and what exceeds the window of a stage begins anew behind the last seconds, whose
semantic tokens are heard again in the sound.

With a condition it is MusicLM (Agostinelli et al. 2023, arXiv:2301.11325): the first two stages
read what the whole recording is to be like, of a text or of another recording.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from jaxtyping import Int64

from vocable.audio import Audio
from vocable.errors import ModelError
from vocable.language.abilities import Abilities
from vocable.language.sampling import Sampling
from vocable.language.sound import DecodesSteps, Sound, frames_in
from vocable.language.stages import Part, StageGenerator
from vocable.tokens import AudioTokens, TokenSpec, joined

STAGES = ("semantic", "coarse", "fine")
SAMPLING = {  # as published
    "semantic": Sampling(temperature=0.6),
    "coarse": Sampling(temperature=0.8),
    "fine": Sampling(temperature=0.6),
}
KEPT = 3.0  # seconds that a piece goes on from, as published of prompts
SPARE = 1.3  # times as many semantic tokens as the prompt has a second
USUAL = 0.6  # of the frames of semantic tokens, that are left of them without repetition


class Hears(Protocol):
    """What makes tracks of a recording: tokenizers by the name of their track."""

    def encode(self, source: Any, *, mix: bool = False) -> Mapping[str, AudioTokens]: ...


class Speaks(DecodesSteps, Protocol):
    """A codec that decodes in steps, and whole tokens."""

    def decode(self, tokens: AudioTokens) -> Any: ...


class Conditions(Protocol):
    """What makes a condition: a `Conditioner`."""

    @property
    def spec(self) -> TokenSpec: ...

    @property
    def reads_text(self) -> bool: ...

    def of_sound(self, source: Any) -> AudioTokens: ...

    def of_text(self, text: str) -> AudioTokens: ...


class AudioLM:
    """Go on with recordings.

    model = vocable.load("FOLDER")  # with folders semantic, coarse and fine in it
    for block in model.play(model.hear("talk.wav"), seconds=5): listen(block)
    for block in model.play(model.describe("a calm violin"), seconds=5): listen(block)

    conditions: where its stages read one.
    """

    def __init__(
        self, name: str, stages: Mapping[str, StageGenerator], hears: Hears, codec: Speaks,
        conditions: Conditions | None = None, *, licence: str = "",
    ) -> None:  # fmt: skip
        if missing := [each for each in STAGES if each not in stages]:
            raise ModelError(f"{name} lacks the stage {missing[0]}; it has {', '.join(stages)}")
        self.name, self.stages, self._hears, self.codec = name, dict(stages), hears, codec
        self._licence = licence
        _check_stages(name, stages)
        self._conditions = conditions
        if (read := self.condition) and not (conditions and conditions.spec == read.tokens):
            found = conditions.spec.space if conditions else "none"
            raise ModelError(f"{name} reads a condition of {read.tokens.space}; here is {found}")

    def __repr__(self) -> str:
        return f"<AudioLM {self.name}, {', '.join(STAGES)}>"

    @property
    def licence(self) -> str:
        """Of the weights; empty where nothing says it."""
        return self._licence or self.stages["coarse"].licence

    @property
    def abilities(self) -> Abilities:
        """What it can do: those of its fine stage's codec, in the window of its coarse stage."""
        fine, coarse = (self.stages[name].abilities for name in ("fine", "coarse"))
        levels = self.part("fine").last
        reads = self._conditions is not None and self._conditions.reads_text
        text = "a description" if reads else "none"
        return Abilities(
            continues=True, clones=True, text=text, languages=(), context=coarse.context,
            seconds=coarse.seconds, codec=fine.codec, levels=levels, rate=fine.rate,
        )  # fmt: skip

    @property
    def condition(self) -> Part | None:
        """What a whole recording is to be like, where stages read that."""
        parts = (self.stages[name].network.config.condition for name in STAGES)
        return next((part for part in parts if part), None)

    def hear(self, source: Any) -> Mapping[str, AudioTokens]:
        """Return a recording as the tracks that `generate` goes on with; channels are mixed."""
        if self.condition is None:
            return self.tracks_of(source)
        audio = Audio.read(source)
        return {**self.tracks_of(audio), **self.like(audio)}

    def tracks_of(self, source: Any) -> Mapping[str, AudioTokens]:
        """Return a recording as tracks, without what all of it is like."""
        return self._hears.encode(source, mix=True)

    def like(self, source: Any) -> Mapping[str, AudioTokens]:
        """Return what a recording is like, so that `generate` makes another. ModelError else."""
        part, conditions = self._asked_condition()
        return {part.track: conditions.of_sound(source)}

    def describe(self, text: str) -> Mapping[str, AudioTokens]:
        """Return what a text describes, for `generate`. ModelError where texts are not read."""
        part, conditions = self._asked_condition()
        return {part.track: conditions.of_text(text)}

    def generate(
        self,
        begin: Mapping[str, AudioTokens] | None = None,
        *,
        seconds: float = 5.0,
        sampling: Mapping[str, Sampling] = SAMPLING,
        seed: int = 0,
    ) -> Continuation:
        """Return frames `[levels]` one by one, those of `begin` left out.

        begin: tracks, as `hear` gives them; the last seconds are gone on from. Without the codec's
        track, what the semantic tokens say is voiced from its beginning, by whom the model likes.
        None: nothing comes before. A condition is among them where the model reads one: by `hear`,
        or alone by `like` and `describe`. sampling: of each stage. ModelError for a length that is
        none, and without a condition that is read.
        """
        frames = max(1, frames_in(seconds, float(self.part("fine").tokens.frame_rate)))
        if (read := self.condition) and read.track not in (begin or {}):
            raise ModelError(
                f"{self.name} reads what its sound is to be like; give it a text, or a recording"
            )
        return Continuation(self, begin, frames, sampling, seed)

    def play(
        self,
        begin: Mapping[str, AudioTokens] | None = None,
        *,
        seconds: float = 5.0,
        sampling: Mapping[str, Sampling] = SAMPLING,
        seed: int = 0,
    ) -> Sound:
        """Return sound as it is generated, blocks `[1, samples]`; options as of `generate`."""
        return Sound(
            self.generate(begin, seconds=seconds, sampling=sampling, seed=seed), self.codec
        )

    def tokens(self, frames: Sequence[np.ndarray]) -> AudioTokens:
        """Return frames that were generated as tokens of the codec."""
        part = self.part("fine")
        codes = np.stack(frames, 1) if frames else np.zeros((part.last, 0), np.int64)
        return AudioTokens(part.tokens, [level[None] for level in codes])

    def joined(
        self, begin: Mapping[str, AudioTokens] | None, frames: Sequence[np.ndarray]
    ) -> AudioTokens:
        """Return what was given and what was generated as one, in the codec's tokens."""
        fresh, track = self.tokens(frames), self.part("fine").track
        if begin is None or track not in begin:
            return fresh
        return joined((begin[track].first(fresh.levels), fresh))

    def part(self, stage: str) -> Part:
        """Return what a stage writes."""
        return self.stages[stage].network.config.target

    def _asked_condition(self) -> tuple[Part, Conditions]:
        if (part := self.condition) is None or self._conditions is None:
            raise ModelError(
                f"{self.name} was trained without a condition, and takes none: neither a text nor "
                "a recording that its sound shall be like"
            )
        return part, self._conditions


class Continuation:
    """Frames `[levels]` as they become whole; reason: "length" where there are enough, "left"."""

    def __init__(
        self, model: AudioLM, begin: Mapping[str, AudioTokens] | None, frames: int,
        sampling: Mapping[str, Sampling], seed: int,
    ) -> None:  # fmt: skip
        self.reason: str | None = None
        self._model, self._sampling = model, sampling
        self._wanted = {name: each for name, each in (begin or {}).items() if each.spec.whole}
        self._seeds = (int(each) for each in _seeds(seed))
        self._told: AudioTokens | None = None  # units that are still to be voiced
        self._frames = self._all(begin, frames)

    def __iter__(self) -> Iterator[Int64[np.ndarray, " levels"]]:
        return self

    def __next__(self) -> Int64[np.ndarray, " levels"]:
        """Return the next frame; run the stages until there is one."""
        try:
            return next(self._frames)
        except StopIteration:
            self.reason = self.reason or "length"
            raise

    def leave(self) -> None:
        """End it."""
        self.reason = self.reason or "left"
        self._frames.close()

    def _all(
        self, begin: Mapping[str, AudioTokens] | None, frames: int
    ) -> Generator[np.ndarray, None, None]:
        window = _window(self._model.stages["coarse"])
        spec = self._model.part("fine").tokens
        kept = min(round(KEPT * float(spec.frame_rate)), window // 2)
        tracks = {} if begin is None else dict(_last(begin, self._model, window // 2))
        begins = begin is None or all(tracks[name] is each for name, each in begin.items())
        if self._model.part("fine").track not in tracks:
            self._told = tracks.pop(self._model.part("semantic").track, None)
        while frames > 0:
            known = tracks.get(self._model.part("fine").track)
            some = min(frames, window - (known.frames if known else 0))
            found = []
            for frame in self._piece(tracks, some, begins=begins):
                found.append(frame)
                yield frame
            frames, begins = frames - some, False
            if frames > 0:
                tracks = dict(self._heard_again(known, self._model.tokens(found), kept))

    def _heard_again(
        self, known: AudioTokens | None, fresh: AudioTokens, kept: int
    ) -> Mapping[str, AudioTokens]:
        """Return the last frames, and what their sound is to the semantic tokenizer."""
        whole = fresh if known is None else joined((known, fresh))
        last = whole[max(0, whole.frames - kept) :]
        again = dict(self._model.tracks_of(self._model.codec.decode(last)))
        return {**self._wanted, **again, self._model.part("fine").track: last}

    def _piece(
        self, tracks: Mapping[str, AudioTokens], frames: int, *, begins: bool
    ) -> Iterator[np.ndarray]:
        """Yield so many frames behind the tracks, all in the windows of the stages."""
        model, given = self._model, dict(tracks)
        coarse, fine = model.part("coarse"), model.part("fine")
        before = _codes(coarse, given)
        given[model.part("semantic").track] = self._said(given, frames, begins=begins)
        rows = len(coarse.levels)
        written = model.stages["coarse"].write(
            given, before.T.reshape(-1), frames * rows, begins=begins,
            sampling=self._sampling["coarse"], seed=next(self._seeds),
        )  # fmt: skip
        first, known = before, _codes(fine, given)
        start = before.shape[1]
        step = _window(model.stages["fine"])
        while known.shape[1] < start + frames:
            edge = known.shape[1] // step * step
            last = min(edge + step, start + frames)
            more = [next(written) for _ in range((last - first.shape[1]) * rows)]
            first = np.concatenate((first, np.array(more, np.int64).reshape(-1, rows).T), 1)
            fresh = self._fine(first[:, edge:last], known[:, edge:], begins=begins and not edge)
            known = np.concatenate((known, fresh), 1)
            begin = max(start, edge)
            yield from np.concatenate((first[:, begin:last], known[:, begin:last])).T

    def _said(self, given: Mapping[str, AudioTokens], frames: int, *, begins: bool) -> AudioTokens:
        """Return the semantic tokens of what is given, and those of so many frames behind it.

        What was told to be said comes first; of what the stage writes there is more than enough.
        """
        stage, part = self._model.stages["semantic"], self._model.part("semantic")
        units = float(part.tokens.frame_rate)
        missing = frames / float(self._model.part("fine").tokens.frame_rate)  # seconds
        before, seconds = np.zeros(0, np.int64), 0.0
        if part.track in given:
            before, seconds = part.arrange(given[part.track])[0], float(given[part.track].seconds)
        if self._told is not None:
            count = math.ceil(missing * units)
            told, self._told = self._told[:count], self._told[count:]
            before = _joined(before, part.arrange(told)[0])
            seconds, missing = seconds + told.frames / units, missing - told.frames / units
        if missing * units < 0.5:
            return AudioTokens(part.tokens, [before[None]])
        pace = min(SPARE * len(before) / seconds, units) if len(before) else USUAL * units
        room = stage.network.config.trunk.context - stage.network.config.fixed
        most = max(1, min(round(pace * missing), room - 1))
        written = stage.write(
            given, before[-(room - most) :], most, begins=begins, may_end=False,
            sampling=self._sampling["semantic"], seed=next(self._seeds),
        )  # fmt: skip
        codes = np.concatenate((before, list(written))).astype(np.int64)
        return AudioTokens(part.tokens, [codes[None]])

    def _fine(
        self, first: np.ndarray, known: np.ndarray, *, begins: bool
    ) -> Int64[np.ndarray, "levels frames"]:
        """Return the other levels of a piece of frames, behind those that are known."""
        model, part = self._model, self._model.part("fine")
        stage = model.stages["fine"]
        missing = first.shape[1] - known.shape[1]
        spec = model.part("coarse")
        tokens = AudioTokens(spec.tokens, [row[None] for row in first])
        written = stage.write(
            {spec.track: tokens}, known.T.reshape(-1), missing * len(part.levels), begins=begins,
            sampling=self._sampling["fine"], seed=next(self._seeds),
        )  # fmt: skip
        codes = np.array(list(written), np.int64)
        return codes.reshape(missing, len(part.levels)).T


def _joined(before: np.ndarray, after: np.ndarray) -> Int64[np.ndarray, " units"]:
    """Return two rows of units without repetition as one."""
    again = len(before) and len(after) and before[-1] == after[0]
    return np.concatenate((before, after[1:] if again else after)).astype(np.int64)


def _window(stage: StageGenerator) -> int:
    """Return how many frames of the target a stage sees, with what it is given beside them."""
    config = stage.network.config
    positions = config.trunk.context - config.fixed
    frame = 1 / config.target.tokens.frame_rate
    timed = [part for part in config.parts if not part.whole]
    each = float(sum(len(part.levels) * part.tokens.frame_rate * frame for part in timed))
    return max(1, int(positions / each))


def _codes(part: Part, tracks: Mapping[str, AudioTokens]) -> Int64[np.ndarray, "levels frames"]:
    """Return the codes of a part that are known."""
    if part.track not in tracks:
        return np.zeros((len(part.levels), 0), np.int64)
    codes: np.ndarray = tracks[part.track].codes[0][part.first : part.last].astype(np.int64)
    return codes


def _last(
    tracks: Mapping[str, AudioTokens], model: AudioLM, frames: int
) -> Mapping[str, AudioTokens]:
    """Return the last frames of tracks, and what is said in them; all where they are no more."""
    part = model.part("fine")
    acoustic = tracks.get(part.track)
    if acoustic is None or acoustic.frames <= frames:
        return tracks
    first = acoustic.frames - frames
    time = first / part.tokens.frame_rate
    return {
        name: each if each.spec.whole else each[int(time * each.spec.frame_rate) :]
        for name, each in tracks.items()
    }


def _seeds(seed: int) -> Iterator[int]:
    random = np.random.default_rng(seed)
    while True:
        yield int(random.integers(1 << 62))


def _check_stages(name: str, stages: Mapping[str, StageGenerator]) -> None:
    """Refuse stages that do not follow each other."""
    semantic, coarse, fine = (stages[each].network.config for each in STAGES)
    chain = coarse.target.last == fine.target.first and coarse.target.spec == fine.target.spec
    reads = [part.spec for part in coarse.given if not part.whole] == [semantic.target.spec]
    conditions = [each.condition for each in (semantic, coarse, fine) if each.condition]
    alike = all(each == conditions[0] for each in conditions)
    if not chain or not reads or not alike or not coarse.target.tokens.uniform:
        raise ModelError(
            f"the stages of {name} do not follow each other: coarse reads what semantic writes, "
            "fine goes on at the level where coarse ends, of one codec whose levels have one rate; "
            "all that read a condition read the same"
        )
    prefixes = coarse.target.tokens.prefixes
    if coarse.target.last not in prefixes:
        raise ModelError(
            f"the coarse stage of {name} writes {coarse.target.last} levels, which the codec does "
            f"not decode by themselves; train stages that meet at one of {list(prefixes)[:-1]}"
        )
