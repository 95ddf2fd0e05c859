"""Training jobs that hold several replicates: what they leave is what jobs of one replicate each would."""

import numpy as np
import pandas as pd
import pytest

import libi
from libi.models.trained import TrainedModels
from libi.runtime.storage import load_tensors
from libi.study.jobs import TrainingJob
from libi.study.reading import read_study
from libi.training.job import train_job

from .conftest import REPOSITORY, SMOKE

STUDY = read_study(REPOSITORY / SMOKE)
KEYS = ["configuration", "restart"]


@pytest.fixture(scope="module")
def results(smoke_run):
    return smoke_run.root / "results" / "smoke"


def on_replicate(results, dataset, method, replicate):
    """What a job of one replicate alone makes of the points that the smoke study has."""
    data = results / "data" / dataset
    train, validation = (
        [load_tensors(data / str(replicate) / f"{split}.safetensors")[0]["x"]] for split in ("train", "validation")
    )
    job = TrainingJob.model_validate(STUDY.training_job(dataset, method))
    return train_job(job, [replicate], load_tensors(data / "truth.safetensors")[0]["generative"], train, validation)


@pytest.mark.parametrize("replicate", [0, 1])
@pytest.mark.parametrize("method", ["lagging", "libi"])
def test_models_are_those_of_a_job_of_their_own(results, method, replicate):
    alone = on_replicate(results, "linear_jtex", method, replicate)
    together = TrainedModels(results / "training/linear_jtex" / method / "0-1.safetensors", replicate)
    names = [tuple(row) for row in alone.records[KEYS].itertuples(index=False)]
    assert sorted(names) == sorted(together.rows)
    for row, (configuration, restart) in enumerate(names):
        model = together.model(configuration, restart)
        for group in ("generative", "inference"):
            np.testing.assert_allclose(getattr(model, group), alone.tensors[group][[row]], rtol=0, atol=1e-4)
    table = pd.read_csv(results / "training/linear_jtex" / method / "0-1.csv")
    own = table[table["replicate"] == replicate].set_index(KEYS)["validation_objective"]
    np.testing.assert_allclose(own.loc[names], alone.records["validation_objective"], rtol=1e-3)


def test_scores_are_of_each_replicates_own_models(results):
    for replicate in (0, 1):
        scores = pd.read_csv(results / "scores/linear_jtex/vae.csv").query(f"replicate == {replicate}")
        records = pd.read_csv(results / "training/linear_jtex/vae/0-1.csv")
        own = records[records["replicate"] == replicate].set_index("restart")["validation_objective"]
        assert set(scores["restart"]) == {own.idxmin()} and set(scores["method"]) == {"vae"}


def test_a_replicate_that_a_file_does_not_hold_is_refused(results):
    with pytest.raises(ValueError, match="does not hold replicate 2; replicates: 0, 1"):
        libi.load(results / "training/linear_jtex/libi/0-1.safetensors", replicate=2)
