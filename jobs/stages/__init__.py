"""One thin file per stage: a config and a function that runs it."""
