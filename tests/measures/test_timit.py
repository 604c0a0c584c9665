"""TIMIT's labels become the phones that results are stated in."""

from vocable.measures.timit import fold_timit


def test_phones_are_folded_and_silence_is_none():
    found = fold_timit([(0.0, 1.0, "h#"), (1.0, 2.0, "ux"), (2.0, 3.0, "bcl"), (3.0, 4.0, "b")])
    assert found == ((1.0, 2.0, "uw"), (3.0, 4.0, "b"))
