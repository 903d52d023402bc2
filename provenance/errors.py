"""What can be wrong with what a user gave us, and how is it said in one line?

::

    ProvenanceError            exit 1   any mistake in what the user gave
    ├── InputError             exit 1   a file, field or option is not what was expected
    │   └── ArtifactError      exit 1   a table or JSON of ours is damaged, foreign, or of another schema
    ├── MismatchError          exit 1   two artifacts do not belong together (key and ledger, ledger and scores)
    └── SuspectError           exit 4   the suspect could not be asked

A caller's mistake in code is a ``ValueError``; these are for people at a terminal.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable


class ProvenanceError(Exception):
    """A mistake in what the user gave, as "path:line: what is wrong; expected …; try …".

    Parameters
    ----------
    what
        What is wrong, without a final full stop.
    path, line
        Where; ``line`` counts from 1.
    expected
        What would have been right.
    hint
        What to try, usually an option or a command.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        what: str,
        *,
        path: str | os.PathLike[str] | None = None,
        line: int | None = None,
        expected: str | None = None,
        hint: str | None = None,
    ) -> None:
        place = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        tail = [f"expected {expected}"] if expected else []
        tail += [f"try {hint}"] if hint else []
        super().__init__(" ".join("; ".join([place + what, *tail]).splitlines()))


class InputError(ProvenanceError):
    """A file, field or option is not what was expected."""


class ArtifactError(InputError):
    """A table or JSON file of ours is damaged, foreign, or of another schema."""


class MismatchError(ProvenanceError):
    """Two artifacts do not belong together."""


class SuspectError(ProvenanceError):
    """The suspect could not be asked."""

    exit_code: ClassVar[int] = 4


def closest(name: str, known: Iterable[str], *, cutoff: float = 0.5) -> str | None:
    """Say which of the known names was likely meant by one that is none of them; None if it resembles none.

    Examples
    --------
    >>> closest("texts", ["id", "text"])
    'text'
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=cutoff)
    return near[0] if near else None
