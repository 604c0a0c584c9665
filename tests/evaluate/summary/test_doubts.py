"""Doubts: each is raised where it should be, and nowhere else."""

import pytest

from tests.evaluate.summary.made_up_studies import noise, result, scored, study
from vocable.evaluate.summary import summarise
from vocable.evaluate.sweep import Study

FINE = {"original": [4.64] * 12, "a": 2 + noise(12), "b": 3 + noise(12, 1)}


def doubts(found: Study) -> list[tuple[str, str]]:
    return [(each.system, each.reason) for each in summarise(found).doubts]


def test_a_sound_study_raises_none():
    assert doubts(scored(FINE)) == []


def test_few_speakers():
    results = [result("a", n, scores={"pesq_wb": 2.0 + n / 100}) for n in range(12)]
    expected = "3 speakers, or recordings by themselves: intervals are a guess below 10"
    assert doubts(study(results)) == [("", expected)]


def family(**rates: float) -> dict[str, dict]:
    return {name: {"family": "codec", "bits": 2.0 * rate} for name, rate in rates.items()}


def test_quality_that_falls_with_the_bitrate():
    scores = {**FINE, "a": FINE["b"], "b": FINE["a"]}
    expected = "worse than a, which has a lower bitrate, by pesq_wb"
    assert doubts(scored(scores, **family(a=1000, b=1500))) == [("b", expected)]
    assert not doubts(scored(scores, **family(a=1500, b=1000)))


def test_a_distance_falls_with_quality():
    scores = {"original": [0.0] * 12, "a": FINE["a"], "b": FINE["b"]}
    worse = ("b", "worse than a, which has a lower bitrate, by mel_distance_dac")
    assert doubts(scored(scores, "mel_distance_dac", **family(a=1000, b=1500))) == [worse]
    assert not doubts(scored(scores, "mel_distance_dac", **family(a=1500, b=1000)))


def test_quality_that_is_flat_over_a_doubling():
    scores = {**FINE, "b": FINE["a"] + noise(12, 5, 0.01)}
    expected = "not surely better than a at half the bitrate by pesq_wb"
    assert doubts(scored(scores, **family(a=1000, b=2000))) == [("b", expected)]
    assert not doubts(scored(scores, **family(a=1000, b=1900)))


def test_other_families_may_be_worse_at_a_higher_bitrate():
    known = {"a": {"bits": 9000.0}, "b": {"bits": 1000.0}}
    assert not doubts(scored(FINE, **known))


def test_delays_that_are_not_made_good():
    known = {"delay": 0.0}
    results = [result("a", n, speaker=f"s{n}", **known) for n in range(10)]
    results += [result("a", n, speaker=f"s{n}", delay=-0.08) for n in (10, 11)]
    expected = (
        "2 of 12 recordings come more than 50 ms late or early, which is not made good; the median "
        "of those is -80 ms"
    )
    assert doubts(study(results, ())) == [("a", expected)]


def test_a_measure_that_is_used_up():
    scores = {**FINE, "a": 4.6 + noise(12, 0, 0.001), "b": 4.62 + noise(12, 1, 0.001)}
    expected = (
        "pesq_wb cannot tell a, b apart: they lie within 2% of the scale from the recordings "
        "themselves, or beyond them"
    )
    assert doubts(scored(scores)) == [("", expected)]
    assert not doubts(scored({**FINE, "b": scores["b"]}))


def test_what_beats_the_recordings_themselves():
    scores = {"original": 3 + noise(12), "lowpass": 3.4 + noise(12, 1), "a": 2 + noise(12, 2)}
    known = {"lowpass": {"family": "control"}}
    expected = "dnsmos_ovrl: better than the recordings themselves: lowpass"
    assert doubts(scored(scores, "dnsmos_ovrl", **known)) == [("", expected)]


@pytest.mark.parametrize(
    ("measure", "value", "reason"),
    [
        ("pesq_wb", 4.2, "pesq_wb gives the recordings themselves 4.20 MOS-LQO, not 4.64 MOS-LQO"),
        (
            "mel_distance_dac",
            0.01,
            "mel_distance_dac gives the recordings themselves 0.010 log10, not 0.000 log10",
        ),
    ],
)
def test_originals_that_are_not_perfect(measure, value, reason):
    assert ("", reason) in doubts(scored({"original": [value] * 12}, measure))


def test_measures_without_a_reference_need_no_perfect_originals():
    assert not doubts(scored({"original": 3 + noise(12), "a": 2 + noise(12)}, "dnsmos_ovrl"))


def test_what_lacks_values():
    scores = {**FINE, "a": [2.0] * 10 + [None] * 2}
    expected = "pesq_wb of 10 of 12 recordings alone: no reason is known"
    assert doubts(scored(scores)) == [("a", expected)]
    assert not doubts(scored({**FINE, "a": [*FINE["a"][:11], None]}))


def test_what_made_nothing():
    results = [result("a", n, speaker=f"s{n}") for n in range(11)]
    results += [result("a", 11, speaker="s11", fault="OSError: gone")]
    expected = "nothing of 1 of 12 recordings; 1: OSError: gone"
    assert doubts(study(results, ())) == [("a", expected)]


def test_scores_that_no_recording_has():
    scores = [{"stoi": 0.2, "pesq_wb": 1.5}, {"stoi": 0.2, "pesq_wb": 1.3}] * 6
    results = [result("a", n, speaker=f"s{n}", scores=each) for n, each in enumerate(scores)]
    (found,) = doubts(study(results, ("stoi", "pesq_wb")))
    assert found[1].startswith(
        "6 recordings, as clip0, have a STOI below 0.3 with a PESQ above 1.4"
    )


def test_bits_that_nobody_knows():
    known = {name: {"bits": None} for name in FINE}
    expected = "its bits are not known, so neither is its bitrate"
    assert doubts(scored(FINE, **known)) == [("a", expected), ("b", expected)]


def test_a_recogniser_that_mishears_the_originals():
    results = [result("original", n, speaker=f"s{n}", words={"ear": "one two"}) for n in range(12)]
    texts = {f"{n:016x}": "one two three four" for n in range(12)}
    (found,) = doubts(study(results, (), texts=texts))
    assert found[1].startswith("ear has 50% of the words wrong in the recordings themselves")
    assert not doubts(study(results, (), texts={key: "one two" for key in texts}))


def test_an_embedding_that_confuses_speakers():
    results = [
        result(
            "original", n, speaker=f"s{n // 2}", voice={"ear": [float(n % 2), float(n % 2 == 0)]}
        )
        for n in range(24)
    ]
    (found,) = doubts(study(results, ()))
    assert found[1].startswith("ear confuses ")
    alone = [result("original", n, speaker=f"s{n}", voice={"ear": [1.0, 0.0]}) for n in range(12)]
    (found,) = doubts(study(alone, ()))
    assert found[1] == "ear cannot be checked: no two speakers, one of them with two recordings"


def test_one_doubt_names_a_handful_of_systems():
    scores = {"original": [4.64] * 12, **{f"s{k}": [4.6] * 12 for k in range(8)}}
    (found,) = doubts(scored(scores))
    assert "s0, s1, s2, s3, s4 and 3 more apart" in found[1]
