"""The published files hold the models of Table 1 and nothing else."""

import numpy as np
import pandas as pd
import pytest
from published_models import publish_models

import libi
from libi.study.study import Study

from .conftest import TINY


@pytest.mark.parametrize("method", ["vae", "libi", "truth"])
def test_a_published_model_is_the_one_that_table_1_shows(tiny_run, tmp_path, method):
    written = publish_models(tiny_run.root, "/tiny", Study.model_validate(TINY), tmp_path)
    assert len(written) == 3 and sum(path.stat().st_size for path in written) < 30_000
    model = libi.load(tmp_path / f"linear_jtex/{method}.safetensors")
    (row,) = pd.read_csv(tiny_run.root / f"results/tiny/metrics/linear_jtex/{method}.csv").itertuples()
    assert (model.configuration, model.restart) == (row.configuration, row.restart)
    trained = libi.load(
        tiny_run.root / f"results/tiny/training/linear_jtex/{method}/0.safetensors", row.configuration, row.restart
    )
    x = np.random.default_rng(0).normal(size=(2, 5))
    assert np.array_equal(model.encode(x), trained.encode(x)) and np.array_equal(model.decode(x), trained.decode(x))
