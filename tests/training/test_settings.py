"""The choices about training that a study can make, each by what it must do; and both engines by each other."""

import math
from dataclasses import replace

import pytest
import torch

from libi.base.layers import Hidden, Network
from libi.datasets import DATASETS, dataset_of, mobius
from libi.methods import METHODS
from libi.native.library import load
from libi.objectives import OBJECTIVES, objectives_of
from libi.objectives.elbo import negative_elbo
from libi.training.encoder_start import whiten
from libi.training.engine import growth
from libi.training.noise import CHUNK, batches_of, chunk_counters, chunk_keys, chunk_orders, normal_draws, with_draws

from . import conftest
from .conftest import GRADIENT, KNOWN, problem_of, settings_of, stack_of

LIBI = {"epsilon_hz": 1.0, "epsilon_covariance": 0.2, "epsilon_mean": 0.2, "rounds": 1}
BETA = {"beta": 2.0}
STEPS = {  # of 200 epochs: method, values, an epoch, what β must be in it, changes
    "ten draws": ("vae", {}, 0, 1.0, {"elbo_draws": 10}),
    "a quarter of a cosine": ("beta_vae_anneal", BETA, 25, 1 - math.sqrt(0.5), {"annealing_form": "cosine"}),
    "three tenths of a line": ("beta_vae_anneal", BETA, 30, 0.6, {"annealing_form": "linear"}),
}
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


