"""Every measure refuses what it is not defined for, in one line that says why."""

import re

import numpy as np
import pytest

from tests.measures.signals import RATE, installed, noise, rate_of, voice
from vocable.errors import MeasureError
from vocable.measures import (
    REGISTRY,
    check_signal,
    delay,
    dnsmos,
    f0,
    log_spectral_distance,
    mcd,
    mel_distance_dac,
    mel_distance_encodec,
    pesq,
    plcmos,
    score,
    segmental_snr,
    si_sdr,
    snr,
    stft_distance_dac,
    stoi,
    visqol,
)

# Every measure by its function, with what its registered name stands for.
FUNCTIONS = {
    "pesq_wb": pesq,
    "pesq_nb": lambda x, y, rate: pesq(x, y, rate, mode="nb"),
    "stoi": stoi,
    "estoi": lambda x, y, rate: stoi(x, y, rate, extended=True),
    "visqol_speech": lambda x, y, rate: visqol(x, y, rate, mode="speech"),
    "visqol_audio": visqol,
    "dnsmos_ovrl": lambda x, y, rate: dnsmos(y, rate).overall,
    "dnsmos_sig": lambda x, y, rate: dnsmos(y, rate).signal,
    "dnsmos_bak": lambda x, y, rate: dnsmos(y, rate).background,
    "dnsmos_p808": lambda x, y, rate: dnsmos(y, rate).p808,
    "plcmos": lambda x, y, rate: plcmos(y, rate),
    "mel_distance_dac": mel_distance_dac,
    "mel_distance_encodec": mel_distance_encodec,
    "stft_distance_dac": stft_distance_dac,
    "log_spectral_distance": log_spectral_distance,
    "mcd": mcd,
    "f0_cents": lambda x, y, rate: f0(x, y, rate).cents,
    "f0_correlation": lambda x, y, rate: f0(x, y, rate).correlation,
    "f0_voicing": lambda x, y, rate: f0(x, y, rate).voicing,
    "si_sdr": si_sdr,
    "snr": snr,
    "segmental_snr": segmental_snr,
}
CALLS = {"delay": lambda x, y, rate: delay(x, y, 100)} | FUNCTIONS
CALLS |= {f"score {name}": lambda x, y, rate, n=name: score(n, x, y, rate) for name in REGISTRY}


def measure_of(call: str):
    return REGISTRY.get(call.removeprefix("score "))


def run(call: str, x, y):
    """Call a measure at its rate; both signals hold as many samples at any."""
    found = measure_of(call)
    return CALLS[call](x, y, rate_of(found) if found else RATE)


def refers(call: str) -> bool:
    found = measure_of(call)
    return found is None or found.reference


def any_lengths(call: str) -> bool:
    found = measure_of(call)
    return found is not None and found.lines_up


def broken(at: int, value: float) -> np.ndarray:
    x = voice()
    x[at] = value
    return x


SOUND = voice(3.0, 48000)  # three seconds at the highest rate, nine at the lowest
BAD = {
    "shape": (voice().reshape(2, -1), r"has shape \(2, 16000\)"),
    "integers": ((voice() * 9999).astype(np.int16), "is int16; pass floats"),
    "text": ("a.wav", "is str; pass floats"),
    "empty": (voice()[:0], "has no samples"),
    "silence": (np.zeros(SOUND.size), "is silent"),
    "nearly silence": (noise(SOUND.size, 1e-11), "is silent"),
    "constant": (np.full(SOUND.size, 0.5), r"is constant \(0.5 throughout\) and holds no sound"),
    "nan": (broken(5, np.nan), "holds 1 NaN or infinite samples, the first at 5"),
    "infinity": (broken(9, -np.inf), "holds 1 NaN or infinite samples, the first at 9"),
}


def test_every_measure_has_its_function():
    assert FUNCTIONS.keys() == REGISTRY.keys()


@pytest.mark.parametrize("fault", BAD)
@pytest.mark.parametrize("call", CALLS)
def test_a_bad_signal_is_refused_on_either_side(call, fault):
    bad, reason = BAD[fault]
    good = SOUND if fault in ("silence", "nearly silence", "constant") else voice()
    sides = {"reference": (bad, good), "degraded": (good, bad)}
    for side, pair in sides.items() if refers(call) else [("degraded", sides["degraded"])]:
        with pytest.raises(MeasureError, match=f"^{side} {reason}") as caught:
            run(call, *pair)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("call", [c for c in CALLS if refers(c) and not any_lengths(c)])
def test_other_lengths_are_refused(call):
    with pytest.raises(MeasureError, match="^reference has 144000 samples but degraded 143999"):
        run(call, SOUND, SOUND[:-1])


@pytest.mark.parametrize("name", REGISTRY)
def test_too_little_is_refused_with_the_least_that_the_table_says(name):
    measure = REGISTRY[name]
    rate, least = rate_of(measure), round(measure.shortest * rate_of(measure))
    if not least:
        return
    x = np.resize(SOUND, least)
    reason = rf"^{name} needs at least {measure.shortest:g} s, got [\d.]+ s; leave this clip out$"
    with pytest.raises(MeasureError, match=reason):
        score(name, x[:-1], x[:-1], rate)
    installed(measure)
    try:
        score(name, x, x, rate)
    except MeasureError as error:  # long enough, but it may hold too little
        assert not re.match(reason, str(error))


@pytest.mark.parametrize("name", [name for name in REGISTRY if REGISTRY[name].longest < 1000])
def test_too_much_is_refused_with_the_most_that_the_table_says(name):
    measure = REGISTRY[name]
    x = np.resize(SOUND, int(measure.longest * rate_of(measure)) + 99)
    with pytest.raises(MeasureError, match=f"^{name} scores at most {measure.longest:g} s"):
        score(name, x, x, rate_of(measure))


@pytest.mark.parametrize("name", REGISTRY)
def test_the_function_is_what_is_registered_and_leaves_its_input_alone(name):
    measure = installed(REGISTRY[name])
    rate = rate_of(measure)
    x = voice(2.0, rate).astype(np.float32)
    y = (x + noise(x.size, 1e-5)).astype(np.float32)
    before = x.copy(), y.copy()
    found = FUNCTIONS[name](x, y, rate)
    assert found == score(name, x, y, rate) == score(name, x.astype(float), y.astype(float), rate)
    assert np.array_equal(x, before[0]) and np.array_equal(y, before[1])


@pytest.mark.parametrize("name", ["stoi", "estoi", "plcmos"])
def test_the_generator_that_packages_draw_from_is_left_as_it_was(name):
    measure = installed(REGISTRY[name])
    np.random.seed(5)
    before = np.random.get_state()[1].copy()
    score(measure, voice(), voice(), RATE)
    assert np.array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (voice().reshape(2, -1), r"signal has shape \(2, 16000\); measure one channel"),
        (np.zeros(9, np.int16), "signal is int16; pass floats"),
        (voice()[:0], "signal has no samples"),
        (broken(7, -np.inf), "signal holds 1 NaN or infinite samples, the first at 7"),
    ],
    ids=["shape", "integers", "empty", "infinity"],
)
def test_a_bad_signal_without_a_reference_is_refused(signal, message):
    with pytest.raises(MeasureError, match=message):
        check_signal(signal)


def test_silence_is_a_signal_though_not_a_sound():
    assert check_signal(np.zeros(3, np.float32)).dtype == np.float64
