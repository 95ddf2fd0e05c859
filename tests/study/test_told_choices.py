"""The numbers in REPLICATION.md's table of choices are those of the paper's study."""

import re

import pytest
import yaml

from libi.study.study import Study

from ..test_packaging import REPOSITORY

TABLE = (REPOSITORY / "REPLICATION.md").read_text(encoding="utf-8").split("\n\n")
STUDY = Study.model_validate(yaml.safe_load((REPOSITORY / "config/config.yaml").read_text(encoding="utf-8")))
TRAINING, EVALUATION = STUDY.training, STUDY.evaluation
S_KNN = EVALUATION.metrics.model_dump()["s_knn"]
# What the table says, with its numbers in groups, and what they are in the study.
SAID = [
    (r"\| (\d+) replicates \|", [STUDY.replicates]),
    (r"learning rate ([\d.]+), no optimiser", [TRAINING.learning_rate]),
    (r"Adam \(([\d.]+), ([\d.]+), ([\de-]+)\), constant rate", list(TRAINING.adam.model_dump().values())),
    (r"(\d+) for ELBO phases; all (\d+) points", [TRAINING.batch_size, TRAINING.constrained_batch_size]),
    (r"every (\d+) epochs and judged with (\d+) fixed draws", [TRAINING.validate_every, TRAINING.validation_draws]),
    (r"([\d,]+) epochs for LiBI's R rounds", [TRAINING.epochs]),
    (r"continued linearly above (\d+);", [TRAINING.exponential_cap]),
    (r"2 → (\d+) ReLU → 2", [STUDY.architecture.decoder_units]),
    (r"k = (\d+), α = (\d+), the t-statistic", [S_KNN["neighbours"], *S_KNN["smoothness"]]),
    (r"with ([\d,]+) codes for each point", [EVALUATION.posterior.samples]),
]
WORDS = [
    ("one a point and step", TRAINING.elbo_draws == 1),
    ("constant rate", TRAINING.learning_rate_end == 1),
    ("β linear from 0 over the first half", (TRAINING.annealing_form, TRAINING.annealing_share) == ("linear", 0.5)),
    ("the best snapshot", TRAINING.snapshot == "best"),
    ("divided evenly over all 2R phases", TRAINING.libi_epochs == "shared"),
    ("encoders have them", STUDY.architecture.encoder_bias),
    ("PyTorch's default", TRAINING.initial_scale == 1),
    ("the first round starts from whitened codes", TRAINING.whitened_start),
    ("the exact log-likelihood chooses", STUDY.selection.likelihood == "exact"),
    ("| validation points;", STUDY.selection.configuration_split == "validation"),
    ("A tenth of them comes from the prior", EVALUATION.posterior.prior_share == 0.1),
]


def table():
    return next(part for part in TABLE if part.startswith("| the paper | our choice |"))


@pytest.mark.parametrize(("pattern", "numbers"), SAID)
def test_a_number_is_that_of_the_study(pattern, numbers):
    (found,) = re.findall(pattern, table())
    told = [found] if isinstance(found, str) else found
    assert [float(number.replace(",", "")) for number in told] == [float(number) for number in numbers]


@pytest.mark.parametrize(("words", "true"), WORDS)
def test_what_is_said_in_words_holds(words, true):
    assert words in table() and true
