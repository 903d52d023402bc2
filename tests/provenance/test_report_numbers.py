"""Tests of provenance.report.numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.report import numbers

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (12345, "12,345"), (-0.3125, "−0.3125"), (0.5, "0.5"), (12350.4, "12,350"),
     (1e9, "1.0 × 10<sup>9</sup>"),
     (-2.5e-7, "−2.5 × 10<sup>−7</sup>"), (9.99e8, "1.0 × 10<sup>9</sup>")],
)  # fmt: skip
def test_number(value, shown):
    """Numbers have a true minus sign, separators, and powers where they are very large or very small."""
    assert numbers.number(value) == shown.replace(" ", NBSP)


@pytest.mark.parametrize(
    ("log10", "shown"),
    [(0.0, "100 in 100"), (math.log10(0.43), "43 in 100"), (-4.0, "1 in 10,000"), (-2.95, "1 in 890"),
     (-239.0, "1 in 10<sup>239</sup>"), (-13.8, "1 in 6.3 × 10<sup>13</sup>")],
)  # fmt: skip
def test_rarity(log10, shown):
    """Chances are told as one in so many, as powers where there is no word for the count."""
    assert numbers.rarity(log10) == shown.replace(" × ", f"{NBSP}×{NBSP}")


@given(st.floats(-5.9, -1))
def test_never_rarer_than_it_was(log10):
    """Rounding never makes a chance rarer: one in N with N at most 1/p."""
    told = int(numbers.times(log10).replace(",", ""))
    assert 0.9 * 10**-log10 <= told <= 10**-log10 * (1 + 1e-6)


@pytest.mark.parametrize(
    ("log10", "shown"), [(124.0, "10<sup>124</sup>"), (3.54, "3,400"), (-0.5, "0.32"), (0.0, "1"), (0.5, "3.2")]
)
def test_fold(log10, shown):
    """What a bet made of its stake, gain or loss."""
    assert numbers.fold(log10) == shown


@pytest.mark.parametrize(
    ("log10", "shown"), [(-239.2, "6.3e-240"), (-4.0, "0.0001"), (math.log10(0.0123), "0.0123"), (-5000.0, "1.0e-5000")]
)
def test_plain(log10, shown):
    """On a terminal p-values stand as usual, also those below what float64 can hold."""
    assert numbers.plain(log10) == shown
