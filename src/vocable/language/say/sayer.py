"""A model that says phones as it is used: it says texts, in a voice that it knows or is shown."""

from __future__ import annotations

from vocable.audio import Audio
from vocable.language.say.frames import SaidFrames
from vocable.language.say.speaking import Manner, plan
from vocable.language.say.voiced import AnyVoice, Voiced
from vocable.language.sound import Sound, joined
from vocable.text.normal import normalised
from vocable.text.sentences import sentences
from vocable.text.spoken import spoken

_PLAIN = Manner()
TOGETHER = 16  # frames that are decoded at once, at most: of 8 the decoder takes twice as long


class Sayer(Voiced):
    """Say texts, by a network and the codec whose tokens it says.

    model = vocable.load("say-16k")
    model.say("Good morning.").save("morning.wav")
    for block in model.speak("Good morning.", Voice.from_recording("her.wav")): play(block)
    """

    def speak(
        self, text: str, voice: AnyVoice = None, *, language: str | None = None, seed: int = 0,
        manner: Manner = _PLAIN,
    ) -> Sound:  # fmt: skip
        """Return sound as it is said, blocks `[1, samples]` at `codec.spec.writes` Hz.

        The first block is one frame, so that it is heard at once; later ones have more.
        language: of the text, "en" or "de"; None: that of the voice. Equal seeds, equal sound.
        """
        frames = self.frames(text, voice, language=language, seed=seed, manner=manner)
        return Sound(frames, self.codec, together=TOGETHER)

    def say(
        self, text: str, voice: AnyVoice = None, *, language: str | None = None, seed: int = 0,
        manner: Manner = _PLAIN,
    ) -> Audio:  # fmt: skip
        """Return a text as a recording: the blocks of `speak`, joined."""
        blocks = self.speak(text, voice, language=language, seed=seed, manner=manner)
        return joined(blocks, self.codec)

    def frames(
        self, text: str, voice: AnyVoice = None, *, language: str | None = None, seed: int = 0,
        manner: Manner = _PLAIN,
    ) -> SaidFrames:  # fmt: skip
        """Return the codes of each frame, `[levels]`, as they are drawn, sentence by sentence."""
        known = self.known(voice)
        language = language or known.language
        parts = sentences(normalised(text, language), language)
        symbols = [spoken(each, language).rows for each in parts or [text]]
        numbers = known.numbers.to(self.device)[None]
        plans = (plan(self.network, [each], numbers, manner) for each in symbols)
        return SaidFrames(self.steps, plans, seed, manner)
