"""E-values of independent sources, and what a p-value is worth as one."""

import numpy as np
import pytest
from scipy import integrate

from provenance.stats import products


@pytest.mark.parametrize("log10_pvalue", [-1e-9, -1e-5, -4e-5, -1e-3, -0.5, -3.0, -20.0])
def test_the_closed_form_is_the_average_of_calibrators(log10_pvalue):
    """The formula agrees with the integral of κ p^(κ−1) that it stands for."""
    p = 10.0**log10_pvalue
    average = integrate.quad(lambda k: k * p ** (k - 1), 0, 1, epsabs=0, epsrel=1e-10)[0]
    assert 10 ** products.calibrated_log10(log10_pvalue) == pytest.approx(average, rel=1e-7)


def test_a_calibrated_p_value_is_an_e_value():
    """For a uniform p its mean is 1."""
    value, _ = integrate.quad(
        lambda t: np.exp(-t) * 10 ** products.calibrated_log10(-t / np.log(10)), 0, 600, limit=500
    )
    # What is left beyond p = e^-600 is the integral of 1/t² from there: 1/600.
    assert value == pytest.approx(1 - 1 / 600, abs=1e-5)


def test_tiny_p_values_stay_on_the_log_scale():
    """One in 10^5000 is worth about 10^4992."""
    assert products.calibrated_log10(-5000.0) == pytest.approx(-2 * np.log10(5000 * np.log(10)) + 5000)


def test_e_values_of_independent_sources_multiply():
    """Exponents add; p = 1/E and never above 1."""
    assert products.product([3.0, 2.5]) == products.Product(log10=5.5, log10_pvalue=-5.5)
    assert products.product([3.0, -4.0]).log10_pvalue == 0.0
