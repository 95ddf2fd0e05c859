"""Figure 5: the posterior learned by LiBI on CubicJTEx, as means for each training point."""

from __future__ import annotations

import pandas as pd

from libi.rendering.posterior_means import (
    ORIGINAL_CODES,
    TRUE_POSTERIOR,
    TRUE_Q,
    Panel,
    draw_posterior_means,
    learned_posterior,
    learned_q,
)
from libi.rendering.style import Drawing

DATASET = "cubic_jtex"
# Left and middle as in Figure 4, where the VAE is; right, the codes that generated the points and the encoder's.
PANELS = (
    (TRUE_Q, learned_q("libi", "LiBI"), ORIGINAL_CODES),
    (TRUE_POSTERIOR, learned_posterior("libi", "LiBI"), Panel("libi", "code", r"LiBI: $z$ learned, $h(x; \varphi)$")),
)


def draw(points: pd.DataFrame) -> Drawing:
    """Draw Figure 5 from the posterior points of CubicJTEx (`draw_posterior_means` says which columns)."""
    return draw_posterior_means(points, PANELS, dataset=DATASET)
