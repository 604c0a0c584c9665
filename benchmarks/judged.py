"""Open the codecs that are judged, and list which clips they code under which conditions."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.clips import Clip, read_manifest
from benchmarks.conditions import BABBLE, COMPANY, LEVEL, TELEPHONE
from benchmarks.judging import ITSELF, PEERS, System, Task, load_codec
from benchmarks.scores import MEASURES
from vocable.codecs import Codec

NEAR = 1000.0  # bit/s of the second rate that is judged


@dataclass(frozen=True)
class Judged:
    """A codec, its systems by their number of levels, and the bits per second of each."""

    given: str
    codec: Codec
    systems: dict[int, System]
    rates: dict[int, float]

    @property
    def name(self) -> str:
        """Name and version of its tokens' space, and of its weights if others have the same."""
        return self.full.label.partition(",")[0]

    @property
    def full(self) -> System:
        """All its levels."""
        return self.systems[max(self.systems)]

    @property
    def low(self) -> System:
        """As many levels as come next to 1 kbit/s."""
        return self.systems[min(self.rates, key=lambda n: abs(self.rates[n] - NEAR))]

    def quarters(self) -> list[int]:
        """Return the numbers of levels next to each quarter of all."""
        most = max(self.systems)
        found = [min(self.systems, key=lambda n: abs(4 * n - most * k)) for k in (1, 2, 3, 4)]
        return list(dict.fromkeys(found))


def open_codecs(names: Sequence[str]) -> list[Judged]:
    """Load codecs; those of one name and version are told apart by their weights."""
    codecs = [load_codec(name) for name in names]
    spaces = [codec.spec.space.partition(":")[0] for codec in codecs]
    found = []
    for name, codec, space in zip(names, codecs, spaces, strict=True):
        weights = weights_of(codec)
        label = space if spaces.count(space) == 1 else f"{space} {weights[:6]}"
        tokens = codec.encode(np.zeros(codec.rate, np.float32), rate=codec.rate)
        prefixes = codec.spec.prefixes
        systems = {n: System(f"{label}, {n} levels", name, n, weights) for n in prefixes}
        rates = {n: float(tokens.first(n).bitrate) for n in prefixes}
        found.append(Judged(name, codec, systems, rates))
    return found


def weights_of(codec: Codec) -> str:
    """Return a hash of all weights, the decoder's too."""
    found = hashlib.sha256()
    for key, tensor in sorted(codec.model.state_dict().items()):
        found.update(key.encode() + tensor.cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:12]


@dataclass(frozen=True)
class Plan:
    """The codecs, the clips by set ("speech" is what all else is compared with), and the judges."""

    codecs: Sequence[Judged]
    sets: dict[str, list[Clip]]
    peers: bool
    words: bool
    speaker: bool

    @property
    def complete(self) -> list[System]:
        """Every codec with all its levels."""
        return [judged.full for judged in self.codecs]

    @property
    def anchors(self) -> list[System]:
        """The peers, where they run."""
        return [System(name) for name in PEERS] if self.peers else []

    @property
    def heard(self) -> list[System]:
        """What the two networks listen to."""
        return list(dict.fromkeys((*self.complete, self.codecs[0].low, *self.anchors)))

    def tasks(self) -> list[Task]:
        """Return everything that is to be scored."""
        every = [system for judged in self.codecs for system in judged.systems.values()]
        tasks = self._tasks("scores", "speech", ["clean"], [*every, *self.anchors], MEASURES)
        for name in self.sets:
            if name not in ("speech", "music"):
                tasks += self._tasks("scores", name, ["clean"], self.complete, ("pesq_wb", "stoi"))
        tasks += self._tasks("scores", "speech", LEVEL, self.complete, ("pesq_wb",))
        tasks += self._tasks("scores", "speech", TELEPHONE, self.complete, ("pesq_wb", "stoi"))
        company = ("stoi", "mel_distance_dac")
        tasks += self._tasks("scores", "speech", COMPANY, self.complete, company)
        tasks += self._tasks("scores", "music", ["clean"], self.complete, company)
        if self.words:
            for name in self.sets:
                tasks += self._tasks("words", name, ["clean"], [System(ITSELF), *self.heard])
        if self.speaker:
            tasks += self._tasks("speaker", "speech", ["clean"], self.heard)
        return tasks

    def _tasks(
        self,
        kind: str,
        name: str,
        conditions: Sequence[str] | dict,
        systems: Sequence[System],
        measures: tuple[str, ...] = (),
    ) -> list[Task]:
        clips = self.sets.get(name, [])
        if kind == "words":  # the recogniser knows English only
            clips = [clip for clip in clips if clip.language == "en" and name != "music"]
        return [
            Task(kind, name, condition, clip, tuple(systems), measures, number, others)
            for number, clip in enumerate(clips)
            for others in [others_of(clips, number)]
            for condition in conditions
        ]


def others_of(clips: Sequence[Clip], number: int) -> tuple[Clip, ...]:
    """Return the next clips of other speakers, as many as babble takes."""
    after = [*clips[number + 1 :], *clips[:number]]
    return tuple(clip for clip in after if clip.speaker != clips[number].speaker)[:BABBLE]


def read_sets(
    data: Sequence[Path], foreign: Sequence[Path], music: Sequence[Path], most: int | None
) -> dict[str, list[Clip]]:
    """Return the clips by set; `most` takes so many of each, evenly spaced."""
    sets = {"speech": [clip for source in data for clip in read_manifest(source)]}
    for source in foreign:
        name = (source if source.is_dir() else source.parent).name
        if name in (*sets, "music"):
            raise SystemExit(f"{source}: a set named {name} is there already; rename the folder")
        sets[name] = read_manifest(source)
    if music:
        sets["music"] = [clip for source in music for clip in read_manifest(source)]
    if most:
        sets = {k: v[:: max(1, len(v) // most)][:most] for k, v in sets.items()}
    return sets
