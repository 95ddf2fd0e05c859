"""Nobody races against something else: every way has the same losses and ends at the same parameters.

All start from the same parameters and see the same points and noise. The loss before the last of a few steps and the
parameters after it must be those of the kernels. One step would not do: Adam's first is ±lr whatever the gradient is.

The pairwise Henze–Zirkler formula differs from the engine's quadrature where codes are far from Gaussian (CubicJTEx:
3e-4 of the loss). So it is held against the package's exact statistic; the steps are compared with one quadrature in
all ways.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from benchmarks.conventional import Conventional, module_names, pairwise_henze_zirkler, spectral_statistic
from benchmarks.in_engine import InEngine
from benchmarks.machine import has_jax
from benchmarks.tasks import Task
from benchmarks.vmapped import Vmapped
from libi.runtime.seeding import name_of
from libi.statistics.gaussianity import henze_zirkler
from libi.training.compilation import Compiled, Program
from libi.training.noise import batches_of, chunk_counters, chunk_keys, chunk_orders, normal_draws

MODELS, TOLERANCE = 5, 1e-4

Outcome = dict[str, np.ndarray]  # "loss" before the last step [models], and each named parameter after it [models, ...]


def _units(task: Task) -> int:
    """Three steps, or an epoch of five."""
    return 3 if task.steps == 1 else 1


def _data(task: Task) -> list[tuple[Tensor, ...]]:
    """What each step sees in the engine: x [1, observed, points]; for the ELBO, noise [models, 2, points]."""
    x = task.data()
    if task.objective != "elbo":
        return [(x,)] * _units(task)
    keys = chunk_keys([name_of("bench", task.dataset.name, i) for i in range(MODELS)], 0, 0)
    batches = batches_of(x, chunk_orders(x.shape[2], [("bench",)], 0, 0), task.batch)
    noise = [normal_draws(counters, keys).unbind(1) for counters in chunk_counters(task.steps, task.batch)]
    return [step for epoch in range(_units(task)) for step in zip(batches[epoch], noise[epoch], strict=True)]


def _in_engine(task: Task, way: type[Program] | None) -> Outcome:
    engine = InEngine(task, MODELS, way=way, units=_units(task))
    after = engine.run()
    named = {group: task.dataset.layouts[group].unpack(flat) for group, flat in after.parameters.items()}
    return {name: value.numpy() for name, value in (module_names(named) | {"loss": after.loss}).items()}


def _conventionally(task: Task, data: list[tuple[Tensor, ...]]) -> Outcome:
    ends: list[dict[str, Tensor]] = []
    for row in range(MODELS):
        model = Conventional(task, row, spectral_statistic)
        losses = [model.step(x[0].T, *(part[row].T for part in noise)) for x, *noise in data]
        ends.append(dict(model.module.named_parameters()) | {"loss": losses[-1]})
    return {name: np.stack([end[name].detach().numpy() for end in ends]) for name in ends[0]}


def _by_vmap(task: Task, data: list[tuple[Tensor, ...]]) -> Outcome:
    stack = Vmapped(task, MODELS, spectral_statistic)
    steps = [[x[0].T, *(part.mT for part in noise)] for x, *noise in data]
    for step in steps[:-1]:
        stack.step(*step)
    loss = stack.loss(stack.parameters, *steps[-1], *stack.values)
    stack.step(*steps[-1])
    return {name: value.numpy() for name, value in (stack.parameters | {"loss": loss}).items()}


def _by_jax(task: Task, data: list[tuple[Tensor, ...]]) -> Outcome:
    from benchmarks.in_jax import InJax  # noqa: PLC0415  (JAX need not be installed)

    stack = InJax(task, MODELS)
    losses = [stack.step(x[0].numpy(), *(part.numpy() for part in noise)) for x, *noise in data]
    return {name: np.asarray(value) for name, value in (module_names(stack.state[0]) | {"loss": losses[-1]}).items()}


def _assert_same_statistic(task: Task) -> None:
    """The conventional way's formula is the package's exact statistic, on the codes that training starts with."""
    (codes,) = task.dataset.encoder(task.named_start(MODELS)["encoder"], task.data())
    formula = torch.stack([pairwise_henze_zirkler(code.T) for code in codes])
    difference = (formula / henze_zirkler(codes) - 1).abs().max().item()
    assert difference <= TOLERANCE, f"{task.dataset.name}: the pairwise Henze–Zirkler is off by {difference:.1e}"


def assert_agreement(task: Task) -> float:
    """Check one task.

    Args:
        task: the row.

    Returns:
        the largest difference met: relative for losses above 1, absolute for parameters.

    Raises:
        AssertionError: if a way differs from the kernels by more than 1e-4.
    """
    if task.objective != "elbo":
        _assert_same_statistic(task)
    ways = {
        "conventional": _conventionally,
        "vmapped": _by_vmap,
        "compiled": lambda task, _: _in_engine(task, Compiled),
    }
    if has_jax():
        ways["jax"] = _by_jax
    data, expected, largest = _data(task), _in_engine(task, None), 0.0
    for way, compute in ways.items():
        found = compute(task, data)
        assert found.keys() == expected.keys(), f"{way}: {sorted(found)} against {sorted(expected)}"
        for name, value in expected.items():
            scale = np.maximum(1, np.abs(value)) if name == "loss" else 1.0
            error = float(np.abs((found[name] - value) / scale).max())
            where = f"{task.dataset.name}, {task.objective}: {name} of {way} and of the kernels differ by {error:.1e}"
            assert error <= TOLERANCE, where
            largest = max(largest, error)
    return largest
