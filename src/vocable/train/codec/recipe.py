"""The recipe of a codec: which codec, what it is trained on, and by which losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from vocable.train.checks import check
from vocable.train.data.tables import Augment, Data
from vocable.train.optim import AdamW, Optimizer
from vocable.train.recipe import Checkpoints, Recipe

Rule = Literal["hinge", "least_squares"]


def _check_windows(windows: Sequence[int], name: str, lowest: int = 4) -> None:
    check(
        all(lowest <= window <= 65_536 for window in windows),
        f"{name} is {list(windows)}; wanted {lowest} to 65536 samples each",
    )


@dataclass(frozen=True, kw_only=True)
class CodecTable:
    """What is trained."""

    architecture: str = ""  # a name in vocable.codecs; with `start` of another decoder for it
    # overrides of the architecture's config; with `start` of what concerns the decoder only
    config: dict[str, Any] = field(default_factory=dict)
    start: str = ""  # fine-tune this codec: a bundled name or a folder
    unit_variance: bool = False  # scale the layers of a new codec by a first batch (LSUV)
    freeze: tuple[str, ...] = ()  # parts kept as they are: "encoder", "quantizer", "decoder"
    name: str = ""  # of the exported codec; empty: the recipe's name
    version: str = "1"  # of its token space
    licence: str = ""  # of the weights, for the model's config.json; empty: that of `start`


@dataclass(frozen=True, kw_only=True)
class CodecData(Data):
    """How segments are drawn, and how many of them a codec is prepared with."""

    prepare_seconds: float = (
        2000.0  # of segments for the `prepare` of its model, which uses no gradients
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check(
            self.prepare_seconds > 0,
            f"data.prepare_seconds is {self.prepare_seconds}; wanted more than 0",
        )


@dataclass(frozen=True, kw_only=True)
class CodecCheckpoints(Checkpoints):
    """When a run is saved, logged and evaluated, and on which held-out clips."""

    clips: int = 8  # held-out clips, the same each time
    clip_seconds: float = 6.0  # at most, from the start of each

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.clips > 0, f"checkpoints.clips is {self.clips}; wanted 1 or more")
        check(
            self.clip_seconds >= 0.1,
            f"checkpoints.clip_seconds is {self.clip_seconds}; wanted at least 0.1",
        )


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Weights of the losses (0: not computed) and their resolutions."""

    time: float = 0.0  # L1 of the samples
    mel: float = 1.0  # L1 of log mel bands, mean over the windows
    low_band: float = 0.0  # L1 of log magnitudes of the bins below `low_band_hz`, mean as above
    complex: float = 0.0  # L1 of the complex spectrum, mean as above
    spectral: float = 0.0  # distance of mel bands and of their logarithms (SoundStream, EnCodec)
    pesq: float = 0.0  # what PESQ-WB would take off, of a segment and half a frame's mean; 16 kHz
    level: float = 0.0  # difference of the levels of a segment, dB
    balance: bool = False  # weights are shares of the gradient at the output (EnCodec's balancer)
    codec: dict[str, float] = field(  # losses that the codec itself reports, by name
        default_factory=lambda: {"commitment": 1.0, "codebook": 1.0}
    )
    mel_windows: tuple[int, ...] = (512, 2048, 256)  # samples; the hop is a quarter
    mel_bands: tuple[int, ...] = (80, 160, 40)  # one a window
    low_band_windows: tuple[int, ...] = (512, 1024)  # samples
    low_band_hz: float = 1250.0
    complex_windows: tuple[int, ...] = (512,)  # samples
    spectral_windows: tuple[int, ...] = (64, 128, 256, 512, 1024, 2048)  # samples
    spectral_bands: int = 64  # at every window
    spectral_power: float = 0.5  # logarithms weigh (window / 2) to this: SoundStream; EnCodec: 0
    floor: float = 1e-3  # of a magnitude, before the logarithm

    def __post_init__(self) -> None:
        check(
            len(self.mel_windows) == len(self.mel_bands),
            "loss.mel_windows and loss.mel_bands need one number each for every resolution",
        )
        for name in ("mel", "low_band", "complex", "spectral"):
            windows = getattr(self, f"{name}_windows")
            _check_windows(windows, f"loss.{name}_windows")
            check(
                bool(windows or not getattr(self, name)),
                f"loss.{name}_windows is empty; wanted one window or more, or loss.{name} = 0",
            )
        check(
            all(n > 0 for n in self.mel_bands),
            f"loss.mel_bands is {list(self.mel_bands)}; wanted at least 1 a window",
        )
        check(
            self.spectral_bands > 0,
            f"loss.spectral_bands is {self.spectral_bands}; wanted at least 1",
        )
        check(self.low_band_hz > 0, f"loss.low_band_hz is {self.low_band_hz}; wanted above 0")
        check(self.floor > 0, f"loss.floor is {self.floor}; wanted above 0")
        for name, weight in {**self.reconstruction, **self.codec}.items():
            check(weight >= 0, f"loss weight {name} is {weight}; wanted 0 or more")

    @property
    def reconstruction(self) -> dict[str, float]:
        """The weights of the losses that compare the output with the input."""
        names = ("time", "mel", "low_band", "complex", "spectral", "pesq", "level")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, kw_only=True)
