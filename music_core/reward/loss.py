"""The Bradley-Terry loss, in float32."""

from music_core.reward.backend import torch


def bradley_terry_loss(
    chosen: torch.Tensor, rejected: torch.Tensor, *, margin: float | torch.Tensor = 0.0, centering: float = 0.0
) -> torch.Tensor:
    """Loss of each pair, shape (n,): -log sigmoid(r+ - r- - margin) + centering * (r+ + r-)^2.

    `chosen`, `rejected`: rewards, shape (n,), any float type; computed in float32 because bf16 margins tie.
    The first term is the paper's (arXiv 2512.24693, section 3); centring is Eisenstein et al. 2023 (arXiv 2312.09244), as in TRL.
    """
    good, bad = chosen.float(), rejected.float()
    loss = -torch.nn.functional.logsigmoid(good - bad - margin)
    if centering:
        loss = loss + centering * (good + bad) ** 2
    return loss
