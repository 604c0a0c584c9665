"""Let a language model say a text in a voice: sentence by sentence, each after the same words.

What it reads before a sentence is the voice's recording with its transcript, and, of a CSM, the
turns of the conversation; never what it has said itself, so that a voice does not wander
(suno-ai/bark#155).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vocable.audio import Audio, Voice
from vocable.errors import ModelError, RecipeError
from vocable.language import flat
from vocable.language.csm import CsmGenerator, Utterance
from vocable.language.flat import FlatGenerator
from vocable.language.sound import Block, Sound
from vocable.language.utterances import UtteranceGenerator
from vocable.text.normal.clean import cleaned
from vocable.text.normal.markup import without_markup
from vocable.text.sentences import sentences
from vocable.tokens import AudioTokens


@dataclass(frozen=True, eq=False)
class Turn:
    """What was said before, by whom: a number for each speaker, 0 for the one that speaks."""

    speaker: int
    text: str
    audio: Audio


class Turns:
    """A CSM that says texts in a voice, after turns of others.

    model = Turns(vocable.load("FOLDER"))
    voice = Voice.from_recording("her.wav", "what she says there")
    for block in model.speak("Good morning.", voice): play(block)
    """

    def __init__(self, model: CsmGenerator, before: Sequence[Turn] = ()) -> None:
        self.model, self.codec = model, model.with_codec()
        self._before = [_utterance(model, turn.speaker, turn.text, turn.audio) for turn in before]

    def speak(self, text: str, voice: str | Voice | None = None, *, seed: int = 0) -> SpokenTurns:
        """Return sound as it is said, blocks `[1, samples]` at `codec.spec.writes` Hz.

        Markup and emoji are left out. Without a voice it is one that the model chooses. ModelError
        for a text without words; for a voice whose text is not known, as the model reads both; and
        for a name, as it knows none.
        """
        if isinstance(voice, str):
            raise ModelError(f'a CSM knows no voice by its name, and so not "{voice}"; record one')
        before = list(self._before)
        if voice is not None:
            before.insert(0, _utterance(self.model, 0, _text_of(voice), voice.audio))
        return SpokenTurns(
            self.model, [[*before, Utterance(0, each)] for each in _parts(text)], seed
        )


class Named:
    """A flat model that says texts in a voice: one that it knows by name, or a recording's.

    model = Named(vocable.load("FOLDER"))  # with a codec attached
    for block in model.speak("Good morning.", "tara"): play(block)
    """

    def __init__(self, model: FlatGenerator) -> None:
        self.model, self.codec = model, model.with_codec()

    def speak(self, text: str, voice: str | Voice | None = None, *, seed: int = 0) -> SpokenTurns:
        """Return sound as it is said, as `Turns` does.

        A name is put before each sentence, as in the texts that a model has learnt; a recording
        comes before with its text, which only pretrained models follow. Markup and emoji are left
        out, but for the tags of the model's form.
        """
        before, name = [], ""
        if isinstance(voice, Voice):
            shown = _encoded(self.model, voice.audio)
            before = [flat.Utterance(_text_of(voice), audio=shown)]
        elif voice is not None:
            name = voice
        tags = self.model.config.template.tags
        turns = [[*before, flat.Utterance(each, name)] for each in _parts(text, tags)]
        return SpokenTurns(self.model, turns, seed)


class SpokenTurns:
    """Sound of one sentence after the other; `reason` is that of the last one that was begun."""

    def __init__(
        self, model: UtteranceGenerator[Any], turns: Sequence[Sequence[Any]], seed: int
    ) -> None:
        self._sounds = (model.speak(each, seed=seed) for each in turns)
        self._sound: Sound | None = None
        self._blocks = self._all()

    def __iter__(self) -> Iterator[Block]:
        return self

    def __next__(self) -> Block:
        """Return the next block; run the model until there is one."""
        return next(self._blocks)

    @property
    def reason(self) -> str | None:
        """Why it ended: "end" where the model said so; None before."""
        return self._sound.reason if self._sound else None

    def leave(self) -> None:
        """End it; its place is free at once."""
        if self._sound is not None:
            self._sound.leave()
        self._sounds.close()

    def _all(self) -> Iterator[Block]:
        for sound in self._sounds:
            self._sound = sound
            yield from sound
            if sound.reason != "end":
                return


def read_turns(path: Path) -> list[Turn]:
    """Return the turns in a file of JSON lines: {"speaker": 1, "text": "…", "audio": "a.wav"}.

    RecipeError names the line that cannot be used. Recordings lie beside the file.
    """
    found = []
    for number, line in enumerate(path.read_text("utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            speaker, text, audio = int(row["speaker"]), str(row["text"]), str(row["audio"])
        except (ValueError, TypeError, KeyError) as error:
            raise RecipeError(
                f'{path}:{number}: wanted an object with "speaker", "text" and "audio"; got '
                f"{line[:60]}"
            ) from error
        found.append(Turn(speaker, text, Audio.read(path.parent / audio)))
    return found


def _utterance(model: CsmGenerator, speaker: int, text: str, audio: Audio) -> Utterance:
    return Utterance(speaker, text, _encoded(model, audio))


def _encoded(model: UtteranceGenerator[Any], audio: Audio) -> AudioTokens:
    mixed = Audio(np.mean(audio.samples, axis=0, keepdims=True), audio.rate)
    found: AudioTokens = model.codec.encode(mixed)
    return found


def _text_of(voice: Voice) -> str:
    if not voice.text:
        raise ModelError(
            "the model reads what a voice says in its recording; give its text (--text)"
        )
    return voice.text


def _parts(text: str, tags: Sequence[str] = ()) -> list[str]:
    """Return the sentences of a text, without markup and emoji, but with these tags."""
    pieces = re.split(rf"(<(?:{'|'.join(tags)})>)", text) if tags else [text]
    pieces[::2] = [cleaned(without_markup(each)) for each in pieces[::2]]
    plain = "".join(pieces)
    if not any(map(str.isalnum, plain)):
        raise ModelError(f"there are no words to say in {text[:60]!r}")
    return sentences(plain)
