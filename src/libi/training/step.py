"""One update of a stack: gradient and Adam, a pure function that is compiled whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.utils._pytree import tree_map

from libi.base.layers import Layout

Groups = dict[str, Tensor]  # "generative" (θ), "inference" (ϕ), "encoder" (φ) to [models, parameters]


class Adam(NamedTuple):
    """Adam's settings (Kingma & Ba 2015), with the meaning they have in torch.optim.Adam."""

    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float


class Moving(NamedTuple):
    """What a step changes.

    Attributes:
        parameters: of the groups that move: group to [models, parameters].
        first: Adam's first moments, likewise.
        second: Adam's second moments, likewise.
        count: steps that each group has taken since its optimiser began: group to float32 [].
        alive: whether the model's loss has stayed finite, bool [models].
        loss: of each model before the last step [models].
        rate: the learning rate, float32 []; it stays as it is.
    """

    parameters: Groups
    first: Groups
    second: Groups
    count: Groups  # type: ignore[assignment]  # a tuple has a method of this name
    alive: Bool[Tensor, " models"]
    loss: Float[Tensor, " models"]
    rate: Float[Tensor, ""]

    def after(self, steps: int) -> Moving:
        """The same after so many more steps."""
        return self._replace(count={group: count + steps for group, count in self.count.items()})


def take_models(tree: Any, models: slice) -> Any:
    """Some of the models of nested containers of arrays [models, ...]; what is the same for all models stays."""
    return tree_map(lambda leaf: leaf[models] if leaf.ndim else leaf, tree)


def join_models(trees: Sequence[Any]) -> Any:
    """The inverse of `take_models`, for parts in the order of the models."""
    return tree_map(lambda *leaves: torch.cat(leaves) if leaves[0].ndim else leaves[0], *trees)


def make_step(loss: Callable[..., Tensor], layouts: dict[str, Layout], adam: Adam) -> Callable[..., Moving]:
    """Build the update of a stack under one loss.

    Args:
        loss: `loss(stack, *data)` to one value a model [models], where stack maps a group to its named parameters.
        layouts: how each group's flat parameters unpack.
        adam: the optimiser's settings.

    Returns:
        `step(moving, fixed, *data)` to what moves afterwards. `fixed` maps the groups that stay to their parameters.
        A model whose loss is not finite keeps its parameters and moments from then on.
    """

    def step(moving: Moving, fixed: Groups, *data: Tensor) -> Moving:
        with torch.enable_grad():
            flat = {group: parameters.detach().requires_grad_() for group, parameters in moving.parameters.items()}
            stack = {group: layouts[group].unpack(parameters) for group, parameters in (flat | fixed).items()}
            losses = loss(stack, *data)
            gradients = torch.autograd.grad(losses.sum(), list(flat.values()))
        losses = losses.detach()
        alive = moving.alive & torch.isfinite(losses)
        after = Moving({}, {}, {}, {}, alive, losses, moving.rate)
        for (group, parameters), gradient in zip(moving.parameters.items(), gradients, strict=True):
            count = moving.count[group] + 1
            first = adam.beta1 * moving.first[group] + (1 - adam.beta1) * gradient
            second = adam.beta2 * moving.second[group] + (1 - adam.beta2) * gradient * gradient
            root = torch.sqrt(second / (1 - adam.beta2**count)) + adam.epsilon
            # A number over a tensor is, to PyTorch, the number times its reciprocal: so the bytes are those of a float.
            moved = parameters - moving.rate * (1 - adam.beta1**count).reciprocal() * first / root
            keep = alive[:, None]
            after.parameters[group] = torch.where(keep, moved, parameters)
            after.first[group] = torch.where(keep, first, moving.first[group])
            after.second[group] = torch.where(keep, second, moving.second[group])
            after.count[group] = count
        return after

    return step


def make_assessment(loss: Callable[..., Tensor], layouts: dict[str, Layout]) -> Callable[..., Tensor]:
    """Build the evaluation of a loss without its gradient: `assess(groups, *data)` to [models]."""

    def assess(groups: Groups, *data: Tensor) -> Tensor:
        return loss({group: layouts[group].unpack(flat) for group, flat in groups.items()}, *data)

    return assess
