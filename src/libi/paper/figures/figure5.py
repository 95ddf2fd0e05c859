"""Figure 5: posterior means learned by LiBI on CubicJTEx."""

from __future__ import annotations

from functools import partial

from libi.paper.posterior_means import LIBI_PANELS, draw_posterior_means

DATASET = "cubic_jtex"
READS = ("points",)
CAPTION = """
Posterior means of the training points, learned by LiBI on CubicJTEx (the paper's Figure 5).

A point has the same colour in all panels. The colour shows where its true code lies. Top: means of the
variational posteriors; bottom: means of the true posteriors of the same θ, estimated by importance sampling (hollow
where the effective sample size is below 100). Left: θ fixed at the ground truth. Middle: the model that LiBI learned.
Right: the original codes, and the codes that LiBI's encoder gives. Dashed: the prior at one and two standard
deviations.

``figure5.csv`` has the numbers as plotted.
"""

FIGURE = partial(draw_posterior_means, panels=LIBI_PANELS, dataset=DATASET)
