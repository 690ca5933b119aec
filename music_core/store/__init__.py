"""The DuckLake store. All SQL lives here."""
