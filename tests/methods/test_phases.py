"""What each method's phases are, by Appendix E and D."""

import pytest

from libi.base.method import Plan, split_evenly
from libi.methods import METHODS

EPOCHS = 30_000
CASES = [
    ("truth", {}),
    ("vae", {}),
    ("beta_vae", {"beta": 2}),
    ("beta_vae_anneal", {"beta": 2}),
    *(("lagging", {"segments": segments}) for segments in (5, 15, 70, 90)),
    *(("libi", {"rounds": rounds}) for rounds in (1, 6)),
    ("joint_map", {}),
]


def phases_of(method, values):
    return METHODS[method].phases(values, Plan(EPOCHS, 0.5))


@pytest.mark.parametrize(("method", "values"), CASES)
def test_every_method_trains_for_30000_epochs(method, values):
    assert sum(phase.epochs for phase in phases_of(method, values)) == EPOCHS


def test_phase_j_of_n_ends_at_epoch_round_jE_over_n():
    assert split_evenly(30_000, 140)[:3] == [214, 215, 214]  # ends 214.29, 428.57, 642.86
    assert split_evenly(10, 4) == [2, 3, 3, 2]  # ends 2.5, 5, 7.5, 10, halves to even


def test_lagging_alternates_inference_alone_and_both():
    phases = phases_of("lagging", {"segments": 5})
    assert [phase.moves for phase in phases] == [("inference",), ("generative", "inference")] * 5
    assert [phase.fresh for phase in phases] == [True] + [False] * 9  # one optimiser


def test_annealing_ramps_over_the_first_half():
    ramp, flat = phases_of("beta_vae_anneal", {"beta": 5})
    assert (ramp.ramp, ramp.epochs, flat.ramp, flat.epochs) == (True, 15_000, False, 15_000)


def test_libi_learns_the_likelihood_then_inference_and_copies_the_means_back():
    phases = phases_of("libi", {"rounds": 6})
    assert [phase.objective for phase in phases] == ["constrained_likelihood", "elbo"] * 6
    assert [phase.moves for phase in phases] == [("generative", "encoder"), ("inference",)] * 6
    assert [phase.encoder_start for phase in phases[::2]] == ["whiten"] + ["copy"] * 5
    assert all(phase.fresh for phase in phases)


def test_joint_map_learns_theta_and_codes_by_equation_31_alone():
    (phase,) = phases_of("joint_map", {})
    assert (phase.objective, phase.moves) == ("joint_map", ("generative", "encoder"))
    assert phase.encoder_start == "whiten"  # codes begin at the prior's variance, and so does LiBI


def test_truth_moves_inference_alone():
    assert {phase.moves for phase in phases_of("truth", {})} == {("inference",)}
