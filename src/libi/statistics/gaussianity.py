"""The Henze–Zirkler statistic: how far a sample is from every Gaussian distribution (Eq. 43, Eq. 44).

Henze and Zirkler, "A class of invariant consistent tests for multivariate normality", Communications in
Statistics – Theory and Methods 19 (1990), 3595–3617. With Y the whitened sample and ψ its empirical
characteristic function,

    HZ = n ∫ |ψ(t) − exp(−‖t‖²/2)|² N(t | 0, b² I) dt,    b = ((2d + 1) n / 4)^(1/(d+4)) / √2.

The integral has a closed form that costs O(n²), used wherever the statistic is reported. It is also n times the squared
distance of the sample from N(0, I) in the space of the kernel exp(−b²‖u − v‖²/2). Training uses that kernel's expansion
in eigenfunctions, which in two dimensions is one small matrix product.
"""

import functools
import math
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from libi.base.compiling import stored
from libi.runtime.device import HOST

# The exact form holds this many pairwise distances at once (8 bytes each).
_PAIRS_AT_ONCE = 4_000_000
# Of the expansion: functions on each axis, whose products ψ_j ψ_k count if j + k < FUNCTIONS, and the standard
# deviation of the Gaussian under which they are orthonormal.
FUNCTIONS, WIDTH = 20, 1.2


