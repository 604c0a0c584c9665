"""Units back into sound: a vocoder, who speaks by it, and how long each unit lasts.

hifigan     the network: tables, and samples of their rows     durations   how long units last
voicing     who speaks, in which language, how high            frames      units as they last
binding     the units that a vocoder was made for, and refusals
vocoder     what a user holds; codec: beside its tokenizer
"""
