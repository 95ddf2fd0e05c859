"""How near importance sampling comes to the exact log-likelihood, by its proposal, at the same number of draws.

    python benchmarks/proposals.py results

Takes the ground truth, the VAE and LiBI of the finished study in a folder, on the first two replicates, and compares
log-likelihoods of the test points with the exact ones: by q with its variance doubled (Eq. 48), and by Gaussians with
full covariance at the modes of p(z|x), at three widths, with a tenth of the draws from the prior. The latter also has a
row with a tenth of all draws, which costs less. Writes results/proposals.csv, one row a data set, method, replicate and
proposal.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src")]

import pandas as pd  # noqa: E402
import torch  # noqa: E402

from libi.evaluation.choices import chosen_models  # noqa: E402
from libi.metrics.test_ll import ImportanceSettings, estimate  # noqa: E402
from libi.models.trained import TrainedModel  # noqa: E402
from libi.paper import vocabulary  # noqa: E402
from libi.posterior.marginal import laplace_log_likelihood, marginal_log_likelihood  # noqa: E402
from libi.posterior.modes import Joint  # noqa: E402
from libi.rendering.latex import text  # noqa: E402
from libi.runtime.allocator import keep_freed_memory  # noqa: E402
from libi.runtime.seeding import stream  # noqa: E402
from libi.runtime.storage import READABLE, load_table, load_tensors, save_table  # noqa: E402
from libi.study.reading import read_study  # noqa: E402

LOOKED_AT = ("truth", "vae", "libi")
REPLICATES = (0, 1)


def compare(model: TrainedModel, x: torch.Tensor, job: ImportanceSettings, *labels: object) -> list[dict[str, object]]:
    """Errors of both proposals on some points."""
    exact = marginal_log_likelihood(model.dataset, model.generative, x).log_likelihood
    joint = Joint(model.means, x.double(), torch.tensor(model.dataset.noise_variance, dtype=torch.float64))

    def at_the_modes(samples: int) -> torch.Tensor:
        return laplace_log_likelihood(joint, samples, 0.1, stream("proposals", *labels)).log_likelihood

    ways = {
        "q, variance doubled (Eq. 48)": lambda: estimate(model, x, job, 0, *labels).log_likelihood,
        "modes and prior": lambda: at_the_modes(job.importance_samples),
        "modes and prior, a tenth of the draws": lambda: at_the_modes(job.importance_samples // 10),
    }
    rows = []
    for name, way in ways.items():
        start = time.perf_counter()
        error = way() - exact
        seconds = time.perf_counter() - start
        rows.append(
            {
                "proposal": name,
                "mean_error": float(error.mean()),
                "median_absolute_error": float(error.abs().median()),
                "largest_error": float(error.abs().max()),
                "seconds": seconds,
            }
        )
    return rows


HEADS = ("data set", "proposal", "largest error of a mean, nats", "of a point, nats", "seconds per model")


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """The errors of the proposals by data set, over models and replicates."""
    groups = rows.groupby(["dataset", "proposal"], sort=False)
    table = groups.agg(
        mean=("mean_error", lambda errors: errors.abs().max()),
        largest=("largest_error", "max"),
        seconds=("seconds", "median"),
    ).reset_index()
    return table.assign(dataset=table["dataset"].map(vocabulary.PAPERS_DATASETS))


def to_latex(rows: pd.DataFrame) -> str:
    r"""The same as `to_markdown`, as a tabular for booktabs."""
    lines = [
        "% Errors of importance sampling by its proposal; benchmarks/proposals.py measures them.",
        r"\begin{tabular}{llrrr}",
        r"\toprule",
        " & ".join(text(head) for head in HEADS) + r" \\",
        r"\midrule",
    ]
    for row in summarise(rows).itertuples(index=False):
        numbers = f"{row.mean:.4f} & {row.largest:.2f} & {row.seconds:.1f}"
        lines.append(rf"{text(row.dataset)} & {text(row.proposal)} & {numbers} \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def to_markdown(rows: pd.DataFrame) -> str:
    """The errors of the proposals by data set, over models and replicates, as a table in Markdown."""
    table, heads = summarise(rows), HEADS
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [
        f"| {row.dataset} | {row.proposal} | {row.mean:.4f} | {row.largest:.2f} | {row.seconds:.1f} |"
        for row in table.itertuples(index=False)
    ]
    return "\n".join(lines)


def main() -> None:
    """Compare, write, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="the results folder of a finished study")
    given = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    job = read_study(ROOT / "config/config.yaml").metric("test_ll")
    rows = []
    for dataset in vocabulary.PAPERS_DATASETS:
        for replicate in REPLICATES:
            x = load_tensors(given.results / f"data/{dataset}/{replicate}/test.safetensors")[0]["x"]
            for method in LOOKED_AT:
                path = given.results / f"training/{dataset}/{method}/{replicate}.safetensors"
                tables = (
                    load_table(given.results / f"{kind}/{dataset}/{method}.csv") for kind in ("selection", "scores")
                )
                for choice in chosen_models([path], *tables):
                    keys = choice.keys
                    if choice.model is not None:
                        rows += [{**keys, **row} for row in compare(choice.model, x, job, *keys.values())]
    table = pd.DataFrame(rows).round(6)
    save_table(ROOT / "benchmarks/results/proposals.csv", table, READABLE)
    print(
        table.drop(columns="replicate")
        .groupby(["dataset", "method", "proposal"], sort=False)
        .mean()
        .round(4)
        .to_string()
    )


if __name__ == "__main__":
    main()
