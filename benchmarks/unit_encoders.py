"""Time encoders of units against transformers, in turns, in one process; and their peak memory.

    python -m benchmarks.unit_encoders [--encoder hubert wavlm] [--form base large] [--turns 7]
    python -m benchmarks.unit_encoders --memory [--seconds 60]
    python -m benchmarks.unit_encoders --windows [--encoder hubert wavlm wav2vec2 w2v-bert]

The same random weights in both, all blocks of them. One clip of 10 s; then eight of 3 to 15 s,
which transformers pads to the longest and ours does not. Features must be those that transformers
gives each clip alone, and so units: the nearest of 500 frames that serve as centres, but for ties
of at most one in 1000. One thread: CPU time of the process. Each turn runs both; "peer / ours" is
the median over turns.

--memory: the peak of a process of each one's own that loads a folder and encodes one recording,
and what it held in between (Linux only). --windows: units of overlapping windows that equal those
of the whole at the middle layer, where units are taken, for random weights, whose attention is
flatter and reaches further than a trained model's.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

import vocable
from benchmarks.machine import describe
from benchmarks.memory import peak_megabytes
from benchmarks.tables import heading, row
from tests.parity.encoders import random_weights, write_hub
from tests.parity.randomise import sound
from vocable.units import FeatureEncoder

RATE = 16_000
CLIPS = (3.0, 4.5, 6.2, 7.9, 9.6, 11.3, 13.1, 15.0)  # seconds
CENTRES = 500
WHOSE = ("ours", "peer")
ENCODERS = ("hubert", "wavlm", "wav2vec2", "w2v-bert")
WINDOWED = ((5.0, 0.5), (10.0, 1.28), (20.0, 2.5), (30.0, 5.0))  # seconds kept, and on either side
MOST_TIES = 1000  # one unit in so many may tie
LARGE = dict(
    hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096,
    feat_extract_norm="layer", do_stable_layer_norm=True,
)  # fmt: skip
HEAD = ["encoder", "clips", "ours, s", "transformers, s", "peer / ours", "features apart",
        "units that differ", "turns"]  # fmt: skip


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", nargs="+", choices=ENCODERS, default=["hubert"])
    parser.add_argument("--form", nargs="+", choices=("base", "large"), default=["base"])
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--memory", action="store_true", help="measure peak memory instead")
    parser.add_argument("--windows", action="store_true", help="compare windows with the whole")
    parser.add_argument("--seconds", type=float, default=60, help="of audio, for these two")
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)  # whose, and a folder
    options = parser.parse_args()
    if "w2v-bert" in options.encoder and not options.windows:
        parser.error("w2v-bert: with --windows only; its peer takes a filterbank, and no samples")
    torch.set_num_threads(1)
    if options.only:
        print(*once(*options.only, options.seconds))
        return
    job = peaks if options.memory else agreement if options.windows else times
    job(options)
    print(f"\n{describe('transformers', threads=1)}")


def reference(encoder: str, form: str) -> torch.nn.Module:
    """Return a model of transformers with random weights."""
    import transformers as package

    kinds = {
        "hubert": (package.HubertConfig, package.HubertModel),
        "wavlm": (package.WavLMConfig, package.WavLMModel),
        "wav2vec2": (package.Wav2Vec2Config, package.Wav2Vec2Model),
        "w2v-bert": (package.Wav2Vec2BertConfig, package.Wav2Vec2BertModel),
    }
    config, model = kinds[encoder]
    if encoder == "w2v-bert":  # one shape was published
        return random_weights(model(config()))
    return random_weights(model(config(**(LARGE if form == "large" else {}))))


def ours_of(peer: torch.nn.Module) -> FeatureEncoder:
    """Return ours with the same weights, through files."""
    with tempfile.TemporaryDirectory() as folder:
        return vocable.load(write_hub(peer, Path(folder)))


def clips_of(seconds: Sequence[float]) -> list[np.ndarray]:
    """Return sounds of so many seconds."""
    return [sound(int(RATE * each), seed=i)[0, 0].numpy() for i, each in enumerate(seconds)]


def prepared(peer: torch.nn.Module, clip: np.ndarray) -> torch.Tensor:
    """Return what the peer is given of a clip: its own package leaves normalising to a helper."""
    x = torch.from_numpy(clip)
    rows = peer.config.feat_extract_norm == "layer"
    return torch.nn.functional.layer_norm(x, x.shape) if rows else x


def run_peer(peer: torch.nn.Module, clips: Sequence[np.ndarray]) -> torch.Tensor:
    """Encode clips as its users do: padded to the longest; with a mask where it is trained so."""
    items = [prepared(peer, clip) for clip in clips]
    padded = torch.nn.utils.rnn.pad_sequence(items, batch_first=True)
    mask = None
    if len(items) > 1 and peer.config.feat_extract_norm == "layer":
        lengths = torch.tensor([len(item) for item in items])
        mask = (torch.arange(padded.shape[1]) < lengths[:, None]).long()
    with torch.inference_mode():
        return peer(padded, attention_mask=mask, output_hidden_states=True).hidden_states[-1]


# ---- time ---------------------------------------------------------------------------------------


def times(options: argparse.Namespace) -> None:
    """Print how long one clip and a batch take."""
    print(heading(HEAD))
    for name in options.encoder:
        for form in options.form:
            peer = reference(name, form)
            ours = ours_of(peer)
            for seconds in ((10.0,), CLIPS):
                clips = clips_of(seconds)
                text = f"{len(clips)} of {min(seconds):g} to {max(seconds):g} s"
                line = in_turns(peer, ours, clips, options.turns)
                print(row([f"{name} {form}", text, *line]), flush=True)


def in_turns(
    peer: torch.nn.Module, ours: FeatureEncoder, clips: list[np.ndarray], turns: int
) -> list[str]:
    """Return the columns of a row."""
    layer = ours.layers
    jobs: dict[str, Callable[[], object]] = {
        "ours": lambda: ours.features(clips, RATE, layer=layer),
        "peer": lambda: run_peer(peer, clips),
    }
    found = [torch.from_numpy(rows) for rows in ours.features(clips, RATE, layer=layer)]
    alone = [run_peer(peer, [clip])[0] for clip in clips]
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(turns):
        for name, job in jobs.items():
            start = time.process_time()
            job()
            seconds[name].append(time.process_time() - start)
    ratio = statistics.median(b / a for a, b in zip(*seconds.values(), strict=True))
    apart = max(float((a - b).abs().max()) for a, b in zip(found, alone, strict=True))
    middle = [f"{statistics.median(values):.2f}" for values in seconds.values()]
    return [*middle, f"{ratio:.2f}", f"{apart:.1e}", units_that_differ(found, alone), str(turns)]


def units_that_differ(found: Sequence[torch.Tensor], wanted: Sequence[torch.Tensor]) -> str:
    """Return how many frames have another nearest centre; refuse more than ties can be."""
    ours, theirs = torch.cat(list(found)), torch.cat(list(wanted))
    assert ours.shape == theirs.shape, "frames differ"
    draw = torch.Generator().manual_seed(0)
    centres = theirs[torch.randperm(len(theirs), generator=draw)[: min(CENTRES, len(theirs) // 2)]]
    centres = centres + 0.1 * centres.std() * torch.randn(centres.shape, generator=draw)
    a, b = (torch.cdist(rows.double(), centres.double()).argmin(1) for rows in (ours, theirs))
    other = int((a != b).sum())
    if other > max(1, len(a) // MOST_TIES):
        raise SystemExit(f"{other} of {len(a)} units differ")
    return f"{other} of {len(a)}"


# ---- memory, and windows ------------------------------------------------------------------------


def peaks(options: argparse.Namespace) -> None:
    """Print the peak memory of a process that encodes one recording."""
    print(heading(["encoder", "whose", "audio, s", "loaded, MB", "peak, MB", "ours / peer"]))
    for name in options.encoder:
        for form in options.form:
            with tempfile.TemporaryDirectory() as folder:
                write_hub(reference(name, form), Path(folder))
                found = {whose: in_child(whose, folder, options.seconds) for whose in WHOSE}
            share = f"{found['ours'][1] / found['peer'][1]:.2f}"
            for whose, (loaded, peak) in found.items():
                of = [f"{name} {form}", whose, f"{options.seconds:g}", str(loaded), str(peak)]
                print(row([*of, share if whose == "ours" else ""]), flush=True)


def in_child(whose: str, folder: str, seconds: float) -> tuple[int, int]:
    """Return megabytes before and the peak of a process that has one implementation only."""
    command = [sys.executable, "-m", "benchmarks.unit_encoders", "--only", whose, folder]
    command += ["--seconds", str(seconds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    loaded, peak = done.stdout.split()[-2:]
    return int(loaded), int(peak)


def once(whose: str, folder: str, seconds: float) -> tuple[int, int]:
    """Load a folder and encode a recording; return megabytes in between, and the peak."""
    clips = clips_of([seconds])
    if whose == "ours":
        ours = vocable.load(Path(folder))
        job: Callable[[], object] = lambda: ours.features(  # noqa: E731
            clips, RATE, layer=ours.layers, window=max(100.0, seconds)
        )
    else:
        from transformers import AutoModel

        peer = AutoModel.from_pretrained(folder).eval()
        job = lambda: run_peer(peer, clips)  # noqa: E731
    Path("/proc/self/clear_refs").write_text("5")  # peaks count from here on
    loaded = round(peak_megabytes())
    job()
    return loaded, round(peak_megabytes())


def agreement(options: argparse.Namespace) -> None:
    """Print how many units of windows are those of the whole."""
    print(heading(["encoder", "audio, s", "window, s", "context, s", "layer", "equal units"]))
    for name in options.encoder:
        for form in options.form:
            ours = ours_of(reference(name, form))
            clips = clips_of([options.seconds])
            layer = ours.layers // 2
            (whole,) = ours.features(clips, RATE, layer=layer, window=options.seconds + 1)
            for kept, context in WINDOWED:
                cut = {"window": kept + 2 * context, "context": context}
                (rows,) = ours.features(clips, RATE, layer=layer, **cut)
                equal = float((nearest(rows, whole) == nearest(whole, whole)).mean())
                line = [f"{name} {form}", f"{options.seconds:g}", f"{cut['window']:g}"]
                print(row([*line, f"{context:g}", str(layer), f"{equal:.1%}"]), flush=True)


def nearest(rows: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return the nearest of CENTRES frames of the whole."""
    centres = torch.from_numpy(whole[:: max(1, len(whole) // CENTRES)])
    return torch.cdist(torch.from_numpy(rows), centres).argmin(1).numpy()


if __name__ == "__main__":
    main()
