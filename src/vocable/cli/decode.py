"""`vocable decode TOKENS… [-o OUT]`: turn token files into recordings."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import click

from vocable.cli import options
from vocable.cli.attempt import Do, Outcome
from vocable.cli.console import Console, Progress
from vocable.cli.errors import Refusal
from vocable.cli.lower_rate import lower_rate
from vocable.cli.open_codec import CodecCache, open_coder
from vocable.cli.open_vocoder import OpenVocoder
from vocable.cli.paths import (
    Job,
    check_endings,
    check_stdout,
    plan,
    with_ending,
    without_second_ending,
)
from vocable.cli.pipes import input_path, output_path
from vocable.cli.work import run

if TYPE_CHECKING:
    from vocable.codecs import Codec


@click.command("decode")
@click.argument("inputs", nargs=-1, required=True, metavar="TOKENS...", type=options.FILE)
@click.option(
    "-o",
    "--out",
    type=options.FILE,
    help="Recording, or a folder.  [default: beside the input, .wav]",
)
@options.codec_of_tokens
@options.track
@options.model_of_tokens
@click.option(
    "--vocoder",
    type=options.FILE,
    metavar="FOLDER",
    help="Decode units by this vocoder, its folder or file; or, with --codec, EnCodec by Vocos.",
)
@click.option(
    "--speaker",
    metavar="N",
    help="Its speaker, by number, name, or a recording of anybody.  [default: 0]",
)
@click.option("--consent", default="", help="Who agreed to the voice in that recording being used.")
@click.option(
    "--predict-durations",
    is_flag=True,
    help="Let the vocoder say how long units last, whatever the tokens say.",
)
@click.option("--rate", type=options.RATE, metavar="HZ", help="[default: the source's]")
@options.machine
@options.jobs
@options.force
@options.skip_existing
@options.keep_endings
@options.output
def command(
    inputs: tuple[str, ...],
    out: str | None,
    codec: str | None,
    track: str | None,
    lm: str | None,
    vocoder: str | None,
    speaker: str | None,
    consent: str,
    predict_durations: bool,
    rate: int | None,
    device: str | None,
    threads: int | None,
    jobs: int,
    force: bool,
    skip_existing: bool,
    keep_endings: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Turn tokens into sound.

    TOKENS is a .vcb, .npy, .npz or .safetensors file, "-" for a .vcb on stdin, or a folder, of
    which the tree of .vcb files is recreated under -o. A recording gets exactly the samples,
    channels and rate it had. OUT may end in .wav, .flac, .ogg, .opus or .mp3.
    """
    from vocable.audio.formats import WRITABLE

    ours = {"--speaker": speaker, "--consent": consent, "--predict-durations": predict_durations}
    given = [name for name, value in ours.items() if value]
    if given and vocoder is None:
        raise Refusal(f"{given[0]} is for units, which a vocoder decodes; give --vocoder FOLDER")
    if given and codec is not None:
        raise Refusal(f"{given[0]} is for units, but --codec names a codec; leave one of them out")
    console = Console(as_json=as_json, quiet=quiet)
    kinds = tuple(WRITABLE)
    keep_ending = partial(without_second_ending, kinds)
    todo = plan(
        inputs,
        out,
        rename=keep_ending if keep_endings else partial(with_ending, ".wav"),
        keep_ending=keep_ending,
        collect=(".vcb",),
        force=force,
        skip_existing=skip_existing,
    )
    check_stdout(todo, as_json=as_json)
    check_endings([job.target for job in todo.jobs], kinds)
    threads = threads or (1 if jobs > 1 else None)
    voice = _Voice(vocoder, speaker, consent, predict_durations) if vocoder is not None else None
    return run(
        todo, _Decoding(codec, track, lm, voice, device, threads, rate, force), console, jobs
    )


@dataclass(frozen=True)
class _Voice:
    """The vocoder of the call, and what it is told."""

    vocoder: str
    speaker: str | None
    consent: str
    predict: bool


@dataclass(frozen=True)
class _Decoding:
    """What is done to each token file: the options of the call."""

    codec: str | None
    track: str | None
    lm: str | None
    voice: _Voice | None
    device: str | None
    threads: int | None
    rate: int | None
    force: bool

    def start(self) -> Do:
        if self.lm is not None:
            open_coder(self.lm)
        if (voice := self.voice) is not None and self.codec is None:
            settings = voice.speaker, voice.consent, voice.predict, self.device, self.threads
            return partial(self._decode, OpenVocoder(voice.vocoder, *settings))
        vocoder = voice.vocoder if voice else None
        return partial(self._decode, CodecCache(self.codec, self.device, self.threads, vocoder))

    def _decode(self, codecs: CodecCache | OpenVocoder, job: Job, progress: Progress) -> Outcome:
        from vocable.cli.results import audio_facts, decoded

        with input_path(job.source) as source, output_path(job.target, ".wav") as target:
            codec = codecs.for_file(source, self.track)
            began = time.perf_counter()
            codec.decode_to(
                source, target, track=self.track, rate=self.rate, overwrite=self.force,
                progress=progress,
            )  # fmt: skip
            took = time.perf_counter() - began
            facts = audio_facts(target) | {"bytes": os.path.getsize(target)}
            if self.voice is not None and self.voice.consent:
                facts["consent"] = self.voice.consent
        return self._unheard(decoded(job, facts, took), job.source, codec)

    def _unheard(self, outcome: Outcome, source: str, codec: Codec | OpenVocoder) -> Outcome:
        """Warn where a decoder of a higher rate was not asked for that rate."""
        rate = outcome.facts.get("rate_hz")
        if self.rate is not None or rate is None or not (why := lower_rate(codec, rate)):
            return outcome
        return replace(outcome, kind="lower rate", warning=f"{source}: {why}")
