"""The choices about training that a study can make, each by what it must do; and both engines by each other."""

import math
from dataclasses import replace

import pytest
import torch

from libi.datasets import DATASETS, dataset_of
from libi.layers import Hidden, Network
from libi.native.library import load
from libi.training.engine import growth
from libi.training.methods import METHODS, Plan
from libi.training.noise import CHUNK, batches_of, chunk_orders, with_draws
from libi.training.objectives import negative_elbo

from .conftest import problem_of, stack_of

LIBI = {"epsilon_hz": 1.0, "epsilon_covariance": 0.2, "epsilon_mean": 0.2, "rounds": 1}
BETA = {"beta": 2.0}
CHOICES = {
    "several draws": ("vae", {}, {"elbo_draws": 3}),
    "a falling rate": ("vae", {}, {"learning_rate_end": 0.1}),
    "a falling rate over lagging segments": ("lagging", {"segments": 2}, {"learning_rate_end": 0.1}),
    "a cosine": ("beta_vae_anneal", BETA, {"annealing_form": "cosine"}),
    "a line": ("beta_vae_anneal", BETA, {"annealing_form": "linear"}),
    "batches of the constrained likelihood": ("libi", LIBI, {"constrained_batch_size": 30}),
    "the last snapshot": ("libi", LIBI, {"snapshot": "last"}),
    "a wide start": ("vae", {}, {"initial_scale": 2.0}),
}


def trained(method, values, epochs=60, problem=None, **changes):
    stack = stack_of(problem or problem_of("linear_jtex"), method, [(0, values), (1, values)], epochs, **changes)
    stack.run()
    return stack


