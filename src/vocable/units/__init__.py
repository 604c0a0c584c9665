"""Semantic tokens: what is said, rather than how it sounds."""
