"""Open what speaks, by the options of `vocable speak`: say-16k, a CSM, an Orpheus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vocable.audio import Audio
from vocable.cli.errors import Refusal
from vocable.cli.open_codec import open_codec, set_up


class Speaking:
    """A model that speaks, with what was asked of it: `writes` is the rate of its sound, in Hz."""

    def __init__(self, model: Any, how: dict[str, Any]) -> None:
        self._model, self._how = model, how
        self.writes: int = model.codec.spec.writes

    def speak(self, text: str, voice: Any, *, seed: int) -> Any:
        """Return sound as it is spoken."""
        return self._model.speak(text, voice, seed=seed, **self._how)

    def say(self, text: str, voice: Any, *, seed: int) -> tuple[Audio, dict[str, Any]]:
        """Return a text as a recording, and why it ended."""
        sound = self.speak(text, voice, seed=seed)
        blocks = [np.zeros((1, 0), np.float32), *sound]
        audio = Audio(np.concatenate(blocks, axis=1), self.writes)
        return audio, {"seed": seed, "reason": sound.reason}


def open_speaker(
    name: str, adapter: str | None, codec: str | None, turns: str | None, how: dict[str, Any],
    device: str | None, threads: int | None,
) -> Speaking:  # fmt: skip
    """Return the model of a name or folder, ready to speak. Refusal for what it cannot do."""
    set_up(device, threads)
    import vocable
    from vocable.language.csm import CsmGenerator
    from vocable.language.flat import FlatGenerator
    from vocable.language.say import Manner, Sayer

    model = vocable.load(name, device=device)
    if adapter:
        if not isinstance(model, Sayer | CsmGenerator | FlatGenerator):
            raise Refusal(f"{name} takes no --adapter; name the model that it was made of")
        from vocable.speak.adapters import with_adapter

        model = with_adapter(model, adapter)
    asked = {option: value for option, value in how.items() if value is not None}
    if isinstance(model, Sayer):
        if turns or codec:
            raise Refusal(f"{name} takes no --turns and no --codec; it has its own codec")
        pace = asked.pop("pace", None)
        return Speaking(model, {**asked, **({"manner": Manner(pace=pace)} if pace else {})})
    if not isinstance(model, CsmGenerator | FlatGenerator):
        raise Refusal(f"{name} does not speak texts; take say-16k, a CSM, or an Orpheus")
    if asked:
        raise Refusal(f"{name} takes no --{' and no --'.join(asked)}; these are for say-16k")
    if isinstance(model, FlatGenerator):
        if turns:
            raise Refusal(f"{name} takes no --turns; these are for a CSM")
        if model.codec is None:
            codec = codec or model.config.template.home
    if codec:
        model.attach(open_codec(codec, device, threads))
    from vocable.speak.turns import Named, Turns, read_turns

    if isinstance(model, FlatGenerator):
        return Speaking(Named(model), {})
    return Speaking(Turns(model, read_turns(Path(turns)) if turns else ()), {})
