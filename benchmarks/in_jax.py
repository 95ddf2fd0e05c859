"""JAX: jit(vmap(scan)) of the same mathematics, points last, noise from jax.random within the scan.

Tried and left out because they are slower here: the generators "rbg" and "unsafe_rbg", and narrow layers as sums of
products instead of matrix products. Batches are permuted outside and shared by the stack, as in the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from benchmarks.tasks import ADAM, CAP, UNITS, Task
from libi.base.dataset import LATENT
from libi.datasets import linear_jtex
from libi.statistics.gaussianity import hermite_functions

Named = dict[str, Array]
State = tuple[Any, ...]  # parameters, first and second moments, count of steps


def affine(layer: str, parameters: Named, inputs: Array) -> Array:
    """One layer: [in, points] to [out, points]."""
    return parameters[f"{layer}.weight"] @ inputs + parameters[f"{layer}.bias"][:, None]


def linear_jtex_decode(parameters: Named, codes: Array) -> Array:
    """f_θ(z) = Cholesky(AAᵀ + B) z."""
    first, second = parameters["A"]
    corner = jnp.sqrt((first * first).sum() + linear_jtex.B[0])
    below = (first * second).sum() / corner
    last = jnp.sqrt((second * second).sum() + linear_jtex.B[1] - below * below)
    return jnp.stack([corner * codes[0], below * codes[0] + last * codes[1]])


def cubic_jtex_decode(parameters: Named, codes: Array) -> Array:
    """f_θ(z) = (Cholesky(AAᵀ + B) z)³."""
    means = linear_jtex_decode(parameters, codes)
    return means * means * means


def gaussian_decode(parameters: Named, codes: Array) -> Array:
    """f_θ(z) = zᵀA."""
    return parameters["A"].T @ codes


def mobius_decode(parameters: Named, codes: Array) -> Array:
    """f_θ(z): one hidden layer of 50 ReLU units."""
    return affine("mean", parameters, jax.nn.relu(affine("hidden_1", parameters, codes)))


def linear_trunk(parameters: Named, x: Array) -> Array:
    """No hidden layer."""
    return x


def cubic_trunk(parameters: Named, x: Array) -> Array:
    """Two sigmoid and two cube-root units, then 20 ReLU units."""
    sigmoid, root = jnp.split(affine("hidden_1", parameters, x), 2)
    root = jnp.sign(root) * ((jnp.abs(root) + 1e-6) ** (1 / 3) - 1e-2)
    return jax.nn.relu(affine("hidden_2", parameters, jnp.concatenate([jax.nn.sigmoid(sigmoid), root])))


def mobius_trunk(parameters: Named, x: Array) -> Array:
    """50 ReLU units."""
    return jax.nn.relu(affine("hidden_1", parameters, x))


DECODE = {
    "linear_jtex": linear_jtex_decode,
    "cubic_jtex": cubic_jtex_decode,
    "gaussian": gaussian_decode,
    "mobius": mobius_decode,
}
TRUNK = {
    "linear_jtex": linear_trunk,
    "cubic_jtex": cubic_trunk,
    "gaussian": linear_trunk,
    "mobius": mobius_trunk,
}


def spectral_henze_zirkler(codes: Array) -> Array:
    """The package's spectral statistic for one sample [2, points]."""
    points = codes.shape[1]
    decay, start, *tables = hermite_functions(points)
    recurrence, weights, targets = (np.asarray(table, dtype=np.float32) for table in tables)
    centred = codes - codes.mean(1, keepdims=True)
    first = centred[0] * jax.lax.rsqrt((centred[0] ** 2).mean())
    remainder = centred[1] - (centred[1] * first).mean() * first
    second = remainder * jax.lax.rsqrt((remainder**2).mean())

    def functions(u: Array) -> Array:
        rows = [start * jnp.exp(-decay * u * u)]
        for k in range(len(recurrence) - 1):
            rows.append(recurrence[k, 0] * u * rows[k] - (recurrence[k, 1] * rows[k - 1] if k else 0.0))
        return jnp.stack(rows)

    means = functions(first) @ functions(second).T / points
    return points * ((means - targets) ** 2 * weights).sum()


def capped_exp(exponent: Array) -> Array:
    """exp, continued by its tangent above the cap."""
    below = jnp.minimum(exponent, CAP)
    return jnp.exp(below) * (1 + exponent - below)


def misfit(task: Task, generative: Named, codes: Array, x: Array) -> Array:
    """−log p_θ(x|z), mean over points."""
    variance = np.array(task.dataset.noise_variance)
    residual = x - DECODE[task.dataset.name](generative, codes)
    scaled = residual * residual / variance[:, None].astype(np.float32)
    return 0.5 * np.log(2 * np.pi * variance).sum() + 0.5 * scaled.sum(0).mean()


