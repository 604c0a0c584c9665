"""Settings that all tests share."""

import hypothesis

# The same examples every time: a red run is repeatable, and says what the change did.
hypothesis.settings.register_profile(
    "house", deadline=None, max_examples=25, derandomize=True, database=None
)
hypothesis.settings.load_profile("house")
