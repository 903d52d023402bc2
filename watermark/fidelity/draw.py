"""Which changed sentences are looked at closely?

Each sentence has a ticket, a hash of release, document and place, and the lowest tickets are drawn. The draw does not
hang on the order of documents or the number of workers, and a smaller draw is a part of a larger one.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watermark.fidelity.changes import Sentence


class Draw:
    """The sentences with the lowest tickets, in bounded memory."""

    def __init__(self, *, release: str, size: int) -> None:
        self._release, self._size = release, size
        self._held: list[tuple[bytes, Sentence]] = []
        self.seen = 0
        """Sentences that took part."""

    def add(self, sentence: Sentence) -> None:
        """Let a sentence take part."""
        self.seen += 1
        self._held.append((_ticket(self._release, sentence), sentence))
        if len(self._held) >= 2 * self._size + 1:
            self._settle()

    def drawn(self) -> tuple[Sentence, ...]:
        """Give the sentences drawn, lowest ticket first."""
        self._settle()
        return tuple(sentence for _, sentence in self._held)

    def _settle(self) -> None:
        self._held = sorted(self._held, key=lambda pair: pair[0])[: self._size]


def _ticket(release: str, sentence: Sentence) -> bytes:
    parts = [part.encode(errors="replace") for part in (release, sentence.document, str(sentence.place))]
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()
