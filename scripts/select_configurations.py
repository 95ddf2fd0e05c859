"""Choose each method's configuration by its score averaged over replicates."""

import pandas as pd

from libi.logs import log_to
from libi.selection import choose_configurations
from libi.storage import load_table, save_table

with log_to(snakemake.log[0]) as log:
    selection = choose_configurations(pd.concat(map(load_table, snakemake.input.scores), ignore_index=True))
    log.info("chosen:\n%s", selection[selection["chosen"]].to_string(index=False))
    save_table(snakemake.output[0], selection)