@pytest.mark.skipif(load() is None, reason="no C++ compiler")
@pytest.mark.parametrize(("method", "values", "changes"), CHOICES.values(), ids=CHOICES)
def test_kernels_and_pytorch_train_alike(method, values, changes):
    kernels, pytorch = (trained(method, values, compiled=compiled, **changes).state for compiled in (True, False))
    for group, expected in pytorch.kept.parameters.items():
        torch.testing.assert_close(kernels.kept.parameters[group], expected, rtol=0, atol=2e-4)
    torch.testing.assert_close(kernels.kept.score, pytorch.kept.score, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("method", ["vae", "lagging"])
def test_the_rate_falls_to_the_stated_share_of_an_optimisation(method):
    """Over 100 epochs of one optimiser, in whatever phases: after a share s of the epochs it is 0.01^s."""
    stack = stack_of(problem_of("linear_jtex"), method, [(0, {"segments": 2})], 100, learning_rate_end=0.01)
    rates = []
    for number, phase in enumerate(stack._phases):
        stack.phase = number
        rates += [stack._rate(before) for before in range(0, phase.epochs, CHUNK)]
    assert rates == pytest.approx([0.01**0.0, 0.01**0.25, 0.01**0.5, 0.01**0.75])


def test_each_step_of_libi_starts_with_the_whole_rate():
    stack = stack_of(problem_of("linear_jtex"), "libi", [(0, LIBI)], 100, learning_rate_end=0.01)
    stack.phase = 1
    assert (stack._rate(0), stack._rate(25)) == (1.0, pytest.approx(0.1))


def test_several_draws_have_the_mean_gradient_of_single_ones():
    """The ELBO of a batch that holds each point thrice is the mean of three ELBOs."""
    dataset, generator = DATASETS["gaussian"], torch.Generator().manual_seed(0)
    x, noise = torch.randn(1, 4, 20, generator=generator), torch.randn(3, 1, 2, 20, generator=generator)
    start = {group: layout.draw(generator)[None] for group, layout in dataset.layouts.items()}

    def gradient(x, noise):
        phi = start["inference"].clone().requires_grad_()
        stack = {"generative": dataset.generative.unpack(start["generative"])}
        stack["inference"] = dataset.inference.layout.unpack(phi)
        negative_elbo(dataset, stack, x, noise, torch.ones(1)).sum().backward()
        return phi.grad

    single = torch.stack([gradient(x, each) for each in noise]).mean(0)
    together = gradient(x.repeat(1, 1, 3), torch.cat(list(noise), 2))
    torch.testing.assert_close(together, single, rtol=1e-4, atol=1e-4)


def test_every_point_of_a_batch_has_as_many_draws():
    orders = chunk_orders(12, [(0,)], 0, 0)
    x = torch.arange(12.0)[None, None]
    once, thrice = batches_of(x, orders, 4), batches_of(x, with_draws(orders, 4, 3), 12)
    for batch, repeated in zip(once[7], thrice[7], strict=True):
        assert torch.equal(repeated, batch.repeat(1, 1, 3))


@pytest.mark.parametrize("method", ["vae", "libi"])
def test_the_last_snapshot_is_how_training_ended(method):
    """By its score, too, which may be worse than the best."""
    last, best = (trained(method, LIBI, 80, validate_every=20, snapshot=kind) for kind in ("last", "best"))
    ends = 40 if method == "libi" else 80  # LiBI's first step has half of the epochs
    assert (last.state.kept.epoch == ends).all()
    assert (best.state.kept.score <= last.state.kept.score).all()
    if method == "vae":
        assert torch.equal(last.assess("elbo"), last.state.kept.score)


def test_the_start_is_scaled():
    plain, wide = (stack_of(problem_of("mobius"), "vae", [(0, {})], 10, initial_scale=scale) for scale in (1.0, 2.0))
    for group, start in plain.state.parameters.items():
        assert torch.equal(wide.state.parameters[group], 2 * start)


def test_a_cosine_grows_from_0_over_a_half_to_1():
    weights = torch.cat([growth(before, 100, "cosine") for before in range(0, 125, CHUNK)])
    assert weights[[0, 25, 50, 100]].tolist() == pytest.approx([0, (1 - math.sqrt(0.5)) / 2, 0.5, 1])
    assert torch.equal(growth(50, 100, "linear"), torch.arange(50, 75).float() / 100)


def test_every_step_of_every_round_may_have_all_epochs():
    phases = METHODS["libi"]({"rounds": 6}, Plan(30_000, libi_epochs="each"))
    assert [phase.epochs for phase in phases] == [30_000] * 12


def test_libi_may_start_from_an_encoder_as_drawn():
    starts = [phase.encoder_start for phase in METHODS["libi"]({"rounds": 2}, Plan(100, whitened_start=False))]
    assert starts[::2] == ["keep", "copy"]


@pytest.mark.parametrize("compiled", [False, True])
def test_a_batch_of_all_points_is_no_batch(compiled):
    whole, plain = (
        trained("libi", LIBI, compiled=compiled, constrained_batch_size=size).state.kept for size in (60, None)
    )
    assert all(torch.equal(whole.parameters[group], plain.parameters[group]) for group in plain.parameters)


def test_the_constrained_likelihood_of_batches_takes_a_step_a_batch():
    stack = stack_of(problem_of("linear_jtex"), "libi", [(0, LIBI)], 100, constrained_batch_size=20)
    stack._run_chunk(stack._phases[0])
    assert stack.state.count["encoder"] == CHUNK * 3


def test_the_training_objective_is_that_of_the_training_points():
    """LiBI's has no noise: with the training points as validation points the two are one."""
    problem = problem_of("linear_jtex")
    stack = trained("libi", LIBI, problem=replace(problem, validation=problem.train))
    torch.testing.assert_close(stack.training_objective(), stack.state.kept.score, rtol=1e-5, atol=1e-5)


def test_the_training_objective_of_the_elbo_differs_by_its_draws_alone():
    problem = problem_of("linear_jtex")
    settings = {"validation_draws": 2000, "learning_rate_end": 1.0}
    stack = trained("vae", {}, problem=replace(problem, validation=problem.train), **settings)
    torch.testing.assert_close(stack.training_objective(), stack.state.kept.score, rtol=0.02, atol=0.05)


# ---------------------------------------------------------------------------- architecture


def test_without_biases_nothing_comes_of_nothing():
    network = Network(2, (Hidden(5, torch.tanh), Hidden(7, torch.relu)), {"mean": 2}, bias=False)
    parameters = network.layout.unpack(network.layout.draw(torch.Generator().manual_seed(0))[None])
    assert all(name.endswith(".weight") for name in parameters)
    assert (network(parameters, torch.zeros(1, 2, 3))[0] == 0).all()
    assert (network(parameters, torch.ones(1, 2, 3))[0] != 0).all()


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("compiled", [False, True])
def test_libi_trains_encoders_without_biases(name, compiled):
    problem = replace(problem_of(name), dataset=dataset_of(name, {"encoder_bias": False}))
    stack = trained("libi", LIBI, 20, problem=problem, compiled=compiled)
    assert stack.state.alive.all() and torch.isfinite(stack.state.kept.score).all()


def test_the_paper_s_architecture_is_the_default():
    plain = {"mobius_units": 50, "mobius_activation": "relu", "encoder_bias": True}
    for name, dataset in DATASETS.items():
        for architecture in ({}, plain):
            found = dataset_of(name, architecture)
            assert (found.decoder, found.inference, found.label) == (dataset.decoder, dataset.inference, name)


def test_the_architecture_of_mobius():
    dataset = dataset_of("mobius", {"mobius_units": 7, "mobius_activation": "tanh"})
    assert dataset.decoder.hidden == (Hidden(7, torch.tanh),)
    assert dataset.hidden == DATASETS["mobius"].hidden
    assert dataset.label != "mobius"
