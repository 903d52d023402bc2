"""How good is the released text still, in numbers to publish and on a page to keep?

`report` reads a ledger once and answers twice. Its figures stand in the certificate, which everyone may read. Words
with what took their place, and sentences side by side, show where the marks are, so they stand only on a page that its
owner keeps secret.

- `tally`: rates and acceptability, exact over all documents. `changes`: sentences before and after.
- `draw`: which of them are looked at closely: by `meteor`, by `readability`, by an encoder.
- `means`: a mean with its interval, or the reason why there is none. `figures`: all that may be published.
- `page`: the page, with its words (`wording`), tables (`tables`) and picture (`histogram`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from watermark.fidelity.figures import Fidelity
    from watermark.fidelity.reporting import report

__all__ = ["Fidelity", "report"]

_HOMES = {"Fidelity": "figures", "report": "reporting"}


def __getattr__(name: str) -> Any:
    """Import what makes the page only when a report is made: a preview needs no more than `changes`."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
