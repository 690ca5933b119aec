"""What people are asked when they label, as the pages show it."""

from music_core.guideline import TEXT, VERSION

__all__ = ["TEXT", "VERSION"]
