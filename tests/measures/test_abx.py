"""ABX: against its definition by brute force, worked examples, laws, slicing, refusals."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from vocable.errors import MeasureError
from vocable.measures import Saying, abx, sayings_of
from vocable.measures.warping import warped_distances


def distance(x, y) -> float:
    """The definition, by going back from the end: the diagonal first, then y, then x."""

    def frame(u, v):
        if np.ndim(u) == 0:
            return float(u != v)
        cosine = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
        return 0.0 if np.array_equal(u, v) else float(np.arccos(np.clip(cosine, -1, 1)) / np.pi)

    table = np.full((len(x) + 1, len(y) + 1), np.inf)
    table[0, 0] = 0
    for i, j in product(range(len(x)), range(len(y))):
        table[i + 1, j + 1] = frame(x[i], y[j]) + min(table[i, j], table[i + 1, j], table[i, j + 1])
    i, j, steps = len(x), len(y), 1
    while (i, j) != (1, 1):
        diagonal, left, up = table[i - 1, j - 1], table[i, j - 1], table[i - 1, j]
        if diagonal <= left and diagonal <= up:
            i, j = i - 1, j - 1
        elif left <= up:
            j -= 1
        else:
            i -= 1
        steps += 1
    return table[-1, -1] / steps


def brute(sayings, across=False, in_context=True) -> tuple[float, int, int]:
    """The error by looking at every triple: mean over contexts and x's speaker, speakers, pairs."""
    far = {(i, j): distance(sayings[min(i, j)].frames, sayings[max(i, j)].frames)
           for i, j in product(range(len(sayings)), repeat=2)}  # fmt: skip
    cells: dict = {}
    for (i, a), (j, b), (k, x) in product(enumerate(sayings), repeat=3):
        contexts = {(s.before, s.after) for s in (a, b, x)} if in_context else {0}
        if a.phone != x.phone or a.phone == b.phone or i == k or len(contexts) > 1:
            continue
        if a.speaker != b.speaker or (a.speaker != x.speaker) != across:
            continue
        wrong = 0.5 * (1 + np.sign(far[k, i] - far[k, j]))
        context = (a.before, a.after) if in_context else ()
        cells.setdefault((a.phone, b.phone), {}).setdefault(a.speaker, {}).setdefault(
            (context, x.speaker), []
        ).append(wrong)
    means = [
        np.mean([np.mean([np.mean(c) for c in by.values()]) for by in speakers.values()])
        for speakers in cells.values()
    ]
    count = sum(len(c) for s in cells.values() for by in s.values() for c in by.values())
    return float(np.mean(means)), len(means), count


def drawn(count: int, kind: str, seed: int = 0) -> list[Saying]:
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        phone = random.choice(["a", "e", "i"])
        length = random.integers(1, 5)
        if kind == "codes":
            frames = random.integers(0, 3, length) + (phone == "a")
        else:
            frames = random.standard_normal((length, 4)) + np.eye(4)["aei".index(phone)]
        who, before = random.choice(["p", "q", "r"]), random.choice(["s", "t"])
        found.append(Saying(frames, str(phone), str(who), str(before), "z"))
    return found


def ordered(sayings: list[Saying], across: bool, in_context: bool) -> list[Saying]:
    """As the table of distances orders them: ties between steps sideways depend on it."""
    keys = [(s.before, s.after) * in_context + (s.speaker,) * (not across) for s in sayings]
    sayings = [sayings[k] for k in sorted(range(len(sayings)), key=keys.__getitem__)]
    return sayings


@pytest.mark.parametrize("in_context", [True, False])
@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("kind", ["codes", "vectors"])
def test_the_error_is_that_of_the_definition(kind, across, in_context):
    sayings = ordered(drawn(36, kind), across, in_context)
    how = {"across": across, "in_context": in_context}
    found = abx(sayings, **how, most=None, most_speakers=None)
    assert (found.error, found.pairs, found.triples) == pytest.approx(brute(sayings, **how))
    assert 0 < found.error < 0.6


@pytest.mark.parametrize("kind", ["codes", "vectors"])
def test_distances_are_those_of_the_definition(kind):
    frames = [saying.frames for saying in drawn(20, kind, seed=3)]
    found = warped_distances(frames)
    assert np.array_equal(found, found.T) and not np.diag(found).any()
    for i, j in product(range(20), repeat=2):
        assert found[i, j] == pytest.approx(distance(*(frames[k] for k in sorted((i, j)))))


def test_a_worked_path():
    """Codes 1 2 2 against 1 2: two pairs equal, the third too, three steps; against 1 3: 2 of 3."""
    found = warped_distances([np.array([1, 2, 2]), np.array([1, 2]), np.array([1, 3])])
    assert found.tolist() == [[0, 0, 2 / 3], [0, 0, 1 / 2], [2 / 3, 1 / 2, 0]]


