"""`vocable speak TEXT`: say a text; `vocable speak prepare|correct|finetune`: a voice to say it."""

from __future__ import annotations

from typing import ClassVar

import click

from vocable.cli.lazy import LazyGroup

_TEXT = "text"


class _Speak(LazyGroup):
    """Its commands, or else a text and the options of the command `text`."""

    names: ClassVar[tuple[str, ...]] = (_TEXT, "prepare", "correct", "finetune")
    prefix: ClassVar[str] = "vocable.cli.speak_"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {*self.names, *ctx.help_option_names}
        return super().parse_args(ctx, args if not args or args[0] in own else [_TEXT, *args])


@click.group("speak", cls=_Speak)
def command() -> None:
    """Say a text in a voice, and make voices.

    vocable speak "Good morning." -o morning.wav

    The words after `speak` are the text, with the options of `vocable speak text`, unless they
    begin with one of the commands.
    """