def mean_gradient(stack, epoch, beta, draws):
    """Of single-draw ELBOs of the last batch of an epoch, of 20 points of 60: group to [1, parameters]."""
    dataset, labels, chunk = stack._problem.dataset, stack._problem.labels, epoch // CHUNK
    last = chunk_orders(60, labels, 0, chunk)[0, epoch % CHUNK, -20:]
    keys = chunk_keys([stack._members[0].name], 0, chunk)
    noise = normal_draws(chunk_counters(3, 20 * draws)[epoch % CHUNK], keys)[:, -1]
    flat = {group: stack.state.parameters[group].clone().requires_grad_() for group in ("generative", "inference")}
    named = {group: dataset.layouts[group].unpack(parameters) for group, parameters in flat.items()}
    x, beta = stack._problem.train[:, :, last], torch.tensor([beta])
    losses = [negative_elbo(dataset, named, x, each, beta) for each in noise.split(20, dim=2)]
    assert len(losses) == draws
    return dict(zip(flat, torch.autograd.grad(sum(losses).sum() / draws, list(flat.values())), strict=True))


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("method", "values", "epoch", "beta", "changes"), STEPS.values(), ids=STEPS)
def test_a_step_follows_the_mean_gradient_of_its_draws_under_its_beta(method, values, epoch, beta, changes, compiled):
    problem = problem_of("linear_jtex")
    stack = stack_of(problem, method, [(0, values)], 200, compiled=compiled, **GRADIENT, **changes)
    expected = mean_gradient(stack, epoch, beta, changes.get("elbo_draws", 1))
    stack.epoch = epoch
    stack._advance(stack._phases[0], epoch + 1)
    for group, gradient in expected.items():
        torch.testing.assert_close(stack.state.first[group], gradient, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_first_step_of_adam_is_as_long_as_the_rate(compiled):
    """Whatever the gradient is: three quarters through, 0.01 · 0.01^¾."""
    problem, changes = problem_of("linear_jtex"), {"learning_rate_end": 0.01, "batch_size": 60}
    stack = stack_of(problem, "vae", [(0, {})], 100, compiled=compiled, **changes)
    before, stack.epoch = dict(stack.state.parameters), 75
    stack._advance(stack._phases[0], 76)
    for group in ("generative", "inference"):
        length = (stack.state.parameters[group] - before[group]).abs()
        torch.testing.assert_close(length, torch.full_like(length, 0.01**1.75), rtol=1e-3, atol=1e-7)


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


def test_the_truth_is_not_scaled():
    problem = problem_of("linear_jtex")
    stack = stack_of(problem, "truth", [(0, {})], 10, initial_scale=2.0)
    assert torch.equal(stack.state.parameters["generative"], problem.truth)


def test_a_cosine_grows_from_0_over_a_half_to_1():
    weights = torch.cat([growth(before, 100, "cosine") for before in range(0, 125, CHUNK)])
    assert weights[[0, 25, 50, 100]].tolist() == pytest.approx([0, (1 - math.sqrt(0.5)) / 2, 0.5, 1])
    assert torch.equal(growth(50, 100, "linear"), torch.arange(50, 75).float() / 100)


def test_every_step_of_every_round_may_have_all_epochs():
    phases = METHODS["libi"].phases({"rounds": 6}, 30_000, settings_of(libi_epochs="each"))
    assert [phase.epochs for phase in phases] == [30_000] * 12


def test_libi_may_start_from_an_encoder_as_drawn():
    phases = METHODS["libi"].phases({"rounds": 2}, 100, settings_of(whitened_start=False))
    assert [phase.encoder_start for phase in phases[::2]] == ["keep", "copy"]


def test_a_batch_of_all_points_is_no_batch(monkeypatch):
    """It has them in their order, as an objective has that takes no batches."""
    whole = trained("libi", LIBI).state.kept
    unbatched = {"constrained_likelihood": replace(OBJECTIVES["constrained_likelihood"], batch=None)}
    monkeypatch.setattr(conftest, "objectives_of", lambda method: objectives_of(method) | unbatched)
    plain = trained("libi", LIBI).state.kept
    assert all(torch.equal(whole.parameters[group], plain.parameters[group]) for group in plain.parameters)


def test_the_constrained_likelihood_of_batches_takes_a_step_a_batch():
    stack = stack_of(problem_of("linear_jtex"), "libi", [(0, LIBI)], 100, constrained_batch_size=20)
    stack._run_chunk(stack._phases[0])
    assert stack.state.count["encoder"] == CHUNK * 3


@pytest.mark.parametrize("compiled", [False, True])
def test_the_training_objective_is_that_of_the_training_points(compiled):
    """LiBI's has no noise: it is the validation objective where the training points are the validation points."""
    problem = problem_of("linear_jtex")
    stack = trained("libi", LIBI, problem=problem, compiled=compiled)
    swapped = replace(problem, validation=problem.train)
    twin = stack_of(swapped, "libi", [(0, LIBI), (1, LIBI)], 60, compiled=compiled)
    twin.state.parameters = stack.state.kept.parameters
    assert torch.equal(stack.training_objective(), twin.assess("constrained_likelihood"))
    assert (stack.training_objective() != stack.state.kept.score).all()


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


@pytest.mark.parametrize("bias", [True, False])
def test_whitened_codes_have_unit_covariance_and_with_biases_mean_0(bias):
    problem = problem_of("mobius")
    dataset = dataset_of("mobius", {"encoder_bias": bias})
    start = {"encoder": dataset.encoder.layout.draw(torch.Generator().manual_seed(0))[None]}
    (codes,) = dataset.encoder(dataset.encoder.layout.unpack(whiten(dataset, start, problem.train)), problem.train)
    torch.testing.assert_close(torch.cov(codes[0], correction=0), torch.eye(2), rtol=0, atol=1e-3)
    assert (codes.mean(2).abs().max() < 1e-3) == bias


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("compiled", [False, True])
def test_libi_trains_encoders_without_biases(name, compiled):
    problem = replace(problem_of(name), dataset=dataset_of(name, {"encoder_bias": False}))
    stack = trained("libi", LIBI, 20, problem=problem, compiled=compiled)
    assert stack.state.alive.all() and torch.isfinite(stack.state.kept.score).all()


def test_the_paper_s_architecture_is_the_default():
    plain = {"decoder_units": 50, "decoder_activation": "relu", "encoder_bias": True}
    for name, dataset in DATASETS.items():
        for architecture in ({}, plain):
            found = dataset_of(name, architecture)
            assert (found.decoder, found.inference, found.label) == (dataset.decoder, dataset.inference, name)


def test_the_architecture_of_mobius():
    dataset = dataset_of("mobius", {"decoder_units": 7, "decoder_activation": "tanh"})
    assert dataset.decoder.hidden == (Hidden(7, torch.tanh),)
    assert dataset.hidden == DATASETS["mobius"].hidden
    assert dataset.label != "mobius"


@pytest.mark.parametrize(("units", "activation"), [(1, "relu"), (3, "tanh"), (7, "relu")])
def test_mobius_is_a_network_of_that_width_however_narrow(units, activation):
    dataset, generator = (
        dataset_of("mobius", {"decoder_units": units, "decoder_activation": activation}),
        torch.Generator(),
    )
    named = dataset.generative.unpack(dataset.generative.draw(generator)[None])
    codes = torch.randn(1, 2, 9, generator=generator)
    weight, bias, top, top_bias = (part[0] for part in named.values())
    hidden = getattr(torch, activation)(weight @ codes[0] + bias[:, None])
    assert hidden.shape == (units, 9)
    torch.testing.assert_close(dataset.decode(named, codes)[0], top @ hidden + top_bias[:, None])


def test_the_ground_truth_of_mobius_is_fitted_with_the_same_network(monkeypatch):
    monkeypatch.setattr(mobius, "FIT_STEPS", 500)
    dataset = dataset_of("mobius", {"decoder_units": 7, "decoder_activation": "tanh"})
    parameters, record = dataset.ground_truth()
    assert parameters["hidden_1.weight"].shape == (1, 7, 2)
    for feature in (1, 2):  # better than the mean
        assert record[f"rms_error_{feature}"] < 0.5 * record[f"transform_sd_{feature}"]