def test_perpendicular_vectors_lie_half_apart_and_length_does_not_matter():
    found = warped_distances([np.eye(2)[:1], 7 * np.eye(2)[1:], -3 * np.eye(2)[:1]])
    assert found[0] == pytest.approx([0, 0.5, 1])


def test_phones_of_one_code_each_are_told_apart_and_equal_ones_by_chance():
    told = [Saying(np.full(n, p), str(p), "s") for p in (1, 2) for n in (2, 3, 4)]
    assert abx(told).error == 0
    equal = [Saying(np.ones(3, int), phone, "s") for phone in "aabb"]
    assert abx(equal).error == 0.5
    codes = zip("aabb", (1, 2, 1, 2), strict=True)
    crossed = [Saying(np.array([code]), phone, "s") for phone, code in codes]
    assert abx(crossed).error == 0.75  # the other a is far, one b is near, the other far


def test_noise_does_not_help_vectors():
    sayings, random = drawn(60, "vectors"), np.random.default_rng(0)
    noise = [random.standard_normal(saying.frames.shape) for saying in sayings]

    def noisy(size: float) -> float:
        pairs = zip(sayings, noise, strict=True)
        return abx([replace(s, frames=s.frames + size * n) for s, n in pairs]).error

    errors = [noisy(size) for size in (0, 2, 20)]
    assert errors[0] < errors[1] < 0.6 and errors[2] == pytest.approx(0.5, abs=0.12)


def test_a_frequent_phone_does_not_outweigh_the_others():
    """Means are of pairs of phones: 60 easy sayings more of one pair change nothing."""
    few = [Saying(np.array([c]), p, "s") for p, c in [("a", 1), ("a", 2), ("b", 1), ("b", 2)]]
    few += [Saying(np.array([9]), p, "s", "other") for p in ("c", "c", "d", "d")]
    more = few + [Saying(np.array([9]), p, "s", "other") for p in "cd" * 30]
    assert abx(few, most=None).error == abx(more, most=None).error == (0.75 + 0.5) / 2


def test_at_most_so_many_are_drawn_and_the_seed_says_which():
    sayings = drawn(150, "codes")
    small = abx(sayings, most=3, in_context=False)
    assert small.triples < abx(sayings, most=None, in_context=False).triples
    assert small == abx(sayings, most=3, in_context=False)
    assert small != abx(sayings, most=3, in_context=False, seed=1)
    speakers = [abx(sayings, across=True, most_speakers=n).triples for n in (1, 2, None)]
    assert speakers[0] < speakers[1] == speakers[2]


def test_frames_are_those_whose_middle_lies_in_the_phone():
    """Ten frames a second: middles at 0.05, 0.15, …; a bound on a middle takes it."""
    spans = [(0.0, 0.15, "a"), (0.15, 0.31, "b"), (0.31, 0.34, "c"), (0.34, 2.0, "d")]
    found = sayings_of(np.arange(6), spans, 10, "s")
    assert [(s.phone, s.frames.tolist()) for s in found] == [
        ("a", [0, 1]),
        ("b", [1, 2]),
        ("d", [3, 4, 5]),
    ]
    assert [(s.before, s.after) for s in found] == [("", "b"), ("a", "c"), ("c", "")]
    left = sayings_of(np.arange(6), spans, 10, "s", without=["a", "d"])
    assert [(s.phone, s.before) for s in left] == [("b", "a")]


def test_triphones_have_the_frames_of_all_three_phones():
    """Ten frames a second; "c" is silence, and before "e" there is a gap."""
    spans = [
        *((0.0, 0.2, "a"), (0.2, 0.4, "b"), (0.4, 0.6, "a"), (0.6, 0.8, "c"), (0.8, 1.0, "d")),
        *((1.1, 1.3, "e"), (1.3, 1.5, "f"), (1.5, 1.7, "x")),
    ]
    cut = {"rate": 10, "speaker": "s", "without": ["c"], "triphones": True}
    found = sayings_of(np.arange(17), spans, **cut)
    assert [(s.before, s.phone, s.after, s.frames.tolist()) for s in found] == [
        ("a", "b", "a", [0, 1, 2, 3, 4, 5]),
        ("e", "f", "x", [11, 12, 13, 14, 15, 16]),
    ]
    shorter = sayings_of(np.arange(17), spans, **cut, slicing="libri-light")
    assert [s.frames.tolist() for s in shorter] == [[0, 1, 2, 3, 4], [11, 12, 13, 14, 15]]


