"""`vocable speak TEXT`: say a text in a voice, to a file, to stdout as it comes, or aloud."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.paths import check_endings, check_outputs, refuse_terminal
from vocable.cli.shown_voice import named_or_shown
from vocable.cli.units import duration, times_real_time
from vocable.errors import VocableError

if TYPE_CHECKING:
    from vocable.audio import Audio, Voice
    from vocable.language.sound import Block
    from vocable.speak import Speech

DEFAULT_MODEL = "say-16k"
_STDOUT = "-"  # as --out


@click.command("text")
@click.argument("text")
@click.option(
    "-o",
    "--out",
    type=options.FILE,
    help='The recording, "-" for a WAV on stdout as it is spoken.  [default: play it]',
)
@click.option(
    "--voice",
    metavar="NAME_OR_FILE",
    help="A voice of the model, or a recording of one.  [default: the model's first]",
)
@click.option("--text", "transcript", default="", help="What is spoken in the recording.")
@click.option("--consent", default="", help="Who agreed to the voice of the recording being used.")
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    metavar="NAME_OR_FOLDER",
    help="What speaks: say-16k, a CSM, or an Orpheus.",
)
@click.option("--adapter", type=click.Path(exists=True), help="What fine-tuning has learnt.")
@click.option("--codec", type=options.FILE, help="The codec, if the model has none inside.")
@click.option("--language", help='Of the text, "en" or "de".  [default: that of the voice]')
@click.option("--pace", type=options.FloatRange(0.25, 4), help="How much faster than usual.")
@click.option(
    "--turns",
    type=click.Path(exists=True, dir_okay=False),
    help='What was spoken before, to a CSM: JSON lines of "speaker", "text", "audio".',
)
@click.option(
    "--seed", type=options.SEED, default=0, show_default=True, help="Equal seeds, equal sound."
)
@click.option(
    "--best-of",
    type=click.IntRange(1, 64),
    default=1,
    metavar="N",
    help="Say it N times, keep what is understood best.  [default: 1]",
)
@click.option(
    "--recogniser", default="whisper-tiny.en", show_default=True, help="What hears, for --best-of."
)
@options.machine
@options.force
@options.output
def command(
    text: str, out: str | None, voice: str | None, transcript: str, consent: str, model: str,
    adapter: str | None, codec: str | None, language: str | None, pace: float | None,
    turns: str | None, seed: int, best_of: int, recogniser: str, device: str | None,
    threads: int | None, force: bool, as_json: bool, quiet: bool,
) -> int:  # fmt: skip
    """Say a text ("-": what is on stdin) in a voice.

    Without -o it is played, by a player that is found on this machine.
    """
    from vocable.cli.speak_open import manner_of, open_speaker
    from vocable.language.sound import joined

    text = sys.stdin.read() if text == "-" else text
    _check_out(out, voice, force=force, as_json=as_json)
    console = Console(as_json=as_json, quiet=quiet)
    with _refusing():
        shown = named_or_shown(voice, transcript, consent)
        speaker = open_speaker(model, adapter, codec, turns, device, threads)
        speak = partial(speaker.speak, text, shown, **manner_of(speaker, model, language, pace))
        if out == _STDOUT and best_of == 1:
            return _stream(speak(seed=seed), speaker.codec.spec.writes)
        sounds: dict[int, Speech] = {}

        def say(each: int) -> Audio:
            sounds[each] = speak(seed=each)
            return joined(sounds[each], speaker.codec)

        began = time.perf_counter()
        facts: dict[str, Any] = {"seed": seed}
        if best_of == 1:
            audio = say(seed)
        else:
            seeds = range(seed, seed + best_of)
            audio, facts = _best(say, seeds, text, shown, recogniser)
        facts["reason"] = sounds[facts["seed"]].reason
        took = time.perf_counter() - began
        _keep(audio, out, force=force)
    facts = {"text": text, "out": out, "seconds": audio.seconds, "consent": consent, **facts}
    console.line(_summary(out, audio.seconds, took, facts["reason"]))
    console.result(facts)
    return 0


def _check_out(out: str | None, voice: str | None, *, force: bool, as_json: bool) -> None:
    from vocable.audio.formats import WRITABLE

    if out == _STDOUT:
        refuse_terminal()
        if as_json:
            raise Refusal("stdout has the sound; leave --json out, or write to a file")
    elif out is not None:
        check_endings([out], tuple(WRITABLE))
        check_outputs([out], voice or "", force=force)


@contextmanager
def _refusing() -> Iterator[None]:
    """What a user can get wrong is refused in one line."""
    try:
        yield
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error


def _best(
    say: Callable[[int], Audio], seeds: Sequence[int], text: str, voice: str | Voice | None,
    recogniser: str,
) -> tuple[Audio, dict[str, Any]]:  # fmt: skip
    from vocable.audio import Voice
    from vocable.measures.recognisers import load_recogniser
    from vocable.speak.best import candidates
    from vocable.speak.embedding import embedding_here, find_embedding

    shown = voice if isinstance(voice, Voice) else None
    name = embedding_here() if shown else None
    embed = find_embedding(name) if name else None
    found = candidates(say, seeds, text, load_recogniser(recogniser), embed, shown)
    tried = [
        {"seed": each.seed, "errors": each.errors, "likeness": each.likeness} for each in found
    ]
    return found[0].audio, {"seed": found[0].seed, "embedding": name, "tried": tried}


def _stream(blocks: Iterable[Block], rate: int) -> int:
    from vocable.cli.pcm import PcmWriter
    from vocable.cli.pcm_header import endless_wav

    sys.stdout.buffer.write(endless_wav(rate))
    writer = PcmWriter(sys.stdout.buffer, "s16le")
    for block in blocks:
        writer.write(block)
    writer.close()
    return 0


def _keep(audio: Audio, out: str | None, *, force: bool) -> None:
    if out is None:
        from vocable.cli.play import play

        play(audio)
    elif out == _STDOUT:
        _stream([audio.samples], audio.rate)
    else:
        audio.save(out, overwrite=force)


def _summary(out: str | None, seconds: float, took: float, reason: str | None) -> str:
    where = "played" if out is None else out
    pace = times_real_time(seconds / max(took, 1e-9))
    cut = "" if reason in (None, "end") else f"  ended early: {reason}"
    return f"{where}  {duration(seconds)}  {pace}{cut}"
