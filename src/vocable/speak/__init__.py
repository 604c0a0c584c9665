"""Speak: voices, and models that say texts with them."""
