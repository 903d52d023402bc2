"""What does a finding owe to its references?

They are the owner's choice, and one that was made for the purpose accuses anybody (docs/threats.md). So the same test
is made once more without any: it is weaker, and nobody need be believed for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenance.evidence import LogP

METHOD = "the same test and seed without any reference; decides nothing"
UNREMARKABLE = 0.05
"""A p-value above this is no reason to look further."""


def caveats(log10_pvalue: float, unreferenced: LogP | None, *, alpha: float) -> Iterator[str]:
    """Say of a finding that without its references there would be none worth a look.

    >>> from provenance.evidence import LogP
    >>> list(caveats(-4.0, LogP(log10_pvalue=-3.0, method=METHOD), alpha=0.001))
    []
    >>> next(caveats(-4.0, LogP(log10_pvalue=-0.3, method=METHOD), alpha=0.001))[:36]
    'The finding rests on its references:'
    """
    if unreferenced is None or log10_pvalue > np.log10(alpha):
        return
    if unreferenced.log10_pvalue > np.log10(UNREMARKABLE):
        yield (
            f"The finding rests on its references: without them the same test has p = "
            f"{10**unreferenced.log10_pvalue:.2g}. Whoever doubts that they are independent may doubt it."
        )
