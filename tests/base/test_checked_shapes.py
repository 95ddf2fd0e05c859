"""Tests check every call of a public function of arrays against the shapes in its annotations."""

import pytest
import torch
from jaxtyping import TypeCheckError

from libi.posterior.closed_form import marginal_covariance


def test_a_call_with_wrong_shapes_is_refused():
    loading, noise = torch.zeros(3, 2), torch.ones(2)
    with pytest.raises(TypeCheckError, match="noise_variance"):
        marginal_covariance(loading, noise)


@pytest.mark.wrong_shapes
def test_a_test_can_ask_for_no_check():
    with pytest.raises(RuntimeError, match="must match"):  # PyTorch's own words
        marginal_covariance(torch.zeros(3, 2), torch.ones(2))
