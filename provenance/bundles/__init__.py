"""A finding that can be handed over: all that it rests on, in one folder.

``provtool audit … --bundle DIR`` leaves one, and ``provtool verify DIR`` computes every number in it once more::

    from provenance import bundles
    from provenance.bundles import order

    found = bundles.verify("DIR", courts={"order": bundles.Court(again=order.again)})
    assert found.holds

How the modules share the work: `manifests` say what lies in a bundle, `packing` lays it there with its `environment`,
`verifying` checks digests and commitments, has an audit computed again (`order` and its like, with the `answers` that
were kept), `comparing` finds what differs, `reported` whether the report says the same, and `agreeing` whether all of
it speaks of one run. What is private may be `redacted`, of which `opening` checks what its owner shows later;
`signing` says who stands for all of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provenance.bundles.packing import Contents, Finding, leave
    from provenance.bundles.verifying import Court, Means, verify

__all__ = ["Contents", "Court", "Finding", "Means", "leave", "verify"]


def __getattr__(name: str) -> Any:
    """Import what a bundle needs only when one is made or checked."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "verifying" if name in {"Court", "Means", "verify"} else "packing"
    return getattr(import_module(f"{__name__}.{module}"), name)
