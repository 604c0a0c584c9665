"""What files are called that belong to recordings."""

from __future__ import annotations


def file_name(key: str, ending: str) -> str:
    """Return a way below a folder, also for ids that are addresses or begin at the root."""
    parts = [part for part in key.split("/") if part not in ("", ".")]
    return "/".join("__" if part == ".." else part for part in parts) + ending
