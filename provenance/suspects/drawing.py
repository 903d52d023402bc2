"""How is a server asked to go on from a prompt, and what did it write?

Completions are asked for where there are any, else a chat, with an instruction that is recorded. A first short request
finds out whether one answer holds several draws, whether a seed is taken, and whether the prompt comes back with them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from provenance.errors import SuspectError
from provenance.suspects import endpoints, replies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenance.suspects.endpoints import Endpoint, Request

INSTRUCTION = "Continue this text exactly where it ends. Write nothing but the continuation."
"""What a chat is told before a prompt, unless the user says otherwise."""
PROBE = "The train left the old station in New"
PROBE_DRAWS, PROBE_LENGTH = 2, 8
AROUND = 32
"""Tokens that a server may add around a prompt, such as a chat's template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a server is asked for texts, and how they are read."""

    instruction: str | None = None
    """Given, a chat is asked, and told this before the prompt."""
    several: bool = True
    """Whether one answer holds as many draws as were asked for."""
    seeded: bool = True
    """Whether a seed is taken."""
    echoes: bool = False
    """Whether the prompt comes back before what was drawn."""

    @property
    def path(self) -> str:
        """Where it is asked."""
        return "completions" if self.instruction is None else "chat/completions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One text that a server wrote."""

    text: str
    finish: str | None
    """Why it ended, as the server says: ``stop`` or ``length``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for."""

    prompt: str
    draws: int
    length: int
    """Tokens of one draw at most."""
    temperature: float
    top_p: float = 1.0
    seed: int
    about: str


def examine(endpoint: Endpoint, *, instruction: str | None) -> Manner:
    """Find out how a server is asked for texts.

    Raises
    ------
    SuspectError
        If it cannot be reached, or writes nothing.
    """
    hurried = endpoints.hurried(endpoint)
    wish = Wish(
        prompt=PROBE, draws=PROBE_DRAWS, length=PROBE_LENGTH, temperature=1.0, seed=0, about="a first short sentence"
    )
    refused = None
    for manner in _manners(instruction):
        try:
            [answer] = hurried.ask(requests(wish, manner)[:1], path=manner.path)
        except (replies.RefusedError, replies.MissingError) as error:
            refused = refused or error
            continue
        drawn = read(answer, manner, PROBE)
        if not any(one.text.strip() for one in drawn):
            raise SuspectError("writes nothing", path=endpoint.address.name, expected="a few words after a prompt")
        back = all(one.text.lstrip().startswith(PROBE) for one in drawn)
        return replace(manner, several=len(drawn) == PROBE_DRAWS, echoes=back)
    raise refused or SuspectError("answers no request for a text", path=endpoint.address.name)


def _manners(instruction: str | None) -> tuple[Manner, ...]:
    """Give what is tried, one after the other."""
    told = [Manner(instruction=instruction)] if instruction else [Manner(), Manner(instruction=INSTRUCTION)]
    return tuple(replace(manner, seeded=seeded) for manner in told for seeded in (True, False))


def requests(wish: Wish, manner: Manner) -> list[Request]:
    """Write the requests for one wish: one, or one a draw where a server gives no more at a time."""
    if not manner.several:
        one = replace(manner, several=True)
        each = (replace(wish, draws=1, seed=_seed(wish, draw)) for draw in range(wish.draws))
        return [request for single in each for request in requests(single, one)]
    told = f"{manner.instruction}\n\n{wish.prompt}" if manner.instruction else wish.prompt
    asked = {"prompt": told} if manner.instruction is None else {"messages": [{"role": "user", "content": told}]}
    body = {**asked, "max_tokens": wish.length, "n": wish.draws, "temperature": wish.temperature, "top_p": wish.top_p}
    body |= {"seed": wish.seed} if manner.seeded else {}
    size = len(told.encode(errors="surrogatepass"))
    return [endpoints.Request(body=body, bound=wish.draws * (size + AROUND + wish.length), about=wish.about)]


def read(answer: Mapping[str, Any], manner: Manner, prompt: str) -> list[Drawn]:
    """Read the draws of an answer, without the prompt where it comes back with them."""
    choices = answer.get("choices")
    found = [_drawn(choice, manner) for choice in choices] if isinstance(choices, list) else []
    kept = [one for one in found if one is not None]
    if manner.echoes:
        kept = [replace(one, text=one.text.lstrip().removeprefix(prompt)) for one in kept]
    return kept


def seed(*parts: str) -> int:
    """Name a seed that every server takes, by what it is for."""
    return int.from_bytes(hashlib.sha256("\x00".join(parts).encode(errors="surrogatepass")).digest()[:4]) >> 1


def _seed(wish: Wish, draw: int) -> int:
    return seed(str(wish.seed), str(draw))


def _drawn(choice: Any, manner: Manner) -> Drawn | None:
    """Read one choice; None where it is none."""
    if not isinstance(choice, dict):
        return None
    message = choice if manner.instruction is None else choice.get("message")
    text = message.get("text" if manner.instruction is None else "content") if isinstance(message, dict) else None
    finish = choice.get("finish_reason")
    return Drawn(text=text, finish=finish if isinstance(finish, str) else None) if isinstance(text, str) else None
