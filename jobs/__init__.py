"""Runs: the command line, the local runner, one thin file per stage."""
