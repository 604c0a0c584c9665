"""Read a training recipe: TOML checked against frozen dataclasses.

A recipe says everything that makes a run except where the recordings lie. An unknown key is an
error that names the nearest known one; `--set a.b=c` replaces single values before the check.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from vocable.errors import RecipeError
from vocable.fitting import fit


def _demand(holds: bool, message: str) -> None:
    if not holds:
        raise RecipeError(message)


def _demand_windows(windows: Sequence[int], name: str) -> None:
    _demand(
        all(4 <= window <= 65_536 for window in windows),
        f"{name} is {list(windows)}; wanted 4 to 65536 samples each",
    )


@dataclass(frozen=True)
class CodecTable:
    """What is trained."""

    architecture: str = ""  # a name in vocable.codecs; empty with `start`
    config: dict[str, Any] = field(default_factory=dict)  # overrides of the architecture's config
    start: str = ""  # fine-tune this codec: a bundled name or a folder
    freeze: tuple[str, ...] = ()  # parts kept as they are: "encoder", "quantizer", "decoder"
    name: str = ""  # of the exported codec; empty: the recipe's name
    version: str = "1"  # of its token space
    licence: str = ""  # of the weights, for the model's config.json


@dataclass(frozen=True)
class Data:
    """How segments are drawn from a manifest."""

    batch: int = 4  # segments a step on one device
    segment: float = 1.28  # seconds
    held_out: str = ""  # a second manifest; empty: the rows whose split is not train
    held_out_share: float = 0.05  # of the files, where no row says its split
    weights: dict[str, float] = field(default_factory=dict)  # by the rows' `set`; not named: 1
    prepare_seconds: float = 2000.0  # of segments for what a codec learns before its first step

    def __post_init__(self) -> None:
        _demand(self.batch > 0, f"data.batch is {self.batch}; wanted at least 1")
        _demand(
            0.02 <= self.segment <= 600, f"data.segment is {self.segment} s; wanted 0.02 to 600"
        )
        _demand(
            0 < self.held_out_share <= 0.5,
            f"data.held_out_share is {self.held_out_share}; wanted above 0 and at most 0.5",
        )
        _demand(
            self.prepare_seconds > 0,
            f"data.prepare_seconds is {self.prepare_seconds}; wanted more than 0",
        )
        _demand(
            all(share >= 0 for share in self.weights.values()),
            f"data.weights is {self.weights}; wanted shares of 0 or more",
        )


@dataclass(frozen=True)
class Augment:
    """What is done to a segment before it is seen."""

    gain_db: tuple[float, float] = (-12.0, 4.0)  # uniform in dB; never beyond full scale
    flip: bool = True  # sign, half of the time
    min_rms: float = 0.004  # a quieter segment is drawn again; full scale is 1
    loudness_db: float | None = None  # dBFS, gated: bring each recording there first
    trim_db: float | None = None  # cut edges so far below a recording's loudness, all but 0.1 s

    def __post_init__(self) -> None:
        low, high = self.gain_db
        _demand(
            -100 <= low <= high <= 100,
            f"augment.gain_db is {[low, high]}; wanted the lower first, both within 100 dB of 0",
        )
        _demand(
            self.loudness_db is None or -100 <= self.loudness_db <= 0,
            f"augment.loudness_db is {self.loudness_db}; wanted -100 to 0 (dBFS)",
        )


@dataclass(frozen=True)
class Loss:
    """Weights of the losses (0: not computed) and their resolutions."""

    time: float = 0.0  # L1 of the samples
    mel: float = 1.0  # L1 of log mel bands, mean over the windows
    low_band: float = 0.0  # L1 of log magnitudes of the bins below `low_band_hz`, mean as above
    complex: float = 0.0  # L1 of the complex spectrum, mean as above
    balance: bool = False  # weights are shares of the gradient at the output (EnCodec's balancer)
    codec: dict[str, float] = field(  # losses that the codec itself reports, by name
        default_factory=lambda: {"commitment": 1.0, "codebook": 1.0}
    )
    mel_windows: tuple[int, ...] = (512, 2048, 256)  # samples; the hop is a quarter
    mel_bands: tuple[int, ...] = (80, 160, 40)  # one a window
    low_band_windows: tuple[int, ...] = (512, 1024)  # samples
    low_band_hz: float = 1250.0
    complex_windows: tuple[int, ...] = (512,)  # samples
    floor: float = 1e-3  # of a magnitude, before the logarithm

    def __post_init__(self) -> None:
        _demand(
            len(self.mel_windows) == len(self.mel_bands),
            "loss.mel_windows and loss.mel_bands need one number each for every resolution",
        )
        for name in ("mel", "low_band", "complex"):
            windows = getattr(self, f"{name}_windows")
            _demand_windows(windows, f"loss.{name}_windows")
            _demand(bool(windows or not getattr(self, name)), f"loss.{name}_windows names none")
        _demand(all(n > 0 for n in self.mel_bands), "loss.mel_bands wants at least 1 a window")
        _demand(self.low_band_hz > 0, f"loss.low_band_hz is {self.low_band_hz}; wanted above 0")
        _demand(self.floor > 0, f"loss.floor is {self.floor}; wanted above 0")
        for name, weight in {**self.of_sound, **self.codec}.items():
            _demand(weight >= 0, f"loss weight {name} is {weight}; wanted 0 or more")

    @property
    def of_sound(self) -> dict[str, float]:
        """The weights of what compares the sound."""
        return {name: getattr(self, name) for name in ("time", "mel", "low_band", "complex")}


@dataclass(frozen=True)
class Optimizer:
    """AdamW."""

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.01
    clip: float = 1.0  # largest norm of the gradient
    accumulate: int = 1  # batches a step

    def __post_init__(self) -> None:
        _demand(self.lr > 0, f"optimizer.lr is {self.lr}; wanted more than 0")
        _demand(self.clip > 0, f"optimizer.clip is {self.clip}; wanted more than 0")
        _demand(self.accumulate > 0, f"optimizer.accumulate is {self.accumulate}; wanted 1 or more")
        _demand(
            all(0 <= beta < 1 for beta in self.betas),
            f"optimizer.betas is {list(self.betas)}; wanted 0 or more and below 1",
        )
        _demand(
            self.weight_decay >= 0,
            f"optimizer.weight_decay is {self.weight_decay}; wanted 0 or more",
        )


@dataclass(frozen=True)
class Adversarial:
    """Discriminators trained against the codec: as many as are named, none by default."""

    scales: int = 0  # of the waveform, at 1, 1/2, 1/4 … of its rate
    periods: tuple[int, ...] = ()  # samples
    windows: tuple[int, ...] = ()  # of spectra, samples
    channels: int = 16  # of each one's first layer, a multiple of 4
    weight: float = 1.0  # of the hinge loss
    feature: float = 2.0  # weight of the distance of their feature maps
    optimizer: Optimizer = Optimizer(lr=3e-4, betas=(0.8, 0.99))

    def __post_init__(self) -> None:
        _demand(
            self.channels > 0 and self.channels % 4 == 0,
            f"adversarial.channels is {self.channels}; wanted a multiple of 4",
        )
        _demand(0 <= self.scales <= 8, f"adversarial.scales is {self.scales}; wanted 0 to 8")
        _demand(
            all(1 <= period <= 1000 for period in self.periods),
            f"adversarial.periods is {list(self.periods)}; wanted 1 to 1000 samples each",
        )
        _demand_windows(self.windows, "adversarial.windows")
        _demand(
            self.weight >= 0 and self.feature >= 0,
            f"adversarial.weight is {self.weight} and feature {self.feature}; wanted 0 or more",
        )

    @property
    def wanted(self) -> bool:
        return bool(self.scales or self.periods or self.windows)


@dataclass(frozen=True)
class Schedule:
    """How long, by steps or by the clock: exactly one of the two. The rate falls linearly to 0."""

    steps: int = 0
    seconds: float = 0.0  # of running, kept across resumes
    warmup: int = 100  # steps

    def __post_init__(self) -> None:
        _demand(
            (self.steps > 0) != (self.seconds > 0),
            f"schedule needs steps or seconds, one of them above 0; "
            f"it has steps = {self.steps}, seconds = {self.seconds}",
        )
        _demand(
            min(self.steps, self.seconds, self.warmup) >= 0,
            f"schedule has steps = {self.steps}, seconds = {self.seconds}, warmup = {self.warmup}; "
            "wanted nothing below 0",
        )


@dataclass(frozen=True)
class Checkpoints:
    """When a run is saved and listened to."""

    every_seconds: float = 120.0  # between checkpoints
    every_steps: int = 0  # 0: by the clock only
    log_steps: int = 50  # between lines of the log
    evaluate_seconds: float = 600.0  # between held-out evaluations; 0: none
    evaluate_steps: int = 0  # 0: by the clock only
    clips: int = 8  # held-out clips, the same each time
    clip_seconds: float = 6.0  # at most, from the start of each
    tensorboard: bool = True  # where it is installed

    def __post_init__(self) -> None:
        _demand(self.log_steps > 0, f"checkpoints.log_steps is {self.log_steps}; wanted 1 or more")
        _demand(self.clips > 0, f"checkpoints.clips is {self.clips}; wanted 1 or more")
        _demand(
            self.clip_seconds >= 0.1,
            f"checkpoints.clip_seconds is {self.clip_seconds}; wanted at least 0.1",
        )
        for name in ("every_seconds", "every_steps", "evaluate_seconds", "evaluate_steps"):
            value = getattr(self, name)
            _demand(value >= 0, f"checkpoints.{name} is {value}; wanted 0 or more")

    @property
    def evaluates(self) -> bool:
        return bool(self.evaluate_seconds or self.evaluate_steps)


@dataclass(frozen=True)
class Recipe:
    """All that makes a run, apart from the recordings."""

    name: str
    schedule: Schedule
    codec: CodecTable = CodecTable()
    data: Data = Data()
    augment: Augment = Augment()
    loss: Loss = Loss()
    optimizer: Optimizer = Optimizer()
    adversarial: Adversarial = Adversarial()
    checkpoints: Checkpoints = Checkpoints()
    precision: Literal["fp32", "bf16"] = "fp32"  # bf16: inside the blocks, where the device has it
    average: float = 0.999  # decay of the averaged weights, which are what is shipped
    seed: int = 0

    def __post_init__(self) -> None:
        _demand(0 <= self.average < 1, f"average is {self.average}; wanted 0 or more and below 1")
        _demand(0 <= self.seed < 2**62, f"seed is {self.seed}; wanted 0 or more and below 2**62")
        told = self.adversarial.wanted and self.adversarial.weight + self.adversarial.feature
        _demand(
            any(self.loss.of_sound.values()) or bool(told),
            "the recipe compares no sound, so that nothing is learnt; "
            "set loss.mel, time, low_band or complex above 0",
        )


def read_recipe(source: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Return the recipe in a TOML file, or the bundled one of that name, with overrides put in.

    `overrides` are strings "a.b=c" where c is a TOML value (or plain text). RecipeError names an
    unknown key and the nearest known one; FileNotFoundError lists the bundled recipes.
    """
    path = _find(source)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: is no TOML: {error}") from error
    table.setdefault("name", path.stem)
    for text in overrides:
        _override(table, text)
    return recipe_from(table)


