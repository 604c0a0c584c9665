"""Semantic units: recordings to ids that say what is said."""
