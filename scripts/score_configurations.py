"""Choose a restart for every configuration of every method, and score the configuration by its log-likelihood."""

import pandas as pd
import torch

from libi.evaluation.scores import score_configurations
from libi.logs import log_to
from libi.memory import keep_freed_memory
from libi.storage import load_table, load_tensors, save_table
from libi.study.models import ScoringJob
from libi.trained import TrainedModels

with log_to(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    keep_freed_memory()
    points, about = load_tensors(snakemake.input.points)
    job, replicate = ScoringJob.model_validate(snakemake.params.job), int(snakemake.wildcards.replicate)
    records = [table[table["replicate"] == replicate] for table in map(load_table, snakemake.input.records)]
    scores = [
        score_configurations(TrainedModels(models, replicate), of_method, points["x"], about["split"], job)
        for models, of_method in zip(snakemake.input.models, records, strict=True)
    ]
    save_table(snakemake.output[0], pd.concat(scores, ignore_index=True))
