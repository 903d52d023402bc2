"""How is a server asked to go on from a prompt, and what did it write?

Completions are asked for where there are any, else a chat, with an instruction that is recorded. A first short request
finds out whether one answer holds several draws, whether a seed is taken, and whether the prompt comes back with them;
others, whether a server can be held to a few wordings.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from provenance.errors import SuspectError
from provenance.suspects import choices, endpoints, replies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenance.suspects.choices import Hold
    from provenance.suspects.endpoints import Endpoint, Request

INSTRUCTION = "Continue this text exactly where it ends. Write nothing but the continuation."
"""What a chat is told before a prompt, unless the user says otherwise."""
PROBE = "The train left the old station in New"
PROBE_DRAWS, PROBE_LENGTH = 2, 8
PROBE_WORDINGS = (" copper", " violet")
"""What nobody writes there unless he is held to it."""
MOST_DRAWS = 128
"""Draws that are asked for in one request: OpenAI gives no more."""
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
    hold: Hold | None = None
    """How it can be held to a few wordings."""

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
    wordings: tuple[str, ...] = ()
    """Given, and where the server can be held to them, each draw is one of these."""
    about: str


def examine(endpoint: Endpoint, *, instruction: str | None) -> Manner:
    """Find out how a server is asked for texts.

    Raises
    ------
    SuspectError
        If it cannot be reached, or writes nothing.
    """
    hurried = endpoints.hurried(endpoint)
    refused: SuspectError | None = None
    for told in [instruction] if instruction else [None, INSTRUCTION]:
        for several, seeded in ((True, True), (True, False), (False, True), (False, False)):
            manner = Manner(instruction=told, several=several, seeded=seeded)
            try:
                return _tried(hurried, manner)
            except replies.MissingError as error:
                refused = refused or error
                break
            except replies.RefusedError as error:
                refused = refused or error
    raise refused or SuspectError("answers no request for a text", path=endpoint.address.name)


def hold(endpoint: Endpoint, manner: Manner) -> Manner:
    """Find out how a server can be held to a few wordings, if it can."""
    hurried = endpoints.hurried(endpoint)
    for way in choices.HOLDS if manner.instruction else choices.HOLDS[:-1]:
        held = replace(manner, hold=way)
        wish = replace(_probe(), wordings=PROBE_WORDINGS)
        try:
            [answer] = hurried.ask(requests(wish, held)[:1], path=held.path)
        except replies.RefusedError:
            continue
        drawn = read(answer, held, PROBE)
        if drawn and {one.text.strip() for one in drawn} <= {one.strip() for one in PROBE_WORDINGS}:
            return held
    return manner


def _probe() -> Wish:
    about = "a first short sentence"
    return Wish(prompt=PROBE, draws=PROBE_DRAWS, length=PROBE_LENGTH, temperature=1.0, seed=0, about=about)


def _tried(endpoint: Endpoint, manner: Manner) -> Manner:
    """Ask once in a manner, and give what is seen of it."""
    [answer] = endpoint.ask(requests(_probe(), manner)[:1], path=manner.path)
    drawn = read(answer, manner, PROBE)
    if not any(one.text.strip() for one in drawn):
        raise SuspectError("writes nothing", path=endpoint.address.name, expected="a few words after a prompt")
    back = all(one.text.lstrip().startswith(PROBE) for one in drawn)
    return replace(manner, several=len(drawn) == PROBE_DRAWS, echoes=back)


def requests(wish: Wish, manner: Manner) -> list[Request]:
    """Write the requests for one wish: one, or several where a server gives fewer draws at a time."""
    most = MOST_DRAWS if manner.several else 1
    if wish.draws <= most:
        return [_request(wish, manner)]
    parts = [min(most, wish.draws - done) for done in range(0, wish.draws, most)]
    return [_request(replace(wish, draws=part, seed=_seed(wish, row)), manner) for row, part in enumerate(parts)]


def _request(wish: Wish, manner: Manner) -> Request:
    told = "\n\n".join(part for part in (manner.instruction, wish.prompt) if part)
    asked = {"prompt": told} if manner.instruction is None else {"messages": [{"role": "user", "content": told}]}
    length = wish.length
    held = dict[str, Any]()
    if manner.hold and wish.wordings:
        # A message begins without the space that stands before the next word of a text.
        wordings = [one.strip() for one in wish.wordings] if manner.instruction else list(wish.wordings)
        length, held = choices.length(wordings), choices.body(manner.hold, wordings)
    body = {**asked, "max_tokens": length, "n": wish.draws, "temperature": wish.temperature, "top_p": wish.top_p}
    body |= held | ({"seed": wish.seed} if manner.seeded else {})
    size = len(told.encode(errors="surrogatepass"))
    return endpoints.Request(body=body, bound=wish.draws * (size + AROUND + length), about=wish.about)


def read(answer: Mapping[str, Any], manner: Manner, prompt: str) -> list[Drawn]:
    """Read the draws of an answer, without the prompt where it comes back with them."""
    found = answer.get("choices")
    drawn = [_drawn(choice, manner) for choice in found] if isinstance(found, list) else []
    kept = [one for one in drawn if one is not None]
    if manner.echoes:
        kept = [replace(one, text=_after(one.text, prompt)) for one in kept]
    return [replace(one, text=choices.read(manner.hold, one.text)) for one in kept] if manner.hold else kept


def _after(text: str, prompt: str) -> str:
    """Cut off a prompt that came back, whose leading space may be lost."""
    return text.removeprefix(prompt) if text.startswith(prompt) else text.lstrip().removeprefix(prompt.lstrip())


def seed(*parts: str) -> int:
    """Name a seed that every server takes, by what it is for."""
    return int.from_bytes(hashlib.sha256("\x00".join(parts).encode(errors="surrogatepass")).digest()[:4]) >> 1


def _seed(wish: Wish, draw: int) -> int:
    return seed(str(wish.seed), str(draw))


def _drawn(choice: Any, manner: Manner) -> Drawn | None:
    """Read one choice, empty where its text was withheld; None where it is none."""
    if not isinstance(choice, dict):
        return None
    chat = manner.instruction is not None
    message, name = (choice.get("message"), "content") if chat else (choice, "text")
    if not isinstance(message, dict) or not isinstance(message.get(name, 0), str | None):
        return None
    finish = choice.get("finish_reason")
    return Drawn(text=message[name] or "", finish=finish if isinstance(finish, str) else None)
