"""`vocable units evaluate`: say what units tell of phones and of speakers, beside baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.exit_codes import FAILED
from vocable.cli.units import columns
from vocable.errors import MeasureError

if TYPE_CHECKING:
    from vocable.audio.manifest import Clip
    from vocable.cli.units_judged import Judged
    from vocable.evaluate.leakage import SpeakersTold
    from vocable.evaluate.units import UnitsJudged

HEADINGS = (
    *("units", "k", "PNMI", "95 %", "by chance", "phone purity", "cluster purity"),
    *("ABX within", "across", "libri-light within", "across", "features within", "across"),
    *("per s", "runs per s", "speakers", "by chance"),
)
ABX = ("whole within", "whole across", "libri-light within", "libri-light across")


@click.command("evaluate")
@click.argument("names", nargs=-1, required=True, metavar="CENTRES_OR_NAME...")
@click.option(
    "--data",
    required=True,
    multiple=True,
    metavar="MANIFEST",
    help="Recordings with `phones` ([start, end, label] in seconds) and `speaker`.",
)
@click.option(
    "--fit",
    "fitted",
    multiple=True,
    metavar="MANIFEST",
    help="Recordings on which MFCC, log-mels and random weights are clustered, to stand beside.",
)
@click.option("--encoder", metavar="NAME_OR_FOLDER", help="Of the centres, in place of their own.")
@click.option("--timit", is_flag=True, help="Fold TIMIT's 61 labels as Lee and Hon did.")
@click.option(
    "--without", metavar="LABEL,...", default="", help="Labels that do not count, say silence."
)
@click.option(
    "--sayings",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Sayings of one phone by one speaker that ABX compares; the time grows with its square.",
)
@click.option(
    "--probe/--no-probe",
    default=True,
    help="Train a probe to tell speakers by the units, three recordings each.  [default: probe]",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of all that is drawn.")
@options.threads
@options.output
def command(
    names: tuple[str, ...],
    data: tuple[str, ...],
    fitted: tuple[str, ...],
    encoder: str | None,
    timit: bool,
    without: str,
    sayings: int,
    probe: bool,
    seed: int,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Say what units tell of phones and of speakers.

    PNMI and purities are of frames; compare them at equal k. ABX is the error in telling phones in
    any context, by two rules of slicing that must not be mixed: "whole" takes every frame whose
    middle lies in the phone (fastabx), "libri-light" loses the last (ZeroSpeech until 2025).
    Intervals are over speakers. Exit code 1: some recording could not be judged.
    """
    from vocable.cli.evaluate_data import clips_of
    from vocable.cli.units_judged import baselines, opened

    if threads:
        import torch

        torch.set_num_threads(threads)
    clips = [_labelled(clip, timit) for clip in clips_of(data, None)]
    console = Console(as_json=as_json, quiet=quiet)
    rows = opened(names, encoder)
    rows += baselines(rows, clips_of(fitted, None), seed) if fitted else []
    labels, cells, failed = [each for each in without.split(",") if each], [], False
    for row in rows:
        found = _judge(row, clips, labels, sayings, seed)
        told = _speakers(row, clips, console) if probe else None
        failed |= bool(found.refusals)
        for refusal in found.refusals:
            console.failure(f"{row.name}: {refusal}")
        cells.append(_cells(found, told))
        console.result(_facts(found, told))
    if not (as_json or quiet):
        click.echo(columns([HEADINGS, *cells]))
    return FAILED if failed else 0


def _labelled(clip: Clip, timit: bool) -> Clip:
    from vocable.measures.timit import fold_timit

    return replace(clip, phones=fold_timit(clip.phones)) if timit else clip


def _judge(
    row: Judged, clips: Sequence[Clip], without: list[str], most: int, seed: int
) -> UnitsJudged:
    from vocable.evaluate import Recording
    from vocable.evaluate.units import judge_units

    try:
        recordings = (Recording.of(clip) for clip in clips if clip.phones)
        return judge_units(
            row.name, row.tokenizer, recordings, features=row.features, without=without,
            most=most, seed=seed,
        )  # fmt: skip
    except MeasureError as error:
        raise Refusal(f"{row.name}: {message_of(error)}") from error


def _speakers(row: Judged, clips: Sequence[Clip], console: Console) -> SpeakersTold | None:
    from vocable.evaluate.leakage import speakers_told

    try:
        return speakers_told(row.tokenizer, row.tokenizer.spec.space, clips)
    except MeasureError as error:
        console.line(f"{row.name}: no probe of speakers: {error}")
        return None


def _cells(found: UnitsJudged, told: SpeakersTold | None) -> tuple[str, ...]:
    def errors(scores: Any, names: Sequence[str]) -> list[str]:
        return [f"{scores[name].error:.1%}" if name in scores else "-" for name in names]

    speakers = ("-", "-") if told is None else (f"{told.accuracy.mean:.1%}", f"{told.chance:.1%}")
    return (
        found.name,
        str(found.size),
        f"{found.pnmi.mean:.3f}",
        f"{found.pnmi.low:.3f} to {found.pnmi.high:.3f}",
        f"{found.chance:.3f}",
        f"{found.phone_purity.mean:.3f}",
        f"{found.cluster_purity.mean:.3f}",
        *errors(found.abx, ABX),
        *errors(found.abx_features, ABX[:2]),
        f"{found.units:.1f}",
        f"{found.pieces:.1f}",
        *speakers,
    )


def _facts(found: UnitsJudged, told: SpeakersTold | None) -> dict[str, Any]:
    intervals = ("pnmi", "phone_purity", "cluster_purity")
    return {
        "units": found.name,
        "k": found.size,
        **{name: getattr(found, name).mean for name in intervals},
        **{f"{name}_interval": _ends(getattr(found, name)) for name in intervals},
        "pnmi_by_chance": found.chance,
        "abx_of_units": {name: score.error for name, score in found.abx.items()},
        "abx_of_features": {name: score.error for name, score in found.abx_features.items()},
        "units_per_second": found.units,
        "runs_per_second": found.pieces,
        "frames": found.frames,
        "recordings": found.scored,
        "speaker_accuracy": told and told.accuracy.mean,
        "speaker_by_chance": told and told.chance,
    }


def _ends(interval: Any) -> list[float] | None:
    return [interval.low, interval.high] if interval.low == interval.low else None
