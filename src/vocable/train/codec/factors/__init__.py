"""Teach the parts of FACodec what each is to say, and to be silent about the rest.

    [factors]
    content = "units-16k"     # or "phones", where the manifest states them

"NaturalSpeech 3" (Ju et al. 2024, arXiv:2403.03100), section 3.2: prosody learns pitch, content
what is said, the timbre who speaks; what a part must not say is asked of it through a gradient that
is turned round. The networks that are asked (`heads`) belong to the run, not to the codec.
"""
