"""Figure 3: the posterior learned by LiBI on LinearJTEx, as means for each training point."""

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

DATASET = "linear_jtex"
# Left and middle as in Figure 2, where the VAE is; right, the codes that generated the points and the encoder's.
PANELS = (
    (TRUE_Q, learned_q("libi", "LiBI"), ORIGINAL_CODES),
    (TRUE_POSTERIOR, learned_posterior("libi", "LiBI"), Panel("libi", "code", r"LiBI: $z$ learned, $h(x; \varphi)$")),
)


def draw(points: pd.DataFrame) -> Drawing:
    """Draw Figure 3 from the posterior points of LinearJTEx (`draw_posterior_means` says which columns)."""
    return draw_posterior_means(points, PANELS, dataset=DATASET)
