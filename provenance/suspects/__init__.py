"""Who is asked: every suspect answers how likely each token of a record is.

A suspect is named by one string:

- ``hf:NAME_OR_PATH[@REVISION]`` (or a bare path): a Hugging Face causal language model, `causal_lm`;
- ``ngram:FILE``: a counting model made by ``provtool ngram``, a reference that never saw an order, `ngram`;
- ``column:FILE:NAME``: log-likelihoods computed elsewhere, `column`;
- ``openai:BASE_URL#MODEL``: a model served behind an OpenAI-compatible completions API, `completions`;
- ``text-only:BASE_URL#MODEL``: one that is served as text alone, without log-probabilities, `continuations`.

`load` turns the string into a `Suspect`. Records reach a suspect either as its own token ids or as text, never both.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from provenance.errors import InputError, closest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from provenance.records import Record, Score, Tokenizer, Window
    from provenance.suspects.marks import Bos
    from provenance.suspects.terms import Terms

KINDS = ("hf", "ngram", "column", "openai", "text-only")
SERVED = ("openai", "text-only")
"""Kinds that are asked over a network, and may cost money."""


class Suspect(Protocol):
    """Anything that can say how likely each token of a text is."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """What evidence says of it: ``suspect``, ``kind``, ``weights`` (a digest) and whatever changes its answers."""
        ...

    @property
    def tokenizer(self) -> Tokenizer | None:
        """Whose token ids it takes; None if it reads text, or knows only ids of records."""
        ...

    def score(
        self, records: Sequence[Record], *, window: Window | None, progress: Callable[[int, int | None], None]
    ) -> Iterator[Score]:
        """Answer every record, in the order given.

        A record with ``tokens`` is scored on exactly these ids; one with ``text`` is tokenised here, after its
        ``context``, and only tokens that end inside ``text`` are scored. `window` then picks token positions;
        None means all. A record too short for the window has an empty answer.
        """
        ...


@runtime_checkable
class Counting(Protocol):
    """A suspect that can say, before it is asked, how much that will be."""

    def count(self, records: Sequence[Record], *, window: Window | None) -> int:
        """Count the tokens it would read to answer these records."""
        ...


@runtime_checkable
class Awaited(Protocol):
    """A suspect whose answers have been waited for already, as it was opened."""

    def seconds(self, texts: int) -> float:
        """Say how long so many texts will take at the least: the first requests were short."""
        ...


@runtime_checkable
class Strained(Protocol):
    """A suspect that halves a batch where memory does not suffice for it."""

    @property
    def halved(self) -> int:
        """How often it has done so: the numbers of such a batch may differ in the last digits from another run's."""
        ...


def load(
    name: str,
    *,
    dtype: str = "float32",
    device: str | None = None,
    device_map: str | None = None,
    batch_tokens: int = 8192,
    bos: Bos = "auto",
    context: int | None = None,
    terms: Terms | None = None,
) -> Suspect:
    """Open the suspect that a string names.

    Parameters
    ----------
    name
        ``hf:…``, ``ngram:…``, ``column:…``, ``openai:…``, ``text-only:…`` or a bare path to a Hugging Face folder.
    dtype, device, batch_tokens
        For ``hf:`` only: number format, torch device (None: CUDA when there is one) and padded tokens a batch.
    device_map
        For ``hf:`` only: in place of a device, how accelerate spreads the model over several, such as ``auto``.
    bos
        For ``hf:`` only: whether text is put behind a BOS, `marks`.
    context
        For ``hf:`` only: tokens that are read at once at most; None for as many as the model's configuration says.
    terms
        For ``openai:`` and ``text-only:`` only: how a served model may be asked.

    Raises
    ------
    InputError
        If the string names no kind of suspect.
    SuspectError
        If the suspect is named rightly but cannot be loaded.
    """
    kind, _, rest = name.partition(":")
    if kind == "ngram":
        from provenance.suspects import ngram

        return ngram.load(rest)
    if kind == "column":
        from provenance.suspects import column

        return column.load(rest)
    if kind == "openai":
        from provenance.suspects import completions

        return completions.load(rest, terms=terms)
    if kind == "text-only":
        from provenance.suspects import continuations

        return continuations.load(rest, terms=terms)
    if kind == "hf" or Path(name).exists():
        from provenance.suspects import causal_lm

        return causal_lm.load(
            name.removeprefix("hf:"),
            dtype=dtype,
            device=device,
            device_map=device_map,
            batch_tokens=batch_tokens,
            bos=bos,
            context=context,
        )
    near = closest(kind, KINDS) if rest else None
    raise InputError(
        f"unknown suspect {name!r}",
        expected=", ".join(f"{known}:…" for known in KINDS),
        hint=f"{near}:{rest} (did you mean {near!r}?)" if near else f"hf:{name}",
    )
