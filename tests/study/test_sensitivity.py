"""The sensitivity study: its base has what the published study chose."""

import pandas as pd

from libi.study.variants import read_family

from .studies import CONFIG, REPOSITORY


def test_its_base_has_what_the_study_chose_on_the_same_processor():
    """That of the third run."""
    table = pd.read_csv(REPOSITORY / "paper/reference/third_run/table1.csv")
    base = read_family(str(CONFIG / "sensitivity.yaml")).base
    for row in table[(table["metric"] == "test_ll") & (table["method"] != "truth")].itertuples():
        names = [configuration.name for configuration in base.configurations(row.dataset, row.method)]
        assert row.configuration in names, (row.dataset, row.method)
