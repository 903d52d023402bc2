"""What is a suspect asked, and what does it answer?

Every audit asks the same thing: how likely is each token of this text? The question is a `Record`, the part of it that
is to be scored a `Window`, the answer a `Score`. Records know nothing of orders, keys or published variants.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One text with an id."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokenizer:
    """Which tokenizer made the token ids, so that another model's are never taken for them."""

    name: str
    """Where to load it from: a folder or a hub name."""
    sha256: str
    """Digest of its ``tokenizer.json`` serialisation: two tokenizers are the same if and only if these are."""
    revision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which tokens of a record are scored: `length` tokens from `start` on, given all before them.

    Examples
    --------
    >>> Window.parse("32:32")
    Window(start=32, length=32)
    """

    start: int
    length: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.length < 1:
            raise ValueError(f"window {self}")

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read ``START:LENGTH``."""
        start, _, length = text.partition(":")
        if not (start.isdecimal() and length.isdecimal() and int(length) > 0):
            raise InputError(f"window {text!r}", expected="START:LENGTH with LENGTH at least 1, such as 32:32")
        return cls(start=int(start), length=int(length))

    def __str__(self) -> str:
        return f"{self.start}:{self.length}"


class Span(NamedTuple):
    """A place in a text where several wordings may stand."""

    start: int
    end: int
    options: tuple[str, ...] = ()
    """All of them, sorted, so that none stands out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One text to be scored, as token ids, as characters, or both."""

    id: str
    text: str | None = None
    tokens: tuple[int, ...] | None = None
    """The ids that were trained on; used when the suspect has the same tokenizer."""
    context: str = ""
    """Text before `text` that is given and not scored."""
    set: str | None = None
    variant: int = 0
    view: str = "text"
    spans: tuple[Span, ...] = ()
    """Where in `text` there are several wordings; only who is asked by continuations looks at them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a suspect said of one record: natural-log probabilities of its scored tokens."""

    id: str
    logprob: NDArray[np.float32]
    """One number a scored token, or a single sum where the source knows no more."""
    start: int = 0
    """Index of the first scored token in the record as the suspect tokenised it."""
    tokens: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None
    """End of each scored token, in characters from where the first of them begins."""
    mean: NDArray[np.float32] | None = None
    """Mean log-probability under the suspect's own next-token distribution."""
    sd: NDArray[np.float32] | None = None
    set: str | None = None
    variant: int = 0
    view: str = "text"


def ends_from(ends: Sequence[int], low: int, high: int) -> tuple[int, ...]:
    """Keep the ends of tokens `low` to `high`, counted from the end of the token before them."""
    if low >= len(ends):
        return ()
    begin = ends[low - 1] if low > 0 else 0
    return tuple(end - begin for end in ends[low:high])


def hash_order(ids: Iterable[str]) -> NDArray[np.int64]:
    """Sort rows by a hash of their ids, so that no file order, which may be the claim itself, steers a computation.

    Returns
    -------
    Row numbers, shape ``(n,)``: apply them before anything else.
    """
    return np.argsort(hashes(ids), kind="stable")


def hashes(names: Iterable[str]) -> NDArray[np.bytes_]:
    """Digest names to 32 bytes each, shape ``(n,)``: in the order of these anything is in an order of nobody's."""
    content = bytearray()
    for name in names:
        content += hashlib.sha256(name.encode()).digest()
    return np.frombuffer(content, dtype="S32")


def generator(seed: int, *parts: str) -> np.random.Generator:
    """Make the source of randomness that `seed` and the digests of the inputs name."""
    if seed < 0:
        raise InputError(f"seed {seed}", expected="0 or more")
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, dtype=np.uint32).tolist()])
