"""Making a test: what is in the folder, that it gives nothing away, and what is refused."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.evaluate.listening.made_up import RATE, a_test, changed, sound, trial
from vocable import Audio, MeasureError
from vocable.evaluate.listening import Trial, find_trials, make_test
from vocable.evaluate.listening.key import Key


def settings(folder: Path) -> dict:
    """What the page knows of its trials."""
    found = re.search(r"^const TEST = (.+);$", (folder / "index.html").read_text(), re.M)
    return json.loads(found[1])


def sounds(folder: Path, trial: str) -> dict[str, bytes]:
    """The files of a trial by id, in the order of the script."""
    script = (folder / "sounds" / f"{trial}.js").read_text()
    found = re.fullmatch(r'receive\("(\w+)", (.+)\);\n', script)
    assert found[1] == trial
    return {each: base64.b64decode(text) for each, text in json.loads(found[2]).items()}


def test_the_folder_holds_all_that_the_page_needs_and_not_the_key(tmp_path):
    folder, key = a_test(tmp_path)
    page = settings(folder)
    trials = [page["practice"], *page["trials"]]
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {"index.html", *(f"sounds/{each['id']}.js" for each in trials)}
    assert {each["id"] for each in page["trials"]} == key.trials.keys()
    assert page["test"] == key.test and (tmp_path / "test-key.json").exists()
    for each in trials:
        assert {each["reference"], *each["stimuli"]} == sounds(folder, each["id"]).keys()


def test_the_page_asks_for_nothing_from_elsewhere(tmp_path):
    page = (a_test(tmp_path)[0] / "index.html").read_text()
    assert not re.search(r"https?://|@import|url\(|fetch\(|XMLHttpRequest|sendBeacon", page)
    assert not re.search(r"userAgent|navigator|document\.cookie", page)
    assert "/* style */" not in page and "/* script */" not in page


def test_nothing_says_what_a_stimulus_is(tmp_path):
    folder, key = a_test(tmp_path, 3)
    text = "".join(path.read_text() for path in folder.rglob("*.*"))
    for name in ("mild", "noisy", "clip 1", "anchor"):
        assert name not in text
    for page in settings(folder)["trials"]:
        found = sounds(folder, page["id"])
        assert page["stimuli"] == sorted(page["stimuli"]) and list(found) == sorted(found)
        assert {len(each) for each in [*page["stimuli"], page["reference"]]} == {12}
        assert len({len(data) for data in found.values()}) == 1  # sizes
        assert len({data[:44] for data in found.values()}) == 1  # heads
        assert len(set(found.values())) == len(found)  # nor is one the open reference's bytes


def test_the_hidden_reference_is_the_open_one_but_for_dither(tmp_path):
    folder, key = a_test(tmp_path, 1)
    (page,) = settings(folder)["trials"]
    found = {
        each: np.frombuffer(data[44:], "<i2").astype(int)
        for each, data in sounds(folder, page["id"]).items()
    }
    stimuli = key.trials[page["id"]].stimuli
    apart = {
        stimuli[each]: np.abs(found[each] - found[page["reference"]]).max() for each in stimuli
    }
    assert apart.pop("reference") <= 3 < min(apart.values())


def test_ids_are_new_in_every_test(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = (a_test(tmp_path / each)[1] for each in "ab")
    assert first.test != second.test and not first.trials.keys() & second.trials.keys()


def test_the_key_says_what_each_stimulus_is(tmp_path):
    folder, key = a_test(tmp_path)
    assert key.systems == ("reference", "anchor 3.5 kHz", "anchor 7 kHz", "mild", "noisy")
    assert sorted(keyed.name for keyed in key.trials.values()) == ["clip 0", "clip 1"]
    for keyed in key.trials.values():
        assert set(keyed.stimuli.values()) == set(key.systems) == keyed.gains.keys()
        assert keyed.delays == {"mild": 0.0, "noisy": 0.0}


def test_progress_is_the_share_of_trials_done(tmp_path):
    shares: list[float] = []
    make_test(tmp_path / "test", [trial(0), trial(1)], progress=shares.append)
    assert shares == [0, 0.5]


def test_a_trial_that_cannot_be_made_is_left_out_and_named(tmp_path):
    silent = Audio(np.zeros(24_000, np.float32), RATE)
    trials = [
        trial(0, mild=sound(0)), trial(1, mild=silent), trial(2, mild=sound(2)),
        Trial("clip 3", tmp_path / "none.wav", {"mild": sound()}),
    ]  # fmt: skip
    made = make_test(tmp_path / "test", trials)
    assert made.trials == 2
    (second, fourth) = made.refusals
    assert str(second).startswith("clip 1: mild: what it made is silent")
    assert str(fourth).startswith("clip 3: FileNotFoundError: ")


def test_nothing_is_left_where_no_trial_can_be_made(tmp_path):
    silent = Audio(np.zeros(24_000, np.float32), RATE)
    with pytest.raises(MeasureError, match=r"no recording could be judged; the first of 1: clip 0"):
        make_test(tmp_path / "test", [trial(mild=silent)])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["test", "test-key.json"])
def test_nothing_that_exists_is_replaced(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(FileExistsError, match=f"{name} exists already; name another, or remove it"):
        make_test(tmp_path / "test", [trial()])
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_trials_have_to_fit_together(tmp_path):
    ten = {f"s{n}": sound() for n in range(10)}
    for trials, message in (
        ([], "a listening test needs trials, got none"),
        ([trial(0), trial(1, mild=sound())], "clip 1 has the systems mild, clip 0 has mild, noisy"),
        ([trial(0, **ten)], "a listening test is of 1 to 9 systems, got 10"),
        ([Trial("a", sound(), {"reference": sound()})], '"reference" is added to every trial'),
    ):
        with pytest.raises(MeasureError, match=message):
            make_test(tmp_path / "test", trials)


def folders(tmp_path: Path, **names: list[str]) -> dict[str, Path]:
    for folder, files in names.items():
        for name in files:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            changed(sound(), noise=0.001).save(path)
    return {folder: tmp_path / folder for folder in names}


def test_files_belong_together_by_their_paths_without_endings(tmp_path):
    names = ["a/1.wav", "a/2.wav", "b/1.wav"]
    found = folders(tmp_path, reference=names, one=["a/1.flac", "b/1.flac"], two=names)
    trials, lacking = find_trials(found.pop("reference"), found)
    assert [each.name for each in trials] == ["a/1", "b/1"]
    assert trials[0].systems == {"one": tmp_path / "one/a/1.flac", "two": tmp_path / "two/a/1.wav"}
    assert list(map(str, lacking)) == ["a/2: there is no such file of one"]


def test_clips_are_spread_evenly(tmp_path):
    names = [f"{n}.wav" for n in range(9)]
    found = folders(tmp_path, reference=names, one=names)
    for clips, chosen in ((3, "036"), (1, "0"), (9, "012345678"), (20, "012345678")):
        trials, _ = find_trials(found["reference"], {"one": found["one"]}, clips)
        assert "".join(each.name for each in trials) == chosen


def test_folders_that_do_not_fit_are_named(tmp_path):
    found = folders(tmp_path, reference=["a.wav"], one=["b.wav"], two=["a.wav", "a.flac"])
    with pytest.raises(MeasureError, match="the folders of one have no recording in common"):
        find_trials(found["reference"], {"one": found["one"]})
    with pytest.raises(MeasureError, match=r"a\.wav has the name of .*a\.flac; keep one of them"):
        find_trials(found["reference"], {"two": found["two"]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "is not the key of a listening test"),
        ("[1]", "is not the key of a listening test; name the key.json"),
        ('{"test": "a"}', "the key lacks version, systems, trials"),
        (
            '{"test": "a", "version": 1, "systems": ["b"], "trials": {"t": '
            '{"name": "n", "stimuli": {"s": "c"}, "gains": {}, "delays": {}}}}',
            "the key has stimuli of systems that it does not list",
        ),
    ],
)
def test_a_file_that_is_no_key_is_refused(tmp_path, text, message):
    (tmp_path / "key.json").write_text(text)
    with pytest.raises(MeasureError, match=message):
        Key.read(tmp_path / "key.json")
