"""How is a number put so that a reader without mathematics takes it rightly, however large or small it is?

Everything here is text for a page: `Markup`, so that 10 to the −239 stands as a power and not as a string of zeros.
Where a sentence says how rare or how many, it rounds the cautious way: never rarer, never more.
"""

from __future__ import annotations

import math

from markupsafe import Markup

MINUS = "−"
RAISED = str.maketrans("0123456789−-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")
"""Digits as exponents, where there is no markup for them."""
SLACK = 1e-9
"""Keeps 10,000 from becoming 9,900 by rounding in the fifteenth digit."""
LONGEST = 6
"""Powers of ten up to which a number is written out."""
SIGNIFICANT = 4


def count(value: int) -> str:
    """Write a count with thousands separators: 12,345."""
    return f"{value:,}".replace("-", MINUS)


def number(value: float) -> Markup:
    """Write a number with up to four significant digits: −0.3125, 12,350, 3.1 × 10⁹."""
    if value == 0:
        return Markup("0")
    if float(value).is_integer() and abs(value) < 10**LONGEST:
        return Markup("{}").format(count(int(value)))
    exponent = math.floor(math.log10(abs(value)))
    if -SIGNIFICANT <= exponent < LONGEST:
        shown = f"{value:,.{max(0, SIGNIFICANT - 1 - exponent)}f}"
        shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
        return Markup("{}").format(shown.replace("-", MINUS))
    return _scientific(math.log10(abs(value)), sign=MINUS if value < 0 else "")


def probability(log10: float) -> Markup:
    """Write a probability from its decimal logarithm: 0.0123, 1.0 × 10⁻²³⁹."""
    return number(10.0**log10) if log10 >= -SIGNIFICANT - SLACK else _scientific(log10)


def rarity(log10: float) -> Markup:
    """Say how often something this improbable happens: "43 in 100", "1 in 10,000", "1 in 10²³⁹"."""
    if log10 > -1:
        return Markup("{} in 100").format(min(100, math.ceil(100 * 10**log10 - SLACK)))
    return Markup("1 in {}").format(_rounded_down(-log10))


def times(log10: float) -> Markup:
    """Say how many tries something this improbable takes on average: "10,000", "10²³⁹"."""
    return _rounded_down(-log10)


def size(log10: float) -> Markup:
    """Write a positive number from its decimal logarithm, however large."""
    return number(10.0**log10) if abs(log10) < SIGNIFICANT else _scientific(log10)


def fold(log10: float) -> Markup:
    """Say what a bet made of its stake: "3,400", "10¹²⁴"; less than 1 is a loss."""
    return _rounded_down(log10) if log10 >= 1 else number(float(f"{10**log10:.2g}"))


def plain(log10: float) -> str:
    """Write a probability for a terminal, from its decimal logarithm: 0.0123, 1.0e-239."""
    if log10 >= -SIGNIFICANT - SLACK:
        return f"{10.0**log10:.3g}"
    exponent, mantissa = _split_rounded(log10)
    return f"{mantissa}e{exponent}"


def _rounded_down(log10: float) -> Markup:
    exponent, mantissa = _split(log10)
    if exponent < LONGEST:
        shown = math.floor(mantissa * 10 + SLACK) * 10 ** (exponent - 1)
        return Markup("{}").format(count(math.floor(shown + SLACK)))
    shown = f"{math.floor(10 * mantissa + SLACK) / 10:g}"
    power = Markup("10<sup>{}</sup>").format(count(exponent))
    return power if shown == "1" else Markup("{} × {}").format(shown, power)


def _scientific(log10: float, *, sign: str = "") -> Markup:
    exponent, mantissa = _split_rounded(log10)
    return Markup("{}{} × 10<sup>{}</sup>").format(sign, mantissa, count(exponent))


def _split(log10: float) -> tuple[int, float]:
    exponent = math.floor(log10 + SLACK)
    return exponent, max(1.0, 10 ** (log10 - exponent))


def _split_rounded(log10: float) -> tuple[int, str]:
    exponent, mantissa = _split(log10)
    shown = f"{mantissa:.1f}"
    return (exponent + 1, "1.0") if shown == "10.0" else (exponent, shown)
