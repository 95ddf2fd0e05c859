"""What each method's phases are, by Appendix E and D."""

from pathlib import Path

import pytest

from libi.base.method import JOINT, Phase, split_evenly
from libi.base.objective import Objective
from libi.methods import METHODS
from libi.objectives import OBJECTIVES, objectives_of
from libi.runtime.rooms import RoomError
from libi.study.jobs import check_objectives, training_settings_of
from libi.study.reading import read_study

PAPER = Path(__file__).parents[2] / "config/config.yaml"
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
    plain = read_study(PAPER).training.model_dump()
    settings = training_settings_of(method)
    return METHODS[method].phases(values, EPOCHS, settings(**{key: plain[key] for key in settings.model_fields}))


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
    assert (ramp.ramp, ramp.epochs, flat.ramp, flat.epochs) == ("linear", 15_000, "", 15_000)


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


# ------------------------------------------------------------------------------------ what a method's file may say


def own(**changes):
    """Phases under an objective of one's own, and that objective."""
    objective = Objective(lambda *_: None, **changes)
    return {"own": objective}, (Phase("own", JOINT, 10, fresh=True, opens_round=True),)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"settings": {"cap": "exponential_cap"}},
            "takes the training settings exponential_cap, which its ElboS",
        ),
        (
            {"batch": "constrained_batch_size"},
            "takes the training settings constrained_batch_size, which its",
        ),
        (
            {"groups": ("generative", "encoder")},
            "a phase moves inference, on which its objective 'own' does not",
        ),
    ],
)
def test_a_method_that_does_not_fit_its_objective_is_refused(changes, words):
    """Else it would train another loss than it says, without a word."""
    with pytest.raises(RoomError, match=f"vae.py: .*{words}"):
        check_objectives("vae", *own(**changes))


def test_a_method_that_fits_its_objective_is_not():
    check_objectives("vae", *own())
    check_objectives("iwae", *own(draws=10))
    with pytest.raises(RoomError, match="iwae.py: .* elbo_draws, which its BatchSettings lacks"):
        check_objectives("iwae", *own())


@pytest.mark.parametrize(("method", "values"), CASES)
def test_every_method_here_fits_its_objectives(method, values):
    check_objectives(method, objectives_of(METHODS[method]), phases_of(method, values))


def test_the_constrained_likelihood_reads_its_batch_and_its_cap():
    assert set(OBJECTIVES["constrained_likelihood"].reads) == {"constrained_batch_size", "exponential_cap"}
    assert set(OBJECTIVES["elbo"].reads) == {"batch_size", "elbo_draws"} and OBJECTIVES["joint_map"].reads == ()
