"""Does a file's commitment hold, and who vouches for its time?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance import commitments, timestamps
from provenance.checks import Check, Failed, Held, Skipped
from provenance.errors import InputError, MismatchError
from provenance.timestamps import Doubtful, Proven
from provenance.witnesses import Unstamped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cryptography.x509 import Certificate

    from provenance.timestamps import Stamp


def check(path: Path, *, trusted: Sequence[Certificate] | None, sha256: str | None = None) -> Iterator[Check]:
    """Open the commitment beside a file, if its opening is at hand, and check its time stamp.

    Parameters
    ----------
    trusted
        Roots that may vouch for time stamps; those that HTTPS trusts when None.
    sha256
        Digest of the file that was committed to, where something else stands in its place.
    """
    what = f"commitment to {path.name}"
    if not commitments.is_committed(path):
        yield Skipped(what=what, detail=f"there is none: provtool commit {path}")
        return
    try:
        if commitments.has_opening(path):
            opened = commitments.open_beside(path, trusted=trusted, sha256=sha256)
            opens = (
                "the unchanged file" if sha256 is None else f"a file with digest {sha256[:12]}, which evidence names"
            )
            yield Held(what=what, detail=f"opens to {opens}; its owner dates it {opened.commitment.time}")
        else:
            yield Skipped(what=what, detail="its opening is not at hand; the owner has it")
        hint = "" if sha256 else f": provtool commit {path} --timestamp URL"
        yield _of_stamp(commitments.read_stamp(path, trusted=trusted), path, hint=hint)
    except (InputError, MismatchError) as error:
        yield Failed(what=what, detail=str(error))


def _of_stamp(stamp: Stamp | Unstamped, path: Path, *, hint: str) -> Check:
    what = f"time stamp of {path.name}"
    match stamp:
        case Proven():
            return Held(
                what=what, detail=f"existed at the time that a trusted witness gives: {timestamps.witness(stamp)}"
            )
        case Doubtful():
            detail = f"{timestamps.witness(stamp)}: {stamp.reason}; try --timestamp-roots with its roots"
            return Skipped(what=what, detail=detail)
        case Unstamped():
            return Skipped(what=what, detail=f"nobody vouches for the time{hint}")
