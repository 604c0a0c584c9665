"""`vocable encode AUDIO… [-o OUT]`: turn recordings into token files."""

import os
import tempfile
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.attempt import Do, Outcome
from vocable.cli.console import Console, Progress
from vocable.cli.errors import Refusal, message_of
from vocable.cli.open_codec import by_speaker, chosen_levels, open_coder, open_tokenizer
from vocable.cli.paths import (
    PIPE,
    Job,
    check_endings,
    check_stdout,
    plan,
    with_ending,
    with_second_ending,
)
from vocable.cli.pipes import input_path, output_path
from vocable.cli.work import run
from vocable.errors import VocableError
from vocable.folders import ending_of

if TYPE_CHECKING:
    from vocable.codecs import AdaptiveRate, Tokenizer
    from vocable.codecs.bundle import Bundle
    from vocable.separation import BySpeaker
    from vocable.units import UnitTokenizer

    Encoder = Tokenizer | UnitTokenizer | Bundle | BySpeaker | AdaptiveRate


SEPARATOR = "separation-16k"


@click.command("encode")
@click.argument("inputs", nargs=-1, required=True, metavar="AUDIO...", type=options.FILE)
@click.option(
    "-o",
    "--out",
    type=options.FILE,
    help="Token file, or a folder.  [default: beside the input, .vcb]",
)
@options.codec
@options.levels
@options.beam
@options.adaptive
@options.coding_model
@click.option(
    "--speakers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Part so many speakers who talk at once: a track of each.",
)
@click.option(
    "--separator",
    type=options.FILE,
    metavar="MODEL",
    help=f"What parts them: its name, folder or file.  [default: {SEPARATOR}]",
)
@options.mix
@options.allow_loud
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
    levels: int | None,
    kbps: float | None,
    beam: int | None,
    adaptive: float | None,
    lm: str | None,
    speakers: int | None,
    separator: str | None,
    mix: bool,
    allow_loud: bool,
    device: str | None,
    threads: int | None,
    jobs: int,
    force: bool,
    skip_existing: bool,
    keep_endings: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Turn recordings into tokens.

    AUDIO is a recording, "-" for stdin, or a folder whose tree is recreated under -o. OUT may end
    in .npy, .npz or .safetensors instead of .vcb, and in the last by default where a codec makes
    floats. Tracks of speakers are named speaker-1,
    speaker-2 …, in the order in which they begin.
    """
    from vocable.audio.formats import READABLE
    from vocable.tokens.array_files import ENDINGS

    console = Console(as_json=as_json, quiet=quiet)
    codec = codec or options.DEFAULT_CODEC
    ending = ".vcb" if out and ending_of(out) and not os.path.isdir(out) else _ending(codec)
    keep_ending = partial(with_second_ending, ending)
    todo = plan(
        inputs,
        out,
        rename=keep_ending if keep_endings else partial(with_ending, ending),
        keep_ending=keep_ending,
        collect=READABLE,
        force=force,
        skip_existing=skip_existing,
    )
    check_stdout(todo, as_json=as_json)
    parted = _parted(speakers, separator)
    several = lm is not None or parted is not None
    check_endings([job.target for job in todo.jobs], (".vcb", *(() if several else ENDINGS)))
    threads = threads or (1 if jobs > 1 else None)
    given = {"levels": levels, "mix": mix, "allow_loud": allow_loud}
    work = _Encoding(codec, device, threads, given, kbps, adaptive, lm, force, parted, beam)
    return run(todo, work, console, jobs)


def _ending(codec: str) -> str:
    """Return what token files are called where nobody names them: floats are in no .vcb.

    What cannot be opened is refused later, behind what is wrong with the inputs.
    """
    from vocable.load import describe

    try:
        spec = describe(codec).spec
    except (VocableError, OSError):
        return ".vcb"
    return ".vcb" if spec is None or spec.latent is None else ".safetensors"


def _parted(speakers: int | None, separator: str | None) -> tuple[int, str] | None:
    """Return how many speakers are parted, and by what; None where none are."""
    if speakers is not None:
        return speakers, separator or SEPARATOR
    if separator is not None:
        raise Refusal("--separator is for --speakers N; give both")
    return None


@dataclass(frozen=True)
class _Encoding:
    """What is done to each recording: the options of the call."""

    codec: str
    device: str | None
    threads: int | None
    given: dict[str, Any]  # of the codec's encode
    kbps: float | None
    adaptive: float | None
    lm: str | None
    force: bool
    parted: tuple[int, str] | None = None
    beam: int | None = None

    def start(self) -> Do:
        from vocable.codecs import Tokenizer

        opened: Tokenizer | UnitTokenizer | Bundle | BySpeaker
        opened = tokenizer = self._along(open_tokenizer(self.codec, self.device, self.threads))
        if self.adaptive is not None and (self.lm or self.parted):
            raise Refusal("--adaptive goes with neither --lm nor --speakers; leave out one of them")
        given = {name: self.given[name] for name in ("mix", "allow_loud")}
        if self.lm is not None:
            given["model"] = open_coder(self.lm)
        if self.parted is not None:
            opened = by_speaker(*self.parted, tokenizer, self.device)
        if not isinstance(opened, Tokenizer):
            if self.given["levels"] is not None or self.kbps is not None:
                raise Refusal(
                    "--levels and --kbps are of one codec; bundles and units have all levels, as "
                    "--speakers do"
                )
            return partial(self._encode_all, self._at_rate(opened, None), given)
        levels = chosen_levels(opened.spec, self.given["levels"], self.kbps)
        if self.adaptive is None:
            given["levels"] = levels
        return partial(self._encode, opened, self._at_rate(opened, levels), given)

    def _along(
        self, opened: "Tokenizer | UnitTokenizer | Bundle"
    ) -> "Tokenizer | UnitTokenizer | Bundle":
        """Return what searches along several paths, where that is asked for."""
        from vocable.codecs import Tokenizer

        if self.beam is None:
            return opened
        if not isinstance(opened, Tokenizer):
            raise Refusal("--beam is of one codec; bundles and units are searched as they are")
        try:
            return opened.with_beam(self.beam)
        except VocableError as error:
            raise Refusal(f"--beam: {message_of(error)}") from error

    def _at_rate(
        self, opened: "Tokenizer | UnitTokenizer | Bundle | BySpeaker", levels: int | None
    ) -> "Encoder":
        """Return what encodes at an adaptive rate, where one is asked for."""
        from vocable.codecs import AdaptiveRate
        from vocable.codecs.bundle import Bundle
        from vocable.separation import BySpeaker

        if self.adaptive is None:
            return opened
        if isinstance(opened, Bundle | BySpeaker):
            raise Refusal("--adaptive is of one codec; name one, without +")
        try:
            return AdaptiveRate(opened, self.adaptive, levels=levels)
        except VocableError as error:
            raise Refusal(f"--adaptive: {message_of(error)}") from error

    def _encode_all(
        self,
        encoder: "Encoder",
        given: dict[str, Any],
        job: Job,
        progress: Progress,
    ) -> Outcome:
        """Encode by units of centres, or with several tokenizers to one file."""
        from vocable.cli.results import encoded

        began = time.perf_counter()
        with input_path(job.source) as source, output_path(job.target, ".vcb") as target:
            facts = _encode(encoder, source, target, given, self.force, progress)
        return encoded(job, facts, time.perf_counter() - began)

    def _encode(
        self,
        codec: "Tokenizer",
        encoder: "Encoder",
        given: dict[str, Any],
        job: Job,
        progress: Progress,
    ) -> Outcome:
        from vocable.cli.hearing import Hearing
        from vocable.cli.results import encoded

        hearing = Hearing(codec)
        listener = hearing.listener()

        began = time.perf_counter()
        with input_path(job.source) as source, output_path(job.target, ".vcb") as target:
            given = given | ({"listen": listener} if listener else {})
            facts = _encode(encoder, source, target, given, self.force, progress)
        took = time.perf_counter() - began
        verdict = hearing.judge("stdin" if job.source == PIPE else job.source, listener)
        outcome = encoded(job, facts | verdict.facts, took)
        return replace(outcome, warning=verdict.warning, kind=verdict.kind)


def _encode(
    encoder: "Encoder",
    source: str,
    target: str,
    given: dict[str, Any],
    force: bool,
    progress: Progress,
) -> dict[str, Any]:
    """Encode one file, block by block; return the facts for --json."""
    from vocable.cli.results import rate_on_disk, token_facts
    from vocable.codecs import Tokenizer
    from vocable.codecs.bundle import Bundle
    from vocable.separation import BySpeaker
    from vocable.tokens import read_tokens
    from vocable.tokens.array_files import ENDINGS

    floats = isinstance(encoder, Tokenizer) and encoder.spec.latent is not None
    several = isinstance(encoder, Bundle | BySpeaker)
    if floats or several or not target.lower().endswith(ENDINGS):
        encoder.encode_to(source, target, **given, overwrite=force, progress=progress)
        return token_facts(target)
    with tempfile.TemporaryDirectory(prefix="vocable-") as folder:
        tokens_file = os.path.join(folder, "tokens.vcb")
        encoder.encode_to(source, tokens_file, **given, progress=progress)
        facts = token_facts(tokens_file)
        read_tokens(tokens_file).save(target, overwrite=force)
    return facts | rate_on_disk(target, facts["seconds"])
