"""torch.func.vmap and torch.func.grad over the conventional modules, eager, with Adam by hand on stacked parameters."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import functional_call, grad, stack_module_state, vmap

from benchmarks.conventional import make_module, module_names, pairwise_henze_zirkler
from benchmarks.tasks import ADAM, UNITS, Task


class Vmapped:
    """All models of a stack in one call of every operation."""

    def __init__(self, task: Task, models: int, statistic: Callable[[Tensor], Tensor] = pairwise_henze_zirkler) -> None:
        self.task, self.models = task, models
        modules = [make_module(task, statistic) for _ in range(models)]
        for row, module in enumerate(modules):
            start = {name: value[row] for name, value in module_names(task.named_start(models)).items()}
            module.load_state_dict(start, strict=False)
        stacked, buffers = stack_module_state(modules)
        self.parameters = {name: value.detach() for name, value in stacked.items()}
        self.first = {name: torch.zeros_like(value) for name, value in self.parameters.items()}
        self.second = {name: torch.zeros_like(value) for name, value in self.parameters.items()}
        self.count = 0
        self.x = task.data()[0].T.contiguous()
        self.values = task.values(models)
        base, shared = modules[0], {name: value[0] for name, value in buffers.items()}

        def loss(parameters: dict[str, Tensor], *data: Tensor) -> Tensor:
            return functional_call(base, (parameters, shared), data)

        axes = (0, None, 0, 0) if task.objective == "elbo" else (0, None, 0, 0, 0)
        self.gradient = vmap(grad(loss), in_dims=axes)
        self.loss = vmap(loss, in_dims=axes)

    def step(self, *data: Tensor) -> None:
        """One update; `data` is x [points, observed] and, for the ELBO, noise [models, points, 2]."""
        gradients = self.gradient(self.parameters, *data, *self.values)
        self.count += 1
        rate = ADAM.learning_rate / (1 - ADAM.beta1**self.count)
        correction = (1 - ADAM.beta2**self.count) ** 0.5
        for name, gradient in gradients.items():
            first, second = self.first[name], self.second[name]
            first.lerp_(gradient, 1 - ADAM.beta1)
            second.mul_(ADAM.beta2).addcmul_(gradient, gradient, value=1 - ADAM.beta2)
            self.parameters[name].addcdiv_(first, second.sqrt().div_(correction).add_(ADAM.epsilon), value=-rate)

    @torch.no_grad()
    def run(self) -> None:
        """Train for the units of one timed call."""
        for _ in range(UNITS):
            if self.task.objective != "elbo":
                self.step(self.x)
            elif self.task.steps == 1:
                self.step(self.x, torch.randn(self.models, len(self.x), 2))
            else:
                for batch in self.x[torch.randperm(len(self.x))].split(self.task.batch):
                    self.step(batch, torch.randn(self.models, len(batch), 2))
