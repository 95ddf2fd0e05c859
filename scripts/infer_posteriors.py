"""Compare q_ϕ(z|x) with the posterior p_θ(z|x) of the models that stand for their methods, on the training points."""

import torch

from libi.evaluation.inference import infer_choices
from libi.logs import log_to
from libi.memory import keep_freed_memory
from libi.storage import load_table, load_tensors, save_table
from libi.study.models import PosteriorJob
from libi.trained import TrainedModels

with log_to(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    keep_freed_memory()
    (train, _), (truth, _) = load_tensors(snakemake.input.train), load_tensors(snakemake.input.truth)
    inferred = infer_choices(
        (TrainedModels(path, int(snakemake.wildcards.replicate)) for path in snakemake.input.models),
        load_table(snakemake.input.selection),
        load_table(snakemake.input.scores),
        truth["generative"],
        train,
        PosteriorJob.model_validate(snakemake.params.job),
    )
    for name, table in inferred._asdict().items():
        save_table(snakemake.output[name], table)
