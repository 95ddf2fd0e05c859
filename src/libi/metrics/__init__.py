"""The metrics, a file each. A further one is a further file; docs/extend.md shows it.

A file defines `METRIC`, its name as printed (TITLE), what it is in words (MEANING; left out: TITLE), where it comes in
tables (PLACE; left out: behind the others), whether more is better (BETTER: "higher" or "lower"; left out: a number
that is not compared), and whether a study must have it (REQUIRED; left out: no). Its own name is that of its column in
results/metrics/, and of its settings in a study. Files here import PyTorch only within functions, so that a study is
read at once.
"""

from libi.models.metric import Metric
from libi.runtime.rooms import Room

METRICS: Room[Metric] = Room("metrics", "METRIC", Metric)
