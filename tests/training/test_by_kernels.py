"""Training by the kernels against PyTorch: gradients in float64, noise, snapshots; and what must not change a bit."""

import math
from dataclasses import replace

import pytest
import torch

from libi.base.dataset import LATENT, Dataset
from libi.base.layers import Hidden, MatrixMap, Network, cube, sigmoid_and_cube_root
from libi.base.method import Phase
from libi.native.library import load
from libi.paper.vocabulary import PAPERS_DATASETS
from libi.training import engine
from libi.training.backends import Stretch, moving
from libi.training.by_kernels import ByKernels
from libi.training.checkpoint import flatten
from libi.training.compilation import Program
from libi.training.in_pytorch import InPyTorch
from libi.training.noise import CHUNK
from libi.training.problem import Inputs, Member, Problem
from libi.training.state import State

from .conftest import GRADIENT, KNOWN, problem_of, settings_of, stack_of

pytestmark = pytest.mark.skipif(load() is None, reason="no C++ compiler")

LIBI = {"epsilon_hz": 1.0, "epsilon_covariance": 0.2, "epsilon_mean": 0.2, "rounds": 2}
GROUPS = {"elbo": "inference", "constrained_likelihood": "encoder", "joint_map": "encoder"}
ACTIVATIONS = (torch.relu, torch.sigmoid, torch.tanh, sigmoid_and_cube_root)


def choose(generator, options):
    return options[int(torch.randint(len(options), (), generator=generator))]


def random_layers(generator):
    """None, one or two hidden layers, narrow ones first, as the package allows."""
    layers = []
    for _ in range(choose(generator, (0, 1, 1, 2))):
        activation = choose(generator, ACTIVATIONS if layers else (torch.relu, *ACTIVATIONS))
        units = choose(generator, (1, 2, 3, 4, 5, 17, 20, 50))
        layers.append(Hidden(units + units % 2 if activation is sigmoid_and_cube_root else units, activation))
    if activation_of_rows_is_wide(layers):
        return random_layers(generator)
    return tuple(sorted(layers, key=lambda layer: not layer.narrow))


def activation_of_rows_is_wide(layers):
    """PyTorch's form of sigmoid_and_cube_root is for narrow layers, that of the others for single arrays."""
    return any((layer.activation is sigmoid_and_cube_root) != layer.narrow for layer in layers)


def random_dataset(generator):
    """Any data set that the package can describe: decoder, networks, features, noise."""
    observed = choose(generator, (1, 2, 3, 4))
    decoder = choose(
        generator,
        (
            MatrixMap(LATENT, observed, activation=choose(generator, (None, cube))),
            MatrixMap(LATENT, 2, added=(0.1, 0.3), activation=choose(generator, (None, cube))),
            Network(LATENT, random_layers(generator), {"mean": observed}, bias=choose(generator, (True, False))),
        ),
    )
    observed = decoder.outputs if isinstance(decoder, MatrixMap) else observed
    noise = tuple((0.05 + torch.rand(observed, generator=generator)).tolist())
    bias = choose(generator, (True, False))
    return Dataset("random", noise, decoder, random_layers(generator), lambda: ({}, {}), encoder_bias=bias)


def random_inputs(case, generator):
    """A stack of one to three models on one or two replicates, with sizes around those of vectors."""
    dataset, models, replicates = random_dataset(generator), 1 + case % 3, 1 + case // 3 % 2
    batch = choose(generator, (1, 3, 16, 17, 33, 64, 65, 100, 520))
    x = torch.randn(replicates, dataset.observed, batch * choose(generator, (1, 2)), generator=generator)
    truth = torch.zeros(1, sum(dataset.generative.sizes))
    problem = Problem(dataset, truth, x, x, [(case, replicate) for replicate in range(replicates)])
    names = ("beta", "epsilon_hz", "epsilon_covariance", "epsilon_mean")
    members = [
        Member(
            (case, model),
            dict(zip(names, (torch.rand(4, generator=generator) + 0.5).tolist(), strict=True)),
            model % replicates,
        )
        for model in range(models)
    ]
    settings = settings_of(**GRADIENT, batch_size=batch, constrained_batch_size=problem.train.shape[2])
    return Inputs(problem, members, settings, compiled=True)


