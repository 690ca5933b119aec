"""A store of any size out of a seed, written through the store's own functions: what the measurements of speed read."""
