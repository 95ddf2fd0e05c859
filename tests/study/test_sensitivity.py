"""The sensitivity study: its base has what the published study chose."""

import pandas as pd

from libi.study.variants import read_family

from .studies import CONFIG, REPOSITORY


def test_its_base_has_what_the_published_study_chose():
    grid = pd.read_csv(REPOSITORY / "paper/reference/grid.csv")
    base = read_family(str(CONFIG / "sensitivity.yaml")).base
    for row in grid[grid["chosen"] & (grid["method"] != "truth")].itertuples():
        names = [configuration.name for configuration in base.configurations(row.dataset, row.method)]
        assert row.configuration in names, (row.dataset, row.method)
