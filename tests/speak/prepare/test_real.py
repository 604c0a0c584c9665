"""A recording of a person, prepared with PocketSphinx: no download, no network."""

from pathlib import Path

import pytest

from vocable.measures import word_edits
from vocable.speak.prepare import Settings, prepare

SPEECH = Path(__file__).parents[3] / "examples" / "speech.flac"


def test_a_recording_becomes_a_set_without_downloads(tmp_path):
    pytest.importorskip("pocketsphinx")
    settings = Settings("pocketsphinx", activity="energy", speakers="")
    made = prepare([SPEECH], tmp_path / "reader", settings).made
    text = " ".join(row.text for row in made.rows)
    truth = "Then up got Little John, and taking the bag of gold which he thrust into his bosom"
    assert word_edits(truth, text).errors <= 4
    assert made.seconds > 4 and made.rows[0].checks["snr"] > 15
