"""The way everybody does it: one nn.Module a model, eager autograd, torch.optim.Adam, batches as [points, features]."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks.tasks import ADAM, CAP, UNITS, Task
from libi.base.layers import Parameters
from libi.datasets import linear_jtex
from libi.statistics.gaussianity import spectral_henze_zirkler


class JTExGenerative(nn.Module):
    """f_θ(z) = Cholesky(AAᵀ + B) z, cubed for CubicJTEx."""

    def __init__(self, power: int) -> None:
        super().__init__()
        self.A = nn.Parameter(torch.empty(2, 2))
        self.B: Tensor
        self.register_buffer("B", torch.diag(torch.tensor(linear_jtex.B)))
        self.power = power

    def forward(self, codes: Tensor) -> Tensor:
        """Codes [points, 2] to means [points, 2]."""
        means = codes @ torch.linalg.cholesky(self.A @ self.A.T + self.B).T
        return means if self.power == 1 else means**self.power


class GaussianGenerative(nn.Module):
    """f_θ(z) = zᵀA."""

    def __init__(self) -> None:
        super().__init__()
        self.A = nn.Parameter(torch.empty(2, 4))

    def forward(self, codes: Tensor) -> Tensor:
        """Codes [points, 2] to means [points, 4]."""
        return codes @ self.A


class MobiusGenerative(nn.Module):
    """f_θ(z): one hidden layer of 50 ReLU units."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden_1 = nn.Linear(2, 50)
        self.mean = nn.Linear(50, 2)

    def forward(self, codes: Tensor) -> Tensor:
        """Codes [points, 2] to means [points, 2]."""
        return self.mean(torch.relu(self.hidden_1(codes)))


class LinearTrunk(nn.Module):
    """No hidden layer (LinearJTEx, Gaussian)."""

    def forward(self, x: Tensor) -> Tensor:
        """The points themselves."""
        return x


class CubicTrunk(nn.Module):
    """Two sigmoid and two cube-root units, then 20 ReLU units (CubicJTEx)."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden_1 = nn.Linear(2, 4)
        self.hidden_2 = nn.Linear(4, 20)

    def forward(self, x: Tensor) -> Tensor:
        """Points [points, 2] to features [points, 20]."""
        sigmoid, root = self.hidden_1(x).chunk(2, dim=1)
        root = torch.sign(root) * ((root.abs() + 1e-6) ** (1 / 3) - 1e-2)
        return torch.relu(self.hidden_2(torch.cat([torch.sigmoid(sigmoid), root], dim=1)))


class MobiusTrunk(nn.Module):
    """50 ReLU units."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden_1 = nn.Linear(2, 50)

    def forward(self, x: Tensor) -> Tensor:
        """Points [points, 2] to features [points, 50]."""
        return torch.relu(self.hidden_1(x))