def in_float64(inputs):
    """The same in PyTorch and float64: the reference."""
    points = {part: getattr(inputs.problem, part).double() for part in ("truth", "train", "validation")}
    twin = Inputs(replace(inputs.problem, **points), inputs.members, inputs.settings, compiled=True)
    return InPyTorch(twin, Program)


def start_of(inputs, generator):
    layouts, models = inputs.problem.dataset.layouts, len(inputs.members)
    rows = {group: torch.stack([layout.draw(generator) for _ in range(models)]) for group, layout in layouts.items()}
    return State.start(rows, 0)


def doubled(state):
    return State.start({group: flat.double() for group, flat in state.parameters.items()}, 0)


def spread_out(inputs, state):
    """Whether all models' codes span the plane: the Henze–Zirkler statistic of others depends on the precision."""
    encoder = inputs.problem.dataset.encoder
    (codes,) = encoder(
        encoder.layout.unpack(state.parameters["encoder"].double()), inputs.of_models(inputs.problem.train.double())
    )
    centred = codes - codes.mean(2, keepdim=True)
    standardised = centred / centred.square().mean(2, keepdim=True).sqrt()
    correlation = (standardised[:, 0] * standardised[:, 1]).mean(1)
    return codes.shape[2] > 3 and bool((correlation.abs() < 0.98).all())  # NaN, of constant codes, is not


def relative_error(after, reference):
    """Largest error of a derivative, as a share of the largest derivative of its model and group."""
    largest = 0.0
    for group, expected in reference.first.items():
        scale = expected.abs().amax(1, keepdim=True).clamp(min=1e-6)
        largest = max(largest, ((after.first[group] - expected).abs() / scale).max().item())
    return largest


