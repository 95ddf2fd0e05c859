"""Figure 3: the posterior learned by LiBI on LinearJTEx, as means for each training point."""

from __future__ import annotations

import pandas as pd

from libi.rendering.posterior_means import LIBI_PANELS, draw_posterior_means
from libi.rendering.style import Drawing


def draw(points: pd.DataFrame) -> Drawing:
    """Draw Figure 3 from the posterior points of LinearJTEx (`draw_posterior_means` says which columns)."""
    return draw_posterior_means(points, LIBI_PANELS, dataset="linear_jtex")
