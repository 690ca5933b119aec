"""Numbered SQL files; `music_core.store.migrate` runs those that a store has not seen yet."""
