"""What the compiler is given in place of PyTorch's own operations."""

import math

import numpy as np
import pytest
import torch

from libi.training.compilation import cosine, narrow_product, sine


@pytest.mark.parametrize(("approximate", "exact"), [(sine, np.sin), (cosine, np.cos)])
def test_polynomials_are_sine_and_cosine(approximate, exact):
    angle = torch.linspace(-200, 200, 1_000_001)
    error = approximate(angle).double().numpy() - exact(angle.double().numpy())
    assert np.abs(error).max() < 1e-6


def test_polynomials_of_what_has_no_sine():
    angle = torch.tensor([math.inf, -math.inf, math.nan])
    assert sine(angle).isnan().all() and cosine(angle).isnan().all()
    assert sine(torch.zeros(1)) == 0 and cosine(torch.zeros(1)) == 1


def test_narrow_products_are_products():
    row, column, matrix = torch.randn(3, 1, 5), torch.randn(3, 5, 1), torch.randn(3, 5, 7)
    torch.testing.assert_close(narrow_product(row, matrix), row @ matrix)
    torch.testing.assert_close(narrow_product(column, row), column @ row)
    assert narrow_product(matrix, matrix.mT) is NotImplemented
