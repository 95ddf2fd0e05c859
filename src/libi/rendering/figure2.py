"""Figure 2: the posterior learned by traditional VAE inference on LinearJTEx, as means for each training point."""

from __future__ import annotations

import pandas as pd

from libi.rendering.posterior_means import (
    TRUE_POSTERIOR,
    TRUE_Q,
    draw_posterior_means,
    learned_posterior,
    learned_q,
)
from libi.rendering.style import Drawing

DATASET = "linear_jtex"
# Above, variational posteriors (ϕ_GT minimises the posterior-matching objective at θ_GT); below, Monte-Carlo estimates
# of the posteriors themselves. The two columns differ where the VAE has compromised θ.
PANELS = (
    (TRUE_Q, learned_q("vae", "VAE")),
    (TRUE_POSTERIOR, learned_posterior("vae", "VAE")),
)


def draw(points: pd.DataFrame) -> Drawing:
    """Draw Figure 2 from the posterior points of LinearJTEx (`draw_posterior_means` says which columns)."""
    return draw_posterior_means(points, PANELS, dataset=DATASET)
