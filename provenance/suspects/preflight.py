"""Can this endpoint serve an audit at all, and how must it be asked?

A few requests of a dozen tokens find out whether log-probabilities of the prompt come back and belong to its tokens,
whether a first token is added, and whether token ids are taken.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from provenance.errors import SuspectError
from provenance.suspects import echoes, endpoints, replies

if TYPE_CHECKING:
    from provenance.suspects.echoes import Aligned, Dialect
    from provenance.suspects.endpoints import Endpoint, Request

PROBES = (
    "The train left the old station in New",
    "The train left the old station in the",
    "The train left the old station according",
    "The train instead",
)
"""Each of the others leaves the first at another word, after which little can come, or much."""
NEEDED = "log-probabilities of the prompt (vLLM as it is; llama-cpp-python with --logits_all true)"
STRANGE = "returns log-probabilities of other tokens than those it was asked about"
MOST_NAMED = 8
"""Models named in a message."""
MARGIN = 0.2
"""Nats by which rounding may move a log-probability between two requests, at the least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How an endpoint is asked, and how its answers are read."""

    dialect: Dialect
    lead: int = 0
    """Tokens echoed before the text, which the server adds: 1 where it shows its BOS."""
    bos: bool | None = None
    """Whether a first token is added; None where nothing tells."""
    first: str = "null"
    """What stands for the first echoed token: ``null``, or a ``number``, which is not believed."""
    predicted: bool = False
    """Whether something is said of the first token of a text, given the one that was added before it."""
    ids: bool = False
    """Whether token ids are taken, and echoed as the tokens that they are."""
    checked: bool = False
    """Whether it could be seen that no token is scored after it was read."""
    seconds: float = 0.0
    """That it took to answer a few short requests at once."""


def examine(endpoint: Endpoint, *, encoder: Any = None) -> Manner:
    """Find out how an endpoint must be asked.

    Parameters
    ----------
    encoder
        A tokenizer that is said to be the served model's; None asks about text alone.

    Raises
    ------
    SuspectError
        If the endpoint cannot be reached, or returns nothing that an audit could use.
    """
    # A first request that fails is a mistake more often than bad luck.
    hurried = endpoints.hurried(endpoint)
    manner, one = _find(hurried)
    began = time.perf_counter()
    others = _others(hurried, manner)
    seconds = time.perf_counter() - began
    checked = [_is_in_place(hurried, one, other, text) for other, text in others]
    manner = replace(manner, checked=all(checked), seconds=seconds)
    return replace(manner, ids=encoder is not None and _takes_ids(hurried, manner, encoder))


def _others(endpoint: Endpoint, manner: Manner) -> list[tuple[Aligned, str]]:
    """Ask about the other sentences at once."""
    answers = list(endpoint.ask([_request(text, manner.dialect) for text in PROBES[1:]]))
    echoed = [echoes.read(answer, manner.dialect) for answer in answers]
    laid = [
        (echoes.align(echo, text, lead=manner.lead) if echo else None, text)
        for echo, text in zip(echoed, PROBES[1:], strict=True)
    ]
    found = [(aligned, text) for aligned, text in laid if aligned]
    if len(found) < len(laid):
        raise _useless(endpoint, STRANGE)
    return found


def _find(endpoint: Endpoint) -> tuple[Manner, Aligned]:
    """Find the first dialect in which the endpoint says something of every token of a prompt."""
    refusals, strange = list[replies.RefusedError](), False
    for dialect in echoes.DIALECTS:
        try:
            answer = _ask(endpoint, PROBES[0], dialect)
        except replies.RefusedError as error:
            refusals.append(error)
            continue
        echo = echoes.read(answer, dialect)
        for lead in (0, 1):
            found = echoes.align(echo, PROBES[0], lead=lead) if echo else None
            if echo and found and None not in found.logprobs[1:]:
                return _manner(answer, dialect, found, lead=lead, first=echo.logprobs[0]), found
        strange = strange or (echo is not None and len(echo.tokens) > echo.added and None not in echo.logprobs[1:])
    if len(refusals) == len(echoes.DIALECTS):
        raise SuspectError(str(refusals[0]), expected=NEEDED)
    raise _useless(endpoint, STRANGE if strange else "returns no log-probabilities of the prompt")


def _manner(answer: dict[str, Any], dialect: Dialect, found: Aligned, *, lead: int, first: float | None) -> Manner:
    usage = answer.get("usage")
    counted = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    bos = True if lead else counted > len(found.ends) if isinstance(counted, int) else None
    return Manner(
        dialect=dialect,
        lead=lead,
        bos=bos,
        first="null" if first is None else "number",
        predicted=bool(lead) and found.logprobs[0] is not None,
    )


def _is_in_place(endpoint: Endpoint, one: Aligned, other: Aligned, text: str) -> bool:
    """See whether what is said of a token can do without that token; False where the server does not say enough.

    The likeliest token at a place is the same whatever stands there in the end. A server that reads one place too far,
    as llama-cpp-python does for models without a BOS, gives another; by chance one that is as likely, so that this is
    looked at in several places.
    """
    pairs = list(zip(one.ends, other.ends, strict=False))
    place = next(row for row, (end, end_) in enumerate(pairs) if PROBES[0][:end] != text[:end_])
    changes = [
        abs(best - best_)
        for best, best_ in zip(one.best[: place + 1], other.best[: place + 1], strict=True)
        if best is not None and best_ is not None
    ]
    if not changes or one.best[place] is None or other.best[place] is None:
        return False
    if changes[-1] > MARGIN + 10 * max(changes[:-1], default=0.0):
        raise _useless(endpoint, "gives each token the log-probability of a place further on")
    return True


def _takes_ids(endpoint: Endpoint, manner: Manner, encoder: Any) -> bool:
    ids = tuple(encoder(PROBES[0], add_special_tokens=False)["input_ids"])
    try:
        answer = _ask(endpoint, ids, manner.dialect)
    except replies.RefusedError:
        return False
    echo = echoes.read(answer, manner.dialect)
    found = echoes.align(echo, PROBES[0], lead=0) if echo else None
    if found is None or not found.is_of(ids):
        what = "takes token ids and reads other tokens in them than the tokenizer that was named"
        raise SuspectError(what, path=endpoint.address.name, expected="the served model's own --served-tokenizer")
    return True


def _ask(endpoint: Endpoint, prompt: str | tuple[int, ...], dialect: Dialect) -> dict[str, Any]:
    try:
        [answer] = endpoint.ask([_request(prompt, dialect)])
    except replies.MissingError:
        served = endpoint.models()
        if not served or endpoint.address.model in served:
            raise
        what, named = f"serves no model {endpoint.address.model!r}", ", ".join(served[:MOST_NAMED])
        raise SuspectError(what, path=endpoint.address.name, expected=f"one of {named}") from None
    return answer


def _request(prompt: str | tuple[int, ...], dialect: Dialect) -> Request:
    return endpoints.Request(
        body=echoes.body(prompt, dialect), bound=echoes.bound(prompt), about="a first short sentence"
    )


def _useless(endpoint: Endpoint, what: str) -> SuspectError:
    return SuspectError(what, path=endpoint.address.name, expected=NEEDED)
