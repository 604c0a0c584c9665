"""What a language model can do, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Abilities:
    """What `vocable info` says of a model, without its weights.

    continues   whether it goes on with sound that it is given
    clones      whether it takes a voice from sound in its prompt
    text        what text is to it: "spoken" by it, "heard and spoken", "a description", "none";
                what is "heard" alone is written, and nothing else
    languages   that it was trained on, as far as its authors say; empty where they do not
    context     positions that it sees
    seconds     of sound that these positions hold at most
    codec       whose tokens it models, and how many levels of them
    levels      of a frame
    rate        Hz of the sound
    """

    continues: bool
    clones: bool
    text: str
    languages: tuple[str, ...]
    context: int
    seconds: float
    codec: str
    levels: int
    rate: int

    @property
    def rows(self) -> list[tuple[str, str]]:
        """All of it as lines."""
        can = ("generate", *("continue",) * self.continues, *("clone",) * self.clones)
        can = ("transcribe",) if self.text == "heard" else can
        return [
            ("can", ", ".join(can)),
            ("text", self.text),
            ("languages", ", ".join(self.languages) or "not stated"),
            ("context", f"{self.context} positions, {self.seconds:g} s of sound"),
            ("sound", f"{self.levels} levels of {self.codec}, {self.rate} Hz"),
        ]
