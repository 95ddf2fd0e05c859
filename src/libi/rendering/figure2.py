"""Figure 2: the posterior learned by traditional VAE inference on LinearJTEx, as means for each training point."""

from __future__ import annotations

import pandas as pd

from libi.rendering.posterior_means import VAE_PANELS, draw_posterior_means
from libi.rendering.style import Drawing


def draw(points: pd.DataFrame) -> Drawing:
    """Draw Figure 2 from the posterior points of LinearJTEx (`draw_posterior_means` says which columns)."""
    return draw_posterior_means(points, VAE_PANELS, dataset="linear_jtex")
