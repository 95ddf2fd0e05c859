"""The tables of choices, in REPLICATION.md and in the replication paper, have the settings of the paper's study."""

import pytest
import yaml

from libi.paper.tables.choices import Choice, read_choices, to_latex, to_markdown
from libi.study.study import Study

from ..test_packaging import REPOSITORY

SOURCE = REPOSITORY / "paper/choices.yaml"
STUDY = Study.model_validate(yaml.safe_load((REPOSITORY / "config/config.yaml").read_text(encoding="utf-8")))
TRAINING = STUDY.training
# What the file says in words alone, and whether it is so in the study.
WORDS = [
    ("a constant rate", TRAINING.learning_rate_end == 1),
    ("divided evenly over all 2R phases", TRAINING.libi_epochs == "shared"),
    ("The constrained likelihood sees all points", TRAINING.constrained_batch_size == STUDY.points.train),
    ("of five sizes, 250 comes nearest", TRAINING.batch_size == 250),
    ("encoders have them", STUDY.architecture.encoder_bias),
    ("the first round starts from whitened codes", TRAINING.whitened_start),
    ("ReLU", STUDY.architecture.decoder_activation == "relu"),
]
# Appendix E, and the choices as REPLICATION.md has always had them.
ROWS = [
    "| 5 replicates |",
    "| Adam (0.9, 0.999, 1e-8); the learning rate at the end is 1 times that at the start |",
    "| 250 points for ELBO phases, 500 for the constrained likelihood |",
    "| 30,000 epochs for LiBI's R rounds of two steps |",
    "a snapshot every 250 epochs, each judged with the same 64 draws; the best snapshot counts.",
    "| the validation points |",
    "the log-likelihood that chooses is exact",
    "continued linearly above 8;",
    "| k = 1, α = 1, the t-statistic |",
    "with 4,000 codes for each point. A share of 0.1 of them",
    r"modes of p_θ(z\|x)",
]


def table():
    return to_markdown(read_choices(SOURCE, STUDY))


@pytest.mark.parametrize("row", ROWS)
def test_a_row_has_the_settings_as_a_reader_writes_them(row):
    assert row in table()


@pytest.mark.parametrize(("words", "true"), WORDS)
def test_what_is_said_in_words_holds(words, true):
    assert words in table() and true


def test_every_row_has_three_cells():
    assert {line.replace(r"\|", "").count("|") for line in table().splitlines()} == {4}


def test_a_change_of_the_study_is_told():
    change = {"replicates": 3, "training": TRAINING.model_copy(update={"elbo_draws": 10})}
    shown = to_markdown(read_choices(SOURCE, STUDY.model_copy(update=change)))
    assert "| 3 replicates |" in shown and "| 10 for each point and step |" in shown


def test_a_switch_is_no_number(tmp_path):
    (tmp_path / "choices.yaml").write_text("- {paper: a, choice: 'biases: {architecture.encoder_bias}', why: c}\n")
    assert read_choices(tmp_path / "choices.yaml", STUDY)[0].choice == "biases: True"


def test_latex_has_the_same_in_its_own_signs():
    latex = to_latex([Choice("Eq. 44", "`results/a_b`, 2 → 50", "p_θ(z|x)")], study="mine")
    row = r"Eq. 44 & \texttt{results\slash a\_b}, 2 $\to$ 50 & p\textsubscript{$\theta$}(z|x) \\ \addlinespace[2pt]"
    assert row in latex.splitlines()
    assert to_latex(read_choices(SOURCE, STUDY), study="mine").isascii()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "{paper: a, choice: '{training.bach_size}', why: c}",
            "row 1: 'TrainingSettings' object has no attribute 'bach_size'",
        ),
        ("{paper: a, choice: '{pionts}', why: c}", "row 1: studies have no setting 'pionts'"),
        ("{paper: a, choice: 'a {', why: c}", "row 1: Single '{' encountered"),
        ("{paper: a, choice: '{}', why: c}", "row 1: "),
        ("{paper: a, choice: b}", "row 1: .*missing 1 required positional argument: 'why'"),
    ],
)
def test_a_row_that_is_no_choice_is_named(tmp_path, row, message):
    (tmp_path / "choices.yaml").write_text(f"- {row}\n")
    with pytest.raises(ValueError, match=rf"choices.yaml: {message}"):
        read_choices(tmp_path / "choices.yaml", STUDY)
