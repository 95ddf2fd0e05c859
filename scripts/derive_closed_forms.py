"""Write what the paper's examples say in closed form: Case 1 and 2 of Section 1, and the optima on LinearJTEx."""

import torch

from libi.paper.examples.optima import optima_table
from libi.paper.examples.pedagogical import collapse_table, edge_table, information_table
from libi.paper.examples.shrinkage import scaling_table
from libi.runtime.job import job_of
from libi.runtime.storage import save_table

with job_of(snakemake) as log:
    torch.set_num_threads(snakemake.threads)
    save_table(snakemake.output.information, information_table())
    save_table(snakemake.output.edge, edge_table())
    save_table(snakemake.output.collapse, collapse_table())
    save_table(snakemake.output.scaling, scaling_table())
    optima = optima_table()
    log.info("L of Eq. 2 in nats:\n%s", optima.iloc[:, :5].to_string(index=False))
    save_table(snakemake.output.optima, optima)