class Adversarial:
    """Discriminators trained against the codec: as many as are named, none by default."""

    scales: int = 0  # of the waveform, at 1, 1/2, 1/4 … of its rate (MelGAN, SoundStream)
    periods: tuple[int, ...] = ()  # samples (HiFi-GAN, DAC)
    windows: tuple[int, ...] = ()  # of spectra, samples (EnCodec)
    band_windows: tuple[int, ...] = ()  # of spectra in five bands, samples (DAC)
    residual_windows: tuple[int, ...] = ()  # of spectra in residual units, samples (SoundStream)
    channels: int = 16  # of each one's first layer, a multiple of 4
    normalise: bool = False  # whether they hear all at one level, without offset (DAC)
    rule: Rule = "hinge"  # what scores cost
    weight: float = 1.0  # of that cost
    feature: float = 2.0  # weight of the distance of their feature maps
    relative: bool = True  # whether that is relative to the size of the map (EnCodec; DAC: not)
    update: float = 1.0  # share of the steps in which they learn too
    optimizer: Optimizer = AdamW(lr=3e-4, betas=(0.8, 0.99))

    def __post_init__(self) -> None:
        check(
            self.channels > 0 and self.channels % 4 == 0,
            f"adversarial.channels is {self.channels}; wanted a multiple of 4",
        )
        check(0 <= self.scales <= 8, f"adversarial.scales is {self.scales}; wanted 0 to 8")
        check(
            all(1 <= period <= 1000 for period in self.periods),
            f"adversarial.periods is {list(self.periods)}; wanted 1 to 1000 samples each",
        )
        for name in ("windows", "band_windows", "residual_windows"):
            lowest = 32 if name == "band_windows" else 4  # a bin in each of five bands
            _check_windows(getattr(self, name), f"adversarial.{name}", lowest)
        check(0 < self.update <= 1, f"adversarial.update is {self.update}; wanted above 0, up to 1")
        check(
            self.weight >= 0 and self.feature >= 0,
            f"adversarial.weight is {self.weight} and feature {self.feature}; wanted 0 or more",
        )

    @property
    def enabled(self) -> bool:
        """Whether there is a discriminator at all."""
        spectra = self.windows or self.band_windows or self.residual_windows
        return bool(self.scales or self.periods or spectra)

    @property
    def undecided(self) -> float:
        """The discriminators' loss while they cannot tell decoded from real audio."""
        return 2.0 if self.rule == "hinge" else 0.5


@dataclass(frozen=True, kw_only=True)
class Distil:
    """What level 0 learns of a teacher, beside sound; nothing without one."""

    teacher: str = ""  # "units-16k", or an encoder's name, folder or file
    layer: int = 0  # the block of the teacher whose output is learnt, from 1; 0 its first input
    form: Literal["level", "branch", "input"] = "level"  # of SpeechTokenizer, Mimi, X-Codec
    weight: float = 1.0
    width: int = 0  # channels of the teacher's frames; 0: found when a run begins

    def __post_init__(self) -> None:
        check(self.layer >= 0, f"distil.layer is {self.layer}; wanted 0 or more")
        check(self.weight >= 0, f"distil.weight is {self.weight}; wanted 0 or more")


@dataclass(frozen=True, kw_only=True)
class Factors:
    """What the parts of FACodec learn and forget, beside sound; nothing without content."""

    content: str = ""  # "phones", which the manifest states, or a tokenizer of units: "units-16k"
    pitch: float = 1.0  # weights: of pitch in prosody,
    phone: float = 1.0  # of phones or units in content,
    speaker: float = 1.0  # of speakers in timbre, and of each where it must not be
    reversal: float = 1.0  # times the gradient of what must not be there, turned round
    phones: int = 0  # how many there are, or units; 0: found when a run begins
    speakers: int = 0  # likewise

    def __post_init__(self) -> None:
        for name in ("pitch", "phone", "speaker", "reversal", "phones", "speakers"):
            value = getattr(self, name)
            check(value >= 0, f"factors.{name} is {value}; wanted 0 or more")

    @property
    def weights(self) -> dict[str, float]:
        """The weight of every loss, by its name."""
        return {
            "pitch": self.pitch,
            "pitch_in_content": self.pitch,
            "pitch_in_detail": self.pitch,
            "phone": self.phone,
            "phone_in_prosody": self.phone,
            "phone_in_detail": self.phone,
            "speaker": self.speaker,
            "speaker_in_codes": self.speaker,
        }


@dataclass(frozen=True, kw_only=True)
class CodecRecipe(Recipe):
    """All that makes a codec's run, apart from the recordings."""

    task: str = "codec"
    codec: CodecTable = CodecTable()
    data: CodecData = CodecData()
    augment: Augment = Augment()
    loss: Loss = Loss()
    distil: Distil = Distil()
    factors: Factors = Factors()
    adversarial: Adversarial = Adversarial()
    checkpoints: CodecCheckpoints = CodecCheckpoints()
    precision: Literal["fp32", "bf16"] = "fp32"  # bf16: inside the blocks, where it is faster

    def __post_init__(self) -> None:
        super().__post_init__()
        adversarial = (
            self.adversarial.enabled and self.adversarial.weight + self.adversarial.feature
        )
        compared = any(self.loss.reconstruction.values()) or self.loss.codec.get("flow")
        check(
            bool(compared or adversarial),
            "the recipe does not compare output and input, so that nothing is learnt; "
            "set loss.mel, time, low_band, complex, spectral or pesq above 0",
        )
        check(
            not self.loss.pesq or self.data.segment >= 0.032,
            f"data.segment is {self.data.segment} s; loss.pesq wants at least 0.032",
        )
        check(
            self.factors.content != "phones" or self.augment.trim_db is None,
            "augment.trim_db cuts recordings, and their phones would be late; leave it out",
        )

    @property
    def loss_weights(self) -> dict[str, float]:
        """The weight of every loss, by the name that the log has for it."""
        distil = {"distil": self.distil.weight} if self.distil.teacher else {}
        return {
            **self.loss.reconstruction,
            "adversarial": self.adversarial.weight,
            "feature": self.adversarial.feature,
            **self.loss.codec,
            **distil,
            **(self.factors.weights if self.factors.content else {}),
        }
