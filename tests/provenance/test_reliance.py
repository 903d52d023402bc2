"""What a finding owes to its references is said."""

import pytest

from provenance.audits import reliance
from provenance.evidence import LogP


@pytest.mark.parametrize(
    ("log10_pvalue", "bare", "said"),
    [(-4.0, -0.3, True), (-4.0, -1.5, False), (-2.0, -0.3, False), (-4.0, None, False)],
)
def test_only_a_finding_without_a_leg_of_its_own_is_warned_of(log10_pvalue, bare, said):
    """Evidence that would be unremarkable without references says so; anything else does not."""
    unreferenced = None if bare is None else LogP(log10_pvalue=bare, method=reliance.METHOD)
    assert bool(list(reliance.caveats(log10_pvalue, unreferenced, alpha=0.001))) is said