def test_gradients_are_those_of_the_plain_form_in_float64():
    """Random data sets, networks and sizes under the three objectives; one step, whose first moment is the gradient."""
    generator, errors, case = torch.Generator().manual_seed(0), [], 0
    while len(errors) < 1000:
        case += 1
        objective = tuple(GROUPS)[case % 3]
        inputs = random_inputs(case, generator)
        state = start_of(inputs, generator)
        if objective == "constrained_likelihood" and not spread_out(inputs, state):
            continue
        stretch = Stretch(Phase(objective, ("generative", GROUPS[objective]), 1), 0, 0, 1)
        ours = ByKernels(inputs, objective).advance(stretch, state)
        reference = in_float64(inputs).advance(stretch, doubled(state))
        torch.testing.assert_close(ours.loss.double(), reference.loss, rtol=2e-4, atol=1e-5)
        single = InPyTorch(inputs, Program)
        errors.append([relative_error(after, reference) for after in (ours, single.advance(stretch, state))])
    kernels, pytorch = torch.tensor(errors).unbind(1)
    # What float32 cannot hold PyTorch does not hold either: codes with little spread around a large mean. And a point
    # whose unit is within a rounding error of its kink counts in one of the two and not in the other.
    assert kernels.median() < 1e-6
    ours, theirs = (int((errors > 1e-5).sum()) for errors in (kernels, pytorch))
    assert ours - theirs <= 3 * math.sqrt(ours + theirs)  # as often, within three standard errors of two counts
    assert (kernels > torch.maximum(torch.tensor(1e-5), 20 * pytorch)).sum() <= 2


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("method", ["vae", "beta_vae_anneal", "lagging", "libi", "joint_map", "truth"])
def test_the_first_epochs_are_those_of_pytorch(name, method):
    values = {"libi": LIBI, "lagging": {"segments": 1}}.get(method, {"beta": 2.0})
    problem, members = problem_of(name), [(0, values), (1, values)]
    plain, native = (stack_of(problem, method, members, 4, compiled=flag, validate_every=2) for flag in (False, True))
    assert name not in PAPERS_DATASETS or all(isinstance(backend, ByKernels) for backend in native._backends.values())
    plain.run(), native.run()
    for group, flat in plain.state.parameters.items():
        torch.testing.assert_close(native.state.parameters[group], flat, rtol=0, atol=2e-2)
        assert (native.state.parameters[group] - flat).abs().median() < 1e-5
    torch.testing.assert_close(native.state.kept.score, plain.state.kept.score, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("method", ["vae", "libi"])
@pytest.mark.parametrize("name", ["cubic_jtex", "mobius"])
def test_a_stack_equals_its_models_trained_one_by_one_to_the_bit(name, method):
    first, second = (problem_of(name, seed=seed) for seed in (0, 1))
    train, validation = (
        torch.cat([getattr(each, split) for each in (first, second)]) for split in ("train", "validation")
    )
    both = replace(first, train=train, validation=validation, labels=[first.labels[0], second.labels[0]])
    members = [(restart, LIBI) for restart in range(3)]
    together = stack_of(both, method, members, 60, replicates=[0, 1, 0], compiled=True)
    together.run()
    for row, problem in enumerate((first, second, first)):
        alone = stack_of(problem, method, members[row : row + 1], 60, compiled=True)
        alone.run()
        for group, flat in together.state.kept.parameters.items():
            assert torch.equal(flat[row], alone.state.kept.parameters[group][0]), group


def test_a_run_in_pieces_ends_with_the_same_bytes():
    """Snapshots, chunks and checkpoints cut a phase; none of it changes the state."""
    problem = problem_of("mobius")
    whole, cut = (
        stack_of(problem, "libi", [(0, LIBI), (1, LIBI)], 200, compiled=True, validate_every=n) for n in (25, 10)
    )
    whole._advance(whole._phases[0], CHUNK)
    for ends in (7, 10, 24, 25):
        cut._advance(cut._phases[0], ends)
        cut.epoch = ends
    for name, tensor in flatten(moving(whole.state, ("generative", "encoder"), 0.01)._asdict()).items():
        assert torch.equal(tensor, flatten(moving(cut.state, ("generative", "encoder"), 0.01)._asdict())[name]), name


def test_the_state_before_a_stretch_stays_as_it_was():
    stack = stack_of(problem_of("cubic_jtex"), "vae", [(0, {}), (1, {})], 50, compiled=True)
    before = {name: tensor.clone() for name, tensor in flatten(stack.state).items()}
    held = flatten(stack.state)
    stack._advance(stack._phases[0], CHUNK)
    assert all(torch.equal(held[name], tensor) for name, tensor in before.items())


@pytest.mark.parametrize("method", ["vae", "libi"])
@pytest.mark.parametrize("value", [math.nan, math.inf, 1e30])
def test_a_model_that_diverges_is_frozen_and_its_neighbours_do_not_notice(method, value):
    members = [(restart, LIBI) for restart in range(3)]
    sound, broken = (stack_of(problem_of("mobius"), method, members, 100, compiled=True) for _ in range(2))
    groups = ("generative", GROUPS[sound._phases[0].objective])
    broken.state.parameters[groups[1]][1] = value
    before = {group: broken.state.parameters[group][1].clone() for group in groups}
    for stack in (sound, broken):
        stack._advance(stack._phases[0], CHUNK)
    assert broken.state.alive.tolist() == [True, False, True]
    for group in groups:
        assert torch.equal(broken.state.parameters[group][1], before[group]) or value != value
        assert torch.equal(broken.state.parameters[group][[0, 2]], sound.state.parameters[group][[0, 2]])


def test_what_has_no_kernel_is_trained_in_pytorch(monkeypatch):
    """An activation that the kernels lack; the other objective of the method keeps its kernel."""
    problem = problem_of("mobius")
    odd = replace(problem.dataset, hidden=(Hidden(6, torch.nn.functional.softplus),))
    inputs = Inputs(replace(problem, dataset=odd), [Member((0,), {})], settings_of(), compiled=True)
    assert isinstance(engine.choose_backends(inputs, {"elbo"})["elbo"], InPyTorch)
    inputs = Inputs(problem, [Member((0,), {})], settings_of(), compiled=True)
    assert isinstance(engine.choose_backends(inputs, {"elbo"})["elbo"], ByKernels)
    monkeypatch.setattr("libi.training.by_kernels.load", lambda: None)
    monkeypatch.setattr("libi.training.engine.compiler_of_pytorch", lambda: None)
    assert isinstance(engine.choose_backends(inputs, {"elbo"})["elbo"], InPyTorch)
