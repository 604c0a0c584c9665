"""Ask the tokens of codecs what they tell, by probes, and what decoding does to what is told.

    python -m benchmarks.probes --codec speech-16k --data MANIFEST… --keep FOLDER
        [--tasks keyword …] [--levels all each 0-3] [--heads NAME…] [--seeds 3]
        [--no-mels] [--decoded]

Prints a Markdown table: a row for each task, input and head, mean ± deviation over seeds, the 95 %
interval over speakers of the test, and what is told without hearing; then which level carries what.
--decoded asks decoded recordings instead; --no-mels leaves out the rows of log-mels. What is
trained goes into --keep and is not trained again.
"""

import argparse
from math import isnan
from pathlib import Path

import torch

import vocable
from benchmarks.listeners import missing
from benchmarks.machine import describe
from benchmarks.tables import heading, progress, row
from vocable.audio.manifest import read_manifest
from vocable.evaluate.probes import (
    Kept,
    LogMels,
    Row,
    Store,
    TokenInput,
    probe,
    summarise,
    tasks_of,
)
from vocable.evaluate.probes.decoded import Decoder, Judges, first_levels, judge_decoded
from vocable.evaluate.probes.inputs import levels_named
from vocable.measures import load_embedding, load_recogniser

TITLES = ["task", "set", "input", "levels", "head", "measure", "mean ± sd", "95 %", "usual", "n"]


def main() -> None:
    """Train what is missing, print the tables."""
    options = parse()
    torch.set_num_threads(1)
    sets = {}
    for path in options.data:
        sets[path.parent.name if path.suffix else path.name] = read_manifest(
            path if path.suffix else path / "manifest.jsonl"
        )
    asked = tasks_of(sets, options.tasks)
    inputs, kept = [], Kept(options.keep / "heard.sqlite")
    for name in options.codec:
        codec = vocable.load(name)
        chosen = levels_named(options.levels, len(codec.spec.levels))
        inputs += [TokenInput(name, codec, codec.spec.space, kept, each) for each in chosen]

    def sources(task):
        mels = LogMels(task.rate, kept)
        return [*([] if options.no_mels else [mels]), *inputs]

    how = {
        "seeds": options.seeds,
        "progress": lambda o: progress(f"{o.task} {o.set} {o.system} {o.levels} {o.head} {o.seed}"),
    }
    store = Store(options.keep / "probes.jsonl")
    if options.decoded:
        found = judge_decoded(asked.tasks, decoders(inputs), kept, store, judges(), **how)
    else:
        found = probe(asked.tasks, sources, store, heads=options.heads, **how)
    rows = summarise(found)
    print(heading(TITLES))
    for each in rows:
        print(row(cells(each)))
    print("\n".join(["", *carried(rows)]))
    for name, why in asked.missing.items():
        print(f"- {name}: {why}")
    for fault in sorted(
        {f"- {o.task} of {o.set}, {o.system}: {o.fault}" for o in found if o.fault}
    ):
        print(fault)
    print("\n" + describe(threads=1))


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codec", nargs="+", default=["speech-16k"])
    parser.add_argument("--data", nargs="+", type=Path, required=True, metavar="MANIFEST")
    parser.add_argument("--keep", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--tasks", nargs="*", default=())
    parser.add_argument("--heads", nargs="*", default=())
    parser.add_argument("--levels", nargs="+", default=["all"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--decoded", action="store_true", help="of decoded recordings")
    parser.add_argument("--no-mels", action="store_true", help="without log-mels")
    return parser.parse_args()


def decoders(inputs: list[TokenInput]) -> list[Decoder]:
    """Return what decodes the levels of each input."""
    return [
        first_levels(each.name, each.tokenizer, each.tokenizer.spec, each.chosen) for each in inputs
    ]


def judges() -> Judges:
    """Return Whisper tiny.en and Resemblyzer, where they are installed."""
    ears = None if missing("words") else ("whisper-tiny.en", load_recogniser("whisper-tiny.en"))
    eyes = None if missing("speaker") else ("resemblyzer", load_embedding("resemblyzer"))
    return Judges(ears, eyes)


def cells(each: Row) -> list[str]:
    """Return a row of the table."""
    between = f"{each.low:.3f} to {each.high:.3f}" if not isnan(each.low) else "–"
    deviation = "" if isnan(each.deviation) else f" ± {each.deviation:.3f}"
    spread, usual = f"{each.mean:.3f}{deviation}", "–" if isnan(each.usual) else f"{each.usual:.3f}"
    names = [each.task, each.set, each.system, each.levels or "–", each.head, each.measure]
    return [*names, spread, between, usual, str(each.tested)]


def carried(rows: list[Row]) -> list[str]:
    """Return the weights of levels, of rows that have several."""
    lines = []
    for each in rows:
        if len(each.weights) > 1:
            weights = ", ".join(f"{weight:.2f}" for weight in each.weights[:12])
            lines.append(f"- {each.task} of {each.set}, {each.head}: {weights}")
    return ["Weights of the levels, first to last:", "", *dict.fromkeys(lines)] if lines else []


if __name__ == "__main__":
    main()
