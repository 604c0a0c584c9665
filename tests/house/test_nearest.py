"""Messages name what a user may have meant, and at most a few of many names."""

from vocable.nearest import listed, nearest


def test_a_name_with_a_slip_is_answered_with_the_nearest():
    assert nearest("speech-16", ["speech-16k", "soundstream"]) == 'nearest: "speech-16k"'
    assert nearest("ab", ["abc", "abd", "xyz"], most=2) == 'nearest: "abd", "abc"'


def test_a_name_unlike_all_others_is_answered_with_what_is_known():
    assert nearest("zzz", ["speech-16k", "soundstream"]) == "known: speech-16k, soundstream"
    assert nearest("zzz", []) == "known: none"


def test_of_many_names_five_are_shown_and_the_others_counted():
    assert listed("abcde") == "a, b, c, d, e"
    assert listed("abcdefg") == "a, b, c, d, e and 2 more"