def recipe_from(table: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a table of plain values describes, checked."""
    return fit(Recipe, table, "recipe", RecipeError)


def changes(old: Mapping[str, Any], new: Mapping[str, Any], where: str = "") -> list[str]:
    """Return what differs between two recipes as tables, one `a.b: was -> is` each."""
    found = []
    for key in new.keys() & old.keys():
        pair = old[key], new[key]
        if all(isinstance(side, Mapping) for side in pair):
            found += changes(*pair, f"{where}{key}.")
        elif pair[0] != pair[1]:
            found.append(f"{where}{key}: {pair[0]} -> {pair[1]}")
    return sorted(found)


def bundled() -> list[str]:
    """Return the names of the recipes in the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


_FOLDER = Path(__file__).parent / "recipes"


def _find(source: str | Path) -> Path:
    path = Path(source)
    inside = _FOLDER / f"{source}.toml"
    if path.suffix != ".toml" and inside.is_file():
        return inside
    if path.is_file():
        return path
    raise FileNotFoundError(
        f'no recipe "{source}"; bundled: {", ".join(bundled())}; or give a .toml file'
    )


def _override(table: dict[str, Any], text: str) -> None:
    key, sign, value = text.partition("=")
    *parents, last = key.strip().split(".")
    if not sign or not last:
        raise RecipeError(f'an override reads "a.b=c"; got "{text}"')
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise RecipeError(f"{key} cannot be set: {parent} is a value, not a table")
    try:
        table[last] = tomllib.loads(f"x = {value}")["x"]
    except tomllib.TOMLDecodeError:
        table[last] = value.strip()
