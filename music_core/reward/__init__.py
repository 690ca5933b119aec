"""Reward models: loss, batches, training, one-pass traces. The only part that needs torch.

`recipe` can be imported without torch; every other module raises `MissingExtraError` when the extra `train` is missing.
"""
