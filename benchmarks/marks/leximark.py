"""How are members and held-out documents marked by the published strategy?

LexiMark (arXiv 2506.14474): the rarest wording at every site. It has no key and no exact null; held-out documents are
marked by the mapping that the members gave (``--mapping``), so that the two differ only in having been published.
Sites and options are the tool's, as for `marks.keyed`: the two strategies are compared, not two lexicons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import watermark
from marks import keyed
from watermark import marking

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def mark(members: Sequence[str], heldout: Sequence[str], *, folder: Path) -> tuple[list[str], list[str]]:
    """Mark members, then held-out documents by their mapping."""
    first = watermark.release(
        keyed.write(members, folder / "members.jsonl"),
        key=None,
        out=folder / "members",
        embedding=marking.Embedding(strategy="leximark"),
    )
    second = watermark.release(
        keyed.write(heldout, folder / "heldout.jsonl"),
        key=None,
        out=folder / "heldout",
        embedding=marking.Embedding(strategy="leximark", mapping=first.ledger),
    )
    return keyed.read(first.folder), keyed.read(second.folder)
