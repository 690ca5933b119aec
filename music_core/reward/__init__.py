"""Reward models: loss, batches, training, one-pass traces. The only part that needs torch."""