class Encoder(nn.Module):
    """A trunk and a linear head for the code."""

    def __init__(self, trunk: nn.Module, width: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.mean = nn.Linear(width, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Points [points, observed] to codes [points, 2]."""
        return self.mean(self.trunk(x))


class Inference(nn.Module):
    """A trunk and linear heads for mean and log-variance of q_ϕ(z|x)."""

    def __init__(self, trunk: nn.Module, width: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.mean = nn.Linear(width, 2)
        self.log_variance = nn.Linear(width, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Points [points, observed] to mean and log-variance, each [points, 2]."""
        features = self.trunk(x)
        return self.mean(features), self.log_variance(features)


GENERATIVE = {
    "linear_jtex": lambda: JTExGenerative(1),
    "cubic_jtex": lambda: JTExGenerative(3),
    "gaussian": GaussianGenerative,
    "mobius": MobiusGenerative,
}
TRUNK = {
    "linear_jtex": (LinearTrunk, 2),
    "cubic_jtex": (CubicTrunk, 20),
    "gaussian": (LinearTrunk, 4),
    "mobius": (MobiusTrunk, 50),
}


def pairwise_henze_zirkler(codes: Tensor) -> Tensor:
    """The Henze–Zirkler statistic of codes [points, 2] by its closed form over all pairs."""
    points = codes.shape[0]
    smoothing = (5 * points / 4) ** (1 / 3) / 2  # b²
    centred = codes - codes.mean(0)
    factor = torch.linalg.cholesky(centred.T @ centred / points)
    whitened = torch.linalg.solve_triangular(factor, centred.T, upper=False).T
    radius = whitened.square().sum(1)
    distance = radius[:, None] + radius - 2 * whitened @ whitened.T
    pairs = torch.exp(-smoothing / 2 * distance).sum() / points
    single = torch.exp(-smoothing / (2 * (1 + smoothing)) * radius).sum()
    return pairs - 2 / (1 + smoothing) * single + points / (1 + 2 * smoothing)


def spectral_statistic(codes: Tensor) -> Tensor:
    """The same statistic by the package's quadrature: what the conventional way would gain from it."""
    return spectral_henze_zirkler(codes.T[None])[0]


def capped_exp(exponent: Tensor) -> Tensor:
    """exp, continued by its tangent above the cap."""
    below = exponent.clamp(max=CAP)
    return torch.exp(below) * (1 + exponent - below)


class VariationalAutoencoder(nn.Module):
    """The β-VAE of one data set; calling it gives its loss."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.generative = GENERATIVE[task.dataset.name]()
        trunk, width = TRUNK[task.dataset.name]
        self.inference = Inference(trunk(), width)
        variance = torch.tensor(task.dataset.noise_variance)
        self.register_buffer("noise_variance", variance)
        self.constant = 0.5 * (2 * math.pi * variance.double()).log().sum().item()

    def forward(self, x: Tensor, noise: Tensor, beta: Tensor | float) -> Tensor:
        """−ELBO of x [points, observed] with draws [points, 2]."""
        mean, log_variance = self.inference(x)
        codes = mean + torch.exp(0.5 * log_variance) * noise
        misfit = 0.5 * ((x - self.generative(codes)).square() / self.noise_variance).sum(1).mean()
        divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1).mean()
        return self.constant + misfit + beta * divergence


class ConstrainedAutoencoder(nn.Module):
    """The model of LiBI's first step; calling it gives Eq. 44. `statistic` is the Henze–Zirkler statistic's formula."""

    def __init__(self, task: Task, statistic: Callable[[Tensor], Tensor] = pairwise_henze_zirkler) -> None:
        super().__init__()
        self.generative = GENERATIVE[task.dataset.name]()
        trunk, width = TRUNK[task.dataset.name]
        self.encoder = Encoder(trunk(), width)
        variance = torch.tensor(task.dataset.noise_variance)
        self.register_buffer("noise_variance", variance)
        self.register_buffer("identity", torch.eye(2))
        self.constant = 0.5 * (2 * math.pi * variance.double()).log().sum().item()
        self.statistic = statistic

    def forward(
        self, x: Tensor, epsilon_hz: Tensor | float, epsilon_covariance: Tensor | float, epsilon_mean: Tensor | float
    ) -> Tensor:
        """Eq. 44 on x [points, observed]."""
        codes = self.encoder(x)
        misfit = 0.5 * ((x - self.generative(codes)).square() / self.noise_variance).sum(1).mean()
        mean = codes.mean(0)
        centred = codes - mean
        covariance = centred.T @ centred / len(x)
        return (
            self.constant
            + misfit
            + epsilon_hz * capped_exp(self.statistic(codes))
            + capped_exp((covariance - self.identity).square().sum() / epsilon_covariance)
            + capped_exp(mean.square().sum() / epsilon_mean)
        )


def make_module(task: Task, statistic: Callable[[Tensor], Tensor] = pairwise_henze_zirkler) -> nn.Module:
    """The module of a task, its parameters not yet set."""
    if task.objective == "elbo":
        return VariationalAutoencoder(task)
    return ConstrainedAutoencoder(task, statistic)


def module_names(named: dict[str, Parameters]) -> Parameters:
    """The package's parameters under the names that they have in the module."""
    renamed = {}
    for group, parameters in named.items():
        for name, value in parameters.items():
            inside_trunk = group != "generative" and name.startswith("hidden")
            renamed[f"{group}.trunk.{name}" if inside_trunk else f"{group}.{name}"] = value
    return renamed


class Conventional:
    """One model at a time."""

    models = 1

    def __init__(
        self, task: Task, row: int = 0, statistic: Callable[[Tensor], Tensor] = pairwise_henze_zirkler
    ) -> None:
        """Set up model number `row` of the task's stack."""
        self.task = task
        self.module = make_module(task, statistic)
        start = {name: value[row] for name, value in module_names(task.named_start(row + 1)).items()}
        self.module.load_state_dict(start, strict=False)
        self.optimiser = torch.optim.Adam(
            self.module.parameters(), lr=ADAM.learning_rate, betas=(ADAM.beta1, ADAM.beta2), eps=ADAM.epsilon
        )
        self.x = task.data()[0].T.contiguous()
        self.values = [value[row].item() for value in task.values(row + 1)]

    def step(self, *data: Tensor) -> Tensor:
        """One update; `data` is x [points, observed] and, for the ELBO, noise [points, 2]. Returns the loss before."""
        self.optimiser.zero_grad()
        loss = self.module(*data, *self.values)
        loss.backward()
        self.optimiser.step()
        return loss

    def run(self) -> None:
        """Train for the units of one timed call."""
        for _ in range(UNITS):
            if self.task.objective != "elbo":
                self.step(self.x)
            elif self.task.steps == 1:
                self.step(self.x, torch.randn(len(self.x), 2))
            else:
                for batch in self.x[torch.randperm(len(self.x))].split(self.task.batch):
                    self.step(batch, torch.randn(len(batch), 2))
