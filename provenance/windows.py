"""Which tokens of a transcript's row are scored, unless the user says otherwise?

Whoever gives log-probabilities reads 64 tokens and is asked about all but the first eight: that costs what the 32 last
would, and after further training it is half as much evidence again (docs/survival.md). Whoever only writes is asked to
go on after 32 tokens, as in arXiv 2510.19796: what follows on eight could be anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance.records import Window

if TYPE_CHECKING:
    from collections.abc import Iterable

SCORED = Window(start=8, length=56)
WRITTEN = Window(start=32, length=32)
WRITERS = "text-only:"
"""How suspects that only write are named."""


def said(window: str | None) -> str:
    """Say in words which tokens of a row were asked about.

    >>> said("8:56"), said(None)
    ('window 8:56', 'all tokens')
    """
    return f"window {window}" if window else "all tokens"


def usual(names: Iterable[str] = ()) -> Window:
    """Give the window of a row for all who are asked together.

    >>> str(usual(["./model", "openai:http://localhost#m"]))
    '8:56'
    >>> str(usual(["text-only:http://localhost#m", "./model"]))
    '32:32'
    """
    return WRITTEN if any(name.startswith(WRITERS) for name in names) else SCORED
