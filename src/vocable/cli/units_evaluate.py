"""`vocable units evaluate`: say what units tell of phones and of speakers, beside baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
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
    from vocable.evaluate.intervals import Interval
    from vocable.evaluate.leakage import SpeakersTold
    from vocable.evaluate.units import UnitsJudged

SILENCE = "sil"  # the label that pauses and closures of TIMIT get
ABX = ("within", "across", "triphone within", "triphone across")


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
@click.option(
    "--timit", is_flag=True,
    help="Fold TIMIT's 61 labels to 39 as Lee and Hon did; silence and closures do not count.",
)  # fmt: skip
@click.option(
    "--without", metavar="LABEL,...", default="", help="Labels that do not count, say silence."
)
@click.option(
    "--sayings",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    help="Sayings of one phone by one speaker that ABX compares; the time grows with its square. "
    "0: no ABX.",
)
@click.option(
    "--probe/--no-probe",
    default=True,
    help="Train a probe to tell speakers by the units, three recordings each.  [default: probe]",
)
@click.option(
    "--seed", type=options.SEED, default=0, show_default=True, help="Of all that is drawn."
)
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

    PNMI and purities are of frames; compare them at equal k. "All labels" are those of --without
    too: published PNMI counts silence. ABX is the error in telling phones, in any context or
    between the same two phones (triphone, where there are enough), by two rules of slicing that
    must not be mixed: "whole" takes every frame whose middle lies in the phone (fastabx),
    "libri-light" loses the last (ZeroSpeech until 2025). Intervals are over speakers. Exit code 1:
    some recording could not be judged.
    """
    from vocable.cli.evaluate_data import clips_of
    from vocable.cli.units_judged import baselines, opened
    from vocable.evaluate.units import pnmi_ratio

    if threads:
        import torch

        torch.set_num_threads(threads)
    clips = [_labelled(clip, timit) for clip in clips_of(data, None)]
    console = Console(as_json=as_json, quiet=quiet)
    rows = opened(names, encoder)
    rows += (beside := baselines(rows, clips_of(fitted, None), seed) if fitted else [])
    labels = [each for each in without.split(",") if each] + [SILENCE] * timit
    judged = [_judge(row, clips, labels, sayings, seed) for row in rows]
    mfcc = judged[-len(beside)] if beside else None
    texts, failed = [], False
    for row, found in zip(rows, judged, strict=True):
        told = _speakers(row, clips, console) if probe else None
        gain = None if mfcc is None else pnmi_ratio(found, mfcc)
        failed |= bool(found.refusals)
        for refusal in found.refusals:
            console.failure(f"{row.name}: {refusal}")
        texts.append(_texts(found, told, gain))
        console.result(_facts(found, told, gain))
    if not (as_json or quiet):
        figures = [name for name in texts[0] if any(text[name] != "-" for text in texts)]
        click.echo(columns([(name, *(text[name] for text in texts)) for name in figures]))
    return FAILED if failed else 0


def _labelled(clip: Clip, timit: bool) -> Clip:
    from vocable.measures.timit import fold_timit

    return replace(clip, phones=fold_timit(clip.phones, SILENCE)) if timit else clip


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


def _texts(found: UnitsJudged, told: SpeakersTold | None, gain: Interval | None) -> dict[str, str]:
    """Return what a row of the table says of these units, by the name of the row."""
    rows = {
        "units": found.name,
        "k": str(found.size),
        "PNMI": _with_ends(found.pnmi),
        "PNMI / that of mfcc": "-" if gain is None else _with_ends(gain),
        "PNMI by chance": f"{found.chance:.3f}",
        "PNMI of all labels": _with_ends(found.pnmi_of_all),
        "phone purity": _with_ends(found.phone_purity),
        "cluster purity": _with_ends(found.cluster_purity),
    }
    kinds = (("", found.abx), ("features ", found.abx_features))
    for what, slicing, how in product(kinds, ("whole", "libri-light"), ABX):
        score = what[1].get(f"{slicing} {how}")
        rows[f"ABX {what[0]}{slicing} {how}"] = "-" if score is None else f"{score.error:.1%}"
    told_by = "-" if told is None else f"{told.accuracy.mean:.1%} (by chance {told.chance:.1%})"
    return rows | {
        "units a second": f"{found.units:.1f}",
        "runs a second": f"{found.pieces:.1f}",
        "speakers told": told_by,
    }


def _with_ends(interval: Interval) -> str:
    if interval.low != interval.low:
        return f"{interval.mean:.3f}"
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _facts(found: UnitsJudged, told: SpeakersTold | None, gain: Interval | None) -> dict[str, Any]:
    intervals = ("pnmi", "pnmi_of_all", "phone_purity", "cluster_purity")
    return {
        "units": found.name,
        "k": found.size,
        **{name: getattr(found, name).mean for name in intervals},
        **{f"{name}_interval": _ends(getattr(found, name)) for name in intervals},
        "pnmi_by_chance": found.chance,
        "pnmi_to_mfcc": gain and gain.mean,
        "pnmi_to_mfcc_interval": gain and _ends(gain),
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
