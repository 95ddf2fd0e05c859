"""One update against PyTorch's own optimiser, and what happens to a model that diverges."""

import torch

from libi.base.layers import Layout
from libi.training.step import Adam, Moving, make_step

LAYOUT = Layout({"w": (3,)}, {"w": 1})


def quadratic(stack, target):
    """Distance of each model's w from its target: [models]."""
    return ((stack["generative"]["w"] - target) ** 4).sum(1)


def start(parameters):
    zeros = torch.zeros_like(parameters)
    return Moving(
        parameters={"generative": parameters},
        first={"generative": zeros},
        second={"generative": zeros.clone()},
        count={"generative": torch.zeros((), dtype=parameters.dtype)},
        alive=torch.ones(len(parameters), dtype=torch.bool),
        loss=torch.zeros(len(parameters)),
        rate=torch.tensor(0.01, dtype=parameters.dtype),
    )


def test_a_step_is_torch_optim_adam():
    generator = torch.Generator().manual_seed(0)
    begin, target = torch.randn(2, 5, 3, generator=generator, dtype=torch.float64)
    step = make_step(quadratic, {"generative": LAYOUT}, Adam(0.01, 0.9, 0.999, 1e-8))
    moving = start(begin)
    reference = begin.clone().requires_grad_()
    optimiser = torch.optim.Adam([reference], lr=0.01)
    for _ in range(100):
        before = quadratic({"generative": {"w": moving.parameters["generative"]}}, target)
        moving = step(moving, {}, target)
        assert torch.equal(moving.loss, before)
        optimiser.zero_grad()
        quadratic({"generative": {"w": reference}}, target).sum().backward()
        optimiser.step()
    torch.testing.assert_close(moving.parameters["generative"], reference.detach(), rtol=1e-9, atol=1e-12)


def test_a_model_that_diverges_stays_and_its_neighbours_do_not_notice():
    begin, target = torch.randn(4, 3, generator=torch.Generator().manual_seed(1)), torch.zeros(4, 3)
    step = make_step(quadratic, {"generative": LAYOUT}, Adam(0.01, 0.9, 0.999, 1e-8))
    sound, broken = start(begin), start(begin)
    for number in range(20):
        sound = step(sound, {}, target)
        wrong = target.clone()
        if number == 10:
            before = broken.parameters["generative"][2].clone()
            wrong[2] = float("inf")
        broken = step(broken, {}, wrong)
    others = [0, 1, 3]
    assert broken.alive.tolist() == [True, True, False, True]
    assert torch.equal(broken.parameters["generative"][others], sound.parameters["generative"][others])
    assert torch.equal(broken.parameters["generative"][2], before)