def negative_elbo(task: Task, groups: dict[str, Named], x: Array, noise: Array, beta: Array) -> Array:
    """One model's −ELBO of x [observed, points] with draws [2, points]."""
    network = groups["inference"]
    features = TRUNK[task.dataset.name](network, x)
    mean, log_variance = affine("mean", network, features), affine("log_variance", network, features)
    codes = mean + jnp.exp(0.5 * log_variance) * noise
    divergence = 0.5 * (mean * mean + jnp.exp(log_variance) - log_variance - 1).sum(0).mean()
    return misfit(task, groups["generative"], codes, x) + beta * divergence


def constrained_likelihood(
    task: Task,
    groups: dict[str, Named],
    x: Array,
    epsilon_hz: Array,
    epsilon_covariance: Array,
    epsilon_mean: Array,
) -> Array:
    """One model's Eq. 44 on x [observed, points]."""
    codes = affine("mean", groups["encoder"], TRUNK[task.dataset.name](groups["encoder"], x))
    mean = codes.mean(1)
    centred = codes - mean[:, None]
    variance = (centred * centred).mean(1)
    covariance = (centred[0] * centred[1]).mean()
    spread = ((variance - 1) ** 2).sum() + 2 * covariance**2
    return (
        misfit(task, groups["generative"], codes, x)
        + epsilon_hz * capped_exp(spectral_henze_zirkler(codes))
        + capped_exp(spread / epsilon_covariance)
        + capped_exp((mean * mean).sum() / epsilon_mean)
    )


def make_update(task: Task) -> Callable[..., tuple[State, Array]]:
    """One model's gradient and Adam: `update(state, *data)` to the state after and the loss before."""
    loss = partial(negative_elbo if task.objective == "elbo" else constrained_likelihood, task)

    def update(state: State, *data: Array) -> tuple[State, Array]:
        parameters, first, second, count = state
        value, gradient = jax.value_and_grad(loss)(parameters, *data)
        count = count + 1
        first = jax.tree.map(lambda m, g: ADAM.beta1 * m + (1 - ADAM.beta1) * g, first, gradient)
        second = jax.tree.map(lambda v, g: ADAM.beta2 * v + (1 - ADAM.beta2) * g * g, second, gradient)
        rate, correction = ADAM.learning_rate / (1 - ADAM.beta1**count), 1 - ADAM.beta2**count

        def move(p: Array, m: Array, v: Array) -> Array:
            return p - rate * m / (jnp.sqrt(v / correction) + ADAM.epsilon)

        return (jax.tree.map(move, parameters, first, second), first, second, count), value

    return update


class InJax:
    """One stack in JAX."""

    def __init__(self, task: Task, models: int) -> None:
        self.task, self.models = task, models
        start = {
            group: {name: jnp.asarray(value.numpy()) for name, value in named.items()}
            for group, named in task.named_start(models).items()
        }
        first, second = (jax.tree.map(jnp.zeros_like, start) for _ in range(2))
        self.state = (start, first, second, jnp.zeros(models))
        self.values = [jnp.asarray(value.numpy()) for value in task.values(models)]
        self.x = jnp.asarray(task.data()[0].numpy())
        self._update = make_update(task)
        axes = (0, None, 0, 0) if task.objective == "elbo" else (0, None, 0, 0, 0)
        self._step = jax.jit(jax.vmap(self._update, in_axes=axes))
        seeds = jnp.arange(models)
        self._keys = jax.vmap(lambda seed: jax.random.fold_in(jax.random.key(0), seed))(seeds)
        inner = jax.vmap(self._train, in_axes=(0, 0, None, *(0 for _ in self.values)))
        self._trained = jax.jit(inner, donate_argnums=(0,))
        self._order = np.random.default_rng(0)

    def step(self, *data: Array) -> Array:
        """One update; `data` is x [observed, points] and, for the ELBO, noise [models, 2, points]. Returns losses."""
        self.state, losses = self._step(self.state, *data, *self.values)
        return losses

    def _train(self, state: State, key: Array, batches: Array, *values: Array) -> tuple[State, Array]:
        """Scan one model over batches [steps, observed, points]; returns its state and key."""

        def body(carry: tuple[State, Array], x: Array) -> tuple[tuple[State, Array], None]:
            state, key = carry
            if self.task.objective != "elbo":
                return (self._update(state, x, *values)[0], key), None
            key, here = jax.random.split(key)
            noise = jax.random.normal(here, (LATENT, x.shape[1]))
            return (self._update(state, x, noise, *values)[0], key), None

        return jax.lax.scan(body, (state, key), batches)[0]

    def _batches(self) -> Array:
        """x for every step of one timed call: [steps, observed, points]."""
        if self.task.steps == 1:
            return jnp.broadcast_to(self.x, (UNITS, *self.x.shape))
        orders = np.concatenate([self._order.permutation(self.x.shape[1]) for _ in range(UNITS)])
        return self.x[:, orders].reshape(self.x.shape[0], -1, self.task.batch).transpose(1, 0, 2)

    def run(self) -> None:
        """Train for the units of one timed call."""
        self.state, self._keys = self._trained(self.state, self._keys, self._batches(), *self.values)
        jax.block_until_ready(self.state)
