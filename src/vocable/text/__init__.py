"""From text to what is spoken: words, their phones, and where pauses may be.

Nothing here knows a model: training reads recorded texts with it, and speaking what is to be said.
"""
