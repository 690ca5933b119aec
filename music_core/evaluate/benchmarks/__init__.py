"""Benchmarks of reward models, each by the protocol of its authors, and one of our own for conversations of several turns."""
