"""Teach level 0 of a codec what is said, by the features of a teacher.

    [distil]
    teacher = "units-16k"     # or any encoder that `vocable.load` opens
    layer = 5
    form = "level"            # SpeechTokenizer's; "branch": Mimi's; "input": X-Codec's

The features of each recording are computed once, of all of it (`features`), and cut where segments
are (`task`). A form (`level`, `branch`, `informed`) is a loss with the map that it trains; the map
is saved with a run, and is not part of the codec that the run exports.
"""
