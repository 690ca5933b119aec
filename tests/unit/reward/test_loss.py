"""The loss against numbers worked out by hand."""

import math

import pytest
import torch

from music_core.reward.loss import bradley_terry_loss


def test_the_loss_equals_the_hand_computation() -> None:
    loss = bradley_terry_loss(torch.tensor([2.0, 0.0, -1.0]), torch.tensor([0.5, 0.0, 1.0]))
    assert loss.tolist() == pytest.approx([math.log(1 + math.exp(-1.5)), math.log(2), math.log(1 + math.exp(2))], abs=1e-6)


def test_the_margin_is_taken_off_the_difference() -> None:
    loss = bradley_terry_loss(torch.tensor([2.0]), torch.tensor([0.5]), margin=1.0)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-0.5)), abs=1e-6)
    each = bradley_terry_loss(torch.tensor([2.0, 2.0]), torch.tensor([0.5, 0.5]), margin=torch.tensor([1.0, 0.0]))
    assert each[0] > each[1]


def test_centring_adds_the_squared_sum() -> None:
    plain = bradley_terry_loss(torch.tensor([2.0]), torch.tensor([0.5]))
    centred = bradley_terry_loss(torch.tensor([2.0]), torch.tensor([0.5]), centering=0.01)
    assert (centred - plain).item() == pytest.approx(0.01 * 2.5**2, abs=1e-6)


def test_swapping_the_sides_negates_the_gradient_of_the_margin() -> None:
    """Swapping a pair turns the margin d into -d: the losses differ by exactly d, and the gradients add up to the full step."""
    good, bad = torch.tensor([1.3]), torch.tensor([-0.4])
    there, back = bradley_terry_loss(good, bad), bradley_terry_loss(bad, good)
    assert (back - there).item() == pytest.approx((good - bad).item(), abs=1e-6)


def test_a_huge_margin_neither_overflows_nor_loses_the_gradient() -> None:
    good = torch.tensor([-1e4], requires_grad=True)
    loss = bradley_terry_loss(good, torch.tensor([1e4]))
    loss.sum().backward()  # type: ignore[no-untyped-call]
    assert loss.item() == pytest.approx(2e4) and good.grad is not None and good.grad.item() == pytest.approx(-1)


def test_bf16_rewards_are_compared_in_float32() -> None:
    loss = bradley_terry_loss(torch.tensor([3.0], dtype=torch.bfloat16), torch.tensor([1.0], dtype=torch.bfloat16))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2)), abs=1e-6)
