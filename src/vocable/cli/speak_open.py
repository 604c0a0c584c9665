"""Open what speaks, by the options of `vocable speak`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocable.cli.errors import Refusal
from vocable.cli.open_codec import open_codec, set_up

if TYPE_CHECKING:
    from vocable.speak import Speaks


def open_speaker(
    name: str, adapter: str | None, codec: str | None, turns: str | None, device: str | None,
    threads: int | None,
) -> Speaks:  # fmt: skip
    """Return the model of a name or folder, ready to speak; errors for what it cannot do."""
    set_up(device, threads)
    import vocable
    from vocable.language.generator import Generator
    from vocable.speak import read_turns, speaker

    model = vocable.load(name, device=device)
    if adapter:
        from vocable.speak.adapters import with_adapter

        model = with_adapter(model, adapter)
    if codec:
        if not isinstance(model, Generator):
            raise Refusal(f"{name} takes no --codec; only language models do")
        model.attach(open_codec(codec, device, threads))
    return speaker(model, read_turns(Path(turns)) if turns else ())


def manner_of(
    speaker: Speaks, name: str, language: str | None, pace: float | None
) -> dict[str, Any]:
    """Return what say-16k is told beside a text and a voice; Refusal for another model."""
    from vocable.language.say import Manner, Sayer

    if isinstance(speaker, Sayer):
        return {"language": language, "manner": Manner(pace=pace or 1.0)}
    given = {"language": language, "pace": pace}
    if asked := [option for option, value in given.items() if value is not None]:
        raise Refusal(f"{name} takes no --{' and no --'.join(asked)}; these are for say-16k")
    return {}