@pytest.mark.parametrize("slicing", ["whole", "libri-light"])
@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("kind", ["codes", "vectors"])
def test_the_error_of_triphones_is_that_of_the_definition(kind, across, slicing):
    """Frames, contexts and triples of three recordings by hand, with silence and a gap in them."""
    random = np.random.default_rng(4)
    found, wanted = [], []
    for speaker in "pqr":
        phones = random.choice(list("ae_"), 24, p=[0.45, 0.45, 0.1])
        edges = np.cumsum([0, *random.integers(1, 3, 24)])  # in frames of 20 ms
        late = np.where(np.arange(24) > 12, 1, 0)  # a gap of a frame behind phone 12
        spans = [((a + g) / 50, (b + g) / 50, str(p)) for a, b, p, g
                 in zip(edges, edges[1:], phones, late, strict=False)]  # fmt: skip
        codes = random.integers(0, 4, edges[-1] + 1)
        frames = codes if kind == "codes" else np.eye(4)[codes] + random.random((len(codes), 4))
        found += sayings_of(frames, spans, 50, speaker, ["_"], slicing, triphones=True)
        for k in range(1, 23):
            if "_" in phones[k - 1 : k + 2] or k in (12, 13):
                continue
            part = frames[edges[k - 1] + late[k - 1] : edges[k + 2] + late[k + 1]]
            part = part[: len(part) - (slicing == "libri-light")]
            context = str(phones[k - 1]), str(phones[k + 1])
            wanted.append(Saying(part, str(phones[k]), speaker, *context))
    wanted = ordered(wanted, across, in_context=True)
    score = abx(found, across=across, most=None, most_speakers=None)
    assert (score.error, score.pairs, score.triples) == pytest.approx(brute(wanted, across))
    assert score.pairs == 2 and score.triples > 50


def test_times_with_few_digits_hit_the_middles_that_they_mean():
    assert len(sayings_of(np.arange(99), [(0.01, 0.29, "a")], 50, "s")[0].frames) == 15
    assert len(sayings_of(np.ones((99, 2)), [(0.07, 0.15, "a")], 100 / 3, "s")[0].frames) == 3


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (np.ones(3), "got float64 of shape"),
        (np.ones((3, 2), int), "got int64 of shape"),
        (np.zeros((3, 2)), "0 or not finite"),
        (np.full((3, 2), np.nan), "0 or not finite"),
        (np.zeros(0, int), "a saying of a has no frames"),
        ([[1], [1, 2]], "frames are not an array"),
    ],
)
def test_frames_without_a_distance_are_refused(frames, message, untyped):
    with pytest.raises(MeasureError, match=message):
        abx([Saying(frames, "a", "s")])


def test_what_makes_no_triple_is_refused():
    codes = [Saying(np.ones(2, int), phone, "s") for phone in "abc"]
    with pytest.raises(MeasureError, match="two phones by one speaker in one context, one of them"):
        abx(codes)
    with pytest.raises(MeasureError, match="by two speakers, one of them twice"):
        abx(codes * 2, across=True, in_context=False)
    with pytest.raises(MeasureError, match="all be codes, or all vectors"):
        abx([*codes, Saying(np.ones((2, 3)), "a", "s")])


def corpus() -> list[tuple[str, list, np.ndarray, np.ndarray]]:
    """Speakers, phones in seconds, and vectors and codes at 50 a second that half follow them."""
    random = np.random.RandomState(5)
    found = []
    for number in range(6):
        ends = np.cumsum(random.randint(400, 1300, size=30)) / 10_000
        phones = random.choice(list("aeio"), 30)
        starts = [0.0, *ends[:-1]]
        spans = [
            (round(float(a), 4), round(float(b), 4), str(p))
            for a, b, p in zip(starts, ends, phones, strict=True)
        ]
        middles = (np.arange(int(ends[-1] * 50) + 1) + 0.5) / 50
        said = ["aeio".index(phones[min(29, np.searchsorted(ends, t))]) for t in middles]
        vectors = random.standard_normal((len(said), 6)) + 1.2 * np.eye(6)[said]
        codes = np.where(random.rand(len(said)) < 0.5, said, random.randint(0, 8, len(said)))
        found.append((f"speaker {number % 3}", spans, vectors, codes))
    return found


@pytest.mark.parametrize(
    ("kind", "across", "in_context", "published", "within"),
    [
        ("vectors", False, True, 0.204599, 2e-6),
        ("vectors", False, False, 0.224365, 2e-6),
        ("vectors", True, True, 0.210585, 2e-6),
        ("vectors", True, False, 0.231285, 2e-6),
        ("codes", False, True, 0.182339, 2e-6),
        ("codes", True, True, 0.201049, 2e-6),
        # ties of a step in either sequence fall by which comes first, and fastabx has x there
        ("codes", False, False, 0.154706, 5e-5),
        ("codes", True, False, 0.164266, 5e-5),
    ],
)
def test_the_error_is_that_of_fastabx(kind, across, in_context, published, within):
    """What fastabx 0.9.0 gives for these times and frames, in single precision, nothing drawn."""
    sayings = []
    for speaker, spans, vectors, codes in corpus():
        frames = vectors if kind == "vectors" else codes
        sayings += sayings_of(frames, spans, 50, speaker)
    found = abx(sayings, across=across, in_context=in_context, most=None, most_speakers=None)
    assert found.error == pytest.approx(published, abs=within)
