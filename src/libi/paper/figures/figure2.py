"""Figure 2: posterior means learned by traditional VAE inference on LinearJTEx."""

from __future__ import annotations

from functools import partial

from libi.paper.posterior_means import VAE_PANELS, draw_posterior_means

DATASET = "linear_jtex"
READS = ("points",)
CAPTION = """
Posterior means of the training points, learned by traditional VAE inference on LinearJTEx (the paper's Figure 2).

A point has the same colour in all panels. The colour shows where its true code lies. Top: means of the
variational posteriors; bottom: means of the true posteriors of the same θ, estimated by importance sampling (hollow
where the effective sample size is below 100). Left: θ fixed at the ground truth. Right: the trained VAE. Dashed: the
prior at one and two standard deviations.

``figure2.csv`` has the numbers as plotted.
"""

FIGURE = partial(draw_posterior_means, panels=VAE_PANELS, dataset=DATASET)
