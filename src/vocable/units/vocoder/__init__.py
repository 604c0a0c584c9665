"""Units back into sound: a vocoder, who speaks by it, and how long each unit lasts."""
