"""The words of the paper: what it compares, in its order, as it prints it. Claims, tables and figures share them.

A method or a data set that the paper does not have can be trained and has its row in a study's table, but no claim is
about it: the lists here are the paper's.
"""

from __future__ import annotations

from libi import datasets, methods, metrics
from libi.base import method

TRUTH = method.TRUTH  # a yardstick, not a method of the paper
LIBI = "libi"

PAPERS_DATASETS = {name: datasets.DATASETS.title(name) for name in ("linear_jtex", "cubic_jtex", "gaussian", "mobius")}
LINEAR = {name: PAPERS_DATASETS[name] for name in ("linear_jtex", "gaussian")}  # those whose f_θ is linear
PAPERS_METHODS = {name: methods.METHODS.title(name) for name in ("vae", "beta_vae", "beta_vae_anneal", "lagging", LIBI)}
OTHERS = {name: title for name, title in PAPERS_METHODS.items() if name != LIBI}
PAPERS_METRICS = {name: metrics.METRICS.title(name) for name in ("test_ll", "s_knn")}

EXACT, ERROR = "test_ll_exact", "test_ll_error"  # the log-likelihood that Eq. 48 estimates, and what Eq. 48 misses
UNRELIABLE = ("cubic_jtex", "test_ll")  # "On CubicJTEx Test-LL is unreliable": the paper names no best method there
TUNED = ("linear_jtex", "s_knn")  # the column by which α = 1 of S-kNN was chosen
CHOSEN_BY = "not independent evidence: we looked at the published values of this column when we chose α = 1"
PAPERS_REPLICATES = 5

NEGLIGIBLE = 0.05  # nats: about the least sd that the paper prints for a log-likelihood, on Mobius
