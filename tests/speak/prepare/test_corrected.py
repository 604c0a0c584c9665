"""A set that was corrected by hand, and then gets another recording."""

import json

from tests.speak.prepare.talk import talk, write
from vocable.speak.prepare import PreparedSet, prepare
from vocable.speak.prepare.correct import correct

FIRST = ("one two three four.", 0.5, "five six.", 1.5, "seven one two four.")
SECOND = ("six.", 0.3, "one one one", 0.4, "two two two two four.", 1.2, "three six.")


def test_preparing_writes_the_page_and_keeps_what_was_corrected_and_dropped(tmp_path, settings):
    first = write(tmp_path / "first.wav", talk(*FIRST))
    second = write(tmp_path / "second.wav", talk(*SECOND, seed=1))
    folder = tmp_path / "anna"
    rows = prepare([first], folder, settings()).made.rows
    page = (folder / "correct.html").read_text("utf-8")
    assert all(json.dumps(row.text) in page for row in rows)

    table = tmp_path / "corrections.tsv"
    one, other = (row.file_name for row in rows)
    table.write_text(f"file\ttext\n{one}\tone too three four.\n{other}\t\n")
    assert correct(folder, table).dropped == 1
    made = prepare([first, second], folder, settings()).made
    assert made.rows[0].text == "one too three four." and made.rows[1].source == "second.wav"
    assert made.about.dropped == (other,)
    page = (folder / "correct.html").read_text("utf-8")
    assert page.count('"dropped":true') == 1 and json.dumps(rows[1].text) in page

    table.write_text(f"file\ttext\n{one}\t{rows[0].text}\n{other}\t{rows[1].text}\n")
    assert correct(folder, table).restored == 1
    back = PreparedSet.read(folder)
    assert back.rows[:2] == rows and back.rows[2:] == made.rows[1:] and back.about.dropped == ()

    made = prepare([first], folder, settings(), afresh=True).made
    assert [(row.text, row.words) for row in made.rows] == [(row.text, row.words) for row in rows]
    assert '"dropped":true' not in (folder / "correct.html").read_text("utf-8")