def henze_zirkler(codes: Float[Tensor, "*batch features points"]) -> Float64[Tensor, "*batch"]:
    """Compute the exact Henze–Zirkler statistic of each sample in a batch.

    The statistic does not change under invertible affine maps of the codes, so it says nothing about their
    mean and covariance. A sample whose covariance is singular, as far as the precision of `codes` can tell,
    gets 4n by definition.

    Args:
        codes: samples [..., features, points], of any unit.

    Returns:
        statistics [...], float64, without unit; NaN for a sample that is not finite. Differentiable.

    Raises:
        ValueError: if `codes` has fewer than two axes, or no feature or point.
    """
    if codes.ndim < 2 or 0 in codes.shape[-2:]:
        raise ValueError(f"codes must be [..., features, points] with at least one of each, got {list(codes.shape)}")
    features, points = codes.shape[-2:]
    samples = codes.reshape(-1, features, points)
    finite = samples.isfinite().all(-1).all(-1)
    samples = samples.where(finite[:, None, None], 0.0)
    whitened, singular = _whiten(samples)
    block = max(1, _PAIRS_AT_ONCE // points**2)
    statistic = torch.cat([_statistic_of_whitened(part) for part in whitened.split(block)])
    statistic = statistic.where(~singular, 4.0 * points).where(finite, math.nan)
    return statistic.reshape(codes.shape[:-2])


def henze_zirkler_p_value(
    statistic: Float[Tensor, "*batch"] | float, points: int, features: int
) -> Float64[Tensor, "*batch"]:
    """Compute the probability that Gaussian samples reach the statistic.

    The null distribution is approximated by a lognormal with the known mean and variance, as Henze and
    Zirkler propose.

    Args:
        statistic: values of `henze_zirkler` [...].
        points: size n of each sample.
        features: dimension d of each sample.

    Returns:
        p-values [...], float64, in [0, 1].
    """
    statistic = torch.as_tensor(statistic, dtype=torch.float64)
    mean, variance = null_moments(points, features)
    log_variance = math.log1p(variance / mean**2)
    log_mean = math.log(mean) - log_variance / 2
    standardised = (statistic.clamp(min=0).log() - log_mean) / math.sqrt(log_variance)
    return torch.special.ndtr(-standardised)


def null_moments(points: int, features: int) -> tuple[float, float]:
    """Give mean and variance of the statistic for Gaussian samples (Henze & Zirkler 1990, theorem 3.2).

    Args:
        points: size n of a sample, which enters through b alone.
        features: dimension d of a sample.

    Returns:
        mean and variance of the statistic under the null hypothesis.
    """
    d, b2 = features, _smoothing(points, features) ** 2
    a = 1 + 2 * b2
    w = (1 + b2) * (1 + 3 * b2)
    mean = 1 - a ** (-d / 2) * (1 + d * b2 / a + d * (d + 2) * b2**2 / (2 * a**2))
    variance = (
        2 * (1 + 4 * b2) ** (-d / 2)
        + 2 * a**-d * (1 + 2 * d * b2**2 / a**2 + 3 * d * (d + 2) * b2**4 / (4 * a**4))
        - 4 * w ** (-d / 2) * (1 + 3 * d * b2**2 / (2 * w) + d * (d + 2) * b2**4 / (2 * w**2))
    )
    return mean, variance


class HermiteFunctions(NamedTuple):
    """Eigenfunctions of exp(−b²(u − v)²/2) under N(0, s²), and what the statistic makes of their products.

    ψ₀ = start·exp(−decay·u²), ψ_{k+1} = a_k·u·ψ_k − b_k·ψ_{k−1}, and ψ_k′ = c_k·ψ_{k−1} − 2·decay·u·ψ_k.

    Attributes:
        decay: of ψ₀.
        start: ψ₀ at 0.
        recurrence: a_k, b_k and c_k, float64 [K, 3].
        weights: λ_j·λ_k, products of eigenvalues, where j + k < K, else 0; float64 [K, K].
        targets: products of the means of ψ_j and ψ_k under N(0, 1), float64 [K, K].
    """

    decay: float
    start: float
    recurrence: Float64[Tensor, "K 3"]
    weights: Float64[Tensor, "K K"]
    targets: Float64[Tensor, "K K"]


@functools.cache
def hermite_functions(
    points: int, functions: int = FUNCTIONS, width: float = WIDTH, device: torch.device = HOST
) -> HermiteFunctions:
    """Compute the expansion for samples of a size (Rasmussen & Williams 2006, section 4.3.1).

    Args:
        points: size n of a sample, which sets b.
        functions: K, how many are kept on each axis.
        width: s.
        device: where the tables are kept. A GPU would wait for a copy of them in every step.
    """
    a, c = 1 / (2 * width**2), _smoothing(points, 2) ** 2 / 2
    beta = (1 + 4 * c / a) ** 0.25
    decay = a * (beta**2 - 1) / 2
    k = np.arange(functions)
    eigenvalues = np.sqrt(a / (a + decay + c)) * (c / (a + decay + c)) ** k
    scale = math.sqrt(a) * beta
    recurrence = np.stack([scale * np.sqrt(2 / (k + 1)), np.sqrt(k / (k + 1)), scale * np.sqrt(2 * k)], 1)
    # Their means under N(0, 1), by Gauss–Hermite quadrature, which is exact to rounding for so smooth functions.
    nodes, shares = np.polynomial.hermite_e.hermegauss(150)
    rows = [math.sqrt(beta) * np.exp(-decay * nodes**2)]
    for j in range(functions - 1):
        rows.append(recurrence[j, 0] * nodes * rows[j] - recurrence[j, 1] * rows[j - 1] * (j > 0))
    means = np.stack(rows) @ shares / shares.sum()
    weights = np.where(np.add.outer(k, k) < functions, np.outer(eigenvalues, eigenvalues), 0)
    tables = [torch.from_numpy(table) for table in (recurrence, weights, np.outer(means, means))]
    if device != HOST:
        tables = [table.to(device) for table in tables]
    return HermiteFunctions(decay, math.sqrt(beta), *tables)


def spectral_henze_zirkler(
    codes: Float[Tensor, "models 2 points"], *, functions: int = FUNCTIONS, width: float = WIDTH
) -> Float[Tensor, " models"]:
    """Compute the Henze–Zirkler statistic of a stack of two-dimensional samples by an expansion of its kernel.

    HZ = n·Σ_jk λ_j λ_k (mean of ψ_j(u) ψ_k(v) − m_j m_k)² for whitened coordinates u and v needs means of products of K
    functions of one coordinate each: one product [K, points] × [points, K]. At 500 points the eigenvalues fall as
    0.62^k; products with j + k ≥ K are left out. The gradient by the codes, against that of the exact form, is off by
    this share of its length (worst of 20 samples of 500 points): Gaussian 2.8e-3, uniform 1.2e-3, ring 8e-4, mixture
    2.2e-3, banana 3.9e-3, exponential 3.6e-3, Student's t₃ 2.1e-3, cubes of Gaussian 1.8e-3; the value by at most
    2e-3 of itself. All terms are squares, so it is never above the exact statistic, except by rounding.

    It can be compiled whole. A singular covariance gives a finite statistic with a finite gradient here, not
    the 4n of the exact form: what has no variance counts as a whitened coordinate of 0.

    Args:
        codes: samples [models, 2, points]; float32 is enough, if their standard deviations exceed 1e-8.
        functions: K, how many are kept on each axis.
        width: standard deviation of the Gaussian under which they are orthonormal, in units of the whitened codes.

    Returns:
        statistics [models], without unit, in the precision of `codes`.

    Raises:
        ValueError: if there are not two features.
    """
    if codes.ndim != 3 or codes.shape[-2] != 2:
        raise ValueError(f"the spectral form needs codes [models, 2, points], got {list(codes.shape)}")
    points = codes.shape[-1]
    known = hermite_functions(points, functions, width, codes.device)
    recurrence = known.recurrence.to(codes)
    products = _Products.apply(torch.stack(_whiten_pair(codes), dim=1), known.decay, known.start, recurrence)[0]
    deviation = products / points - known.targets.to(codes)
    return points * (deviation.square() * known.weights.to(codes)).sum((-2, -1))


class _Products(torch.autograd.Function):
    """Sums over points of products of Hermite functions: two coordinates [models, 2, points] to [models, K, K].

    Rows belong to the first coordinate, columns to the second. The gradient keeps the functions.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(whitened: Tensor, decay: float, start: float, recurrence: Tensor) -> tuple[Tensor, Tensor]:
        rows = [start * torch.exp(-decay * whitened.square())]
        for k in range(len(recurrence) - 1):
            following = recurrence[k, 0] * whitened * rows[k]
            if k:
                following = following - recurrence[k, 1] * rows[k - 1]
            rows.append(stored(following))  # else a compiler writes out ever longer expressions
        functions = torch.stack(rows, dim=2)
        return functions[:, 0] @ functions[:, 1].mT, functions

    @staticmethod
    def setup_context(context: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        whitened, context.decay, _, recurrence = inputs
        context.mark_non_differentiable(output[1])
        context.save_for_backward(whitened, recurrence, output[1])

    @staticmethod
    def backward(context: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor, None, None, None]:
        whitened, recurrence, functions = context.saved_tensors
        slopes = torch.stack([gradient @ functions[:, 1], gradient.mT @ functions[:, 0]], dim=1)
        lowered = recurrence[1:, 2, None] * functions[:, :, :-1]
        total = (slopes[:, :, 1:] * lowered).sum(2) - 2 * context.decay * whitened * (slopes * functions).sum(2)
        return total, None, None, None


def _smoothing(points: int, features: int) -> float:
    """b: the wider the window on frequencies, the finer the details of the density that count."""
    return ((2 * features + 1) * points / 4) ** (1 / (features + 4)) / math.sqrt(2)


def _whiten(samples: Tensor) -> tuple[Tensor, Tensor]:
    """Whiten each sample [models, features, points]; say which cannot be [models].

    The orthonormal basis of a QR decomposition of the centred sample is the whitened sample, with twice the
    digits of a factor of its covariance. Features are brought to one scale first, so that singularity does not
    depend on units: it is declared where a combination of features, each of variance 1, has a standard
    deviation no larger than what rounding of the samples can make. Such samples are replaced by a regular one.
    """
    features, points = samples.shape[-2:]
    if points <= features:
        return torch.zeros_like(samples, dtype=torch.float64), samples.new_ones(len(samples), dtype=torch.bool)
    rounding = 4 * torch.finfo(samples.dtype).eps * samples.detach().double().abs().amax(-1, keepdim=True)
    centred = samples.double() - samples.double().mean(-1, keepdim=True)
    scale = centred.detach().square().mean(-1, keepdim=True).sqrt()
    constant = (scale <= rounding).flatten(1).any(-1)
    standardised = centred / scale.where(scale > rounding, 1.0) / math.sqrt(points)
    tolerance = 16 * features * torch.finfo(torch.float64).eps + (rounding / scale).sum((-2, -1))
    singular = constant | (torch.linalg.svdvals(standardised.detach()).amin(-1) <= tolerance)
    regular = torch.eye(features, points, dtype=torch.float64, device=samples.device)
    basis, _ = torch.linalg.qr(standardised.where(~singular[:, None, None], regular).mT)
    return basis.mT * math.sqrt(points), singular


def _statistic_of_whitened(whitened: Tensor) -> Tensor:
    """The closed form of the integral for samples [models, features, points] with covariance I."""
    features, points = whitened.shape[-2:]
    b2 = _smoothing(points, features) ** 2
    radius = whitened.square().sum(-2)
    distance = radius[:, :, None] + radius[:, None, :] - 2 * whitened.mT @ whitened
    pairs = (distance * (-b2 / 2)).exp().sum((-2, -1)) / points
    single = (radius * (-b2 / (2 * (1 + b2)))).exp().sum(-1)
    return pairs - 2 * (1 + b2) ** (-features / 2) * single + points * (1 + 2 * b2) ** (-features / 2)


def _whiten_pair(codes: Tensor) -> tuple[Tensor, Tensor]:
    """Whiten two features: each coordinate [models, points] of L⁻¹(z − z̄), L the Cholesky factor of Σ.

    The second diagonal entry of L is the norm of what the first feature does not explain. Taken from that
    remainder itself, it keeps its digits in float32 where s₂₂ − l₂₁² would cancel. The floors are of the size
    of rounding errors, and large enough that their power −3/2, met in the gradient, is finite.
    """
    mean = codes.mean(-1, keepdim=True)
    centred = codes - mean
    variance = centred.square().mean(-1, keepdim=True)
    floor = (16 * torch.finfo(codes.dtype).eps) ** 2 * (variance + mean.square()) + torch.finfo(codes.dtype).tiny ** 0.5
    first = centred[:, 0] * (variance[:, 0] + floor[:, 0]).rsqrt()
    remainder = centred[:, 1] - (centred[:, 1] * first).mean(-1, keepdim=True) * first
    second = remainder * (remainder.square().mean(-1, keepdim=True) + floor[:, 1]).rsqrt()
    return first, second
