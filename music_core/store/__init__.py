"""The DuckLake store. All SQL lives here; import its modules by name (`from music_core.store import pairs`)."""
