"""How is a server held to a few wordings, so that every draw tells one of them?

Of synonyms at a site the likelier may be one in ten thousand: drawn freely, none is seen. Held to them, a server draws
each about as often as the model prefers it to the others, which is what an audit compares. (About: a server leaves out,
token by token, what fits none of them, so of wordings that begin alike the shares are not those of whole wordings.)
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Sequence

Hold = Literal["structured_outputs", "grammar", "json_schema"]
"""vLLM's way, llama.cpp's, and that of chat services."""
HOLDS: tuple[Hold, ...] = get_args(Hold)
FIELD = "wording"
AROUND = 32
"""Tokens that a wording may need around itself."""


def body(hold: Hold, wordings: Sequence[str]) -> dict[str, Any]:
    """Say in a request that the answer is one of these."""
    if hold == "structured_outputs":
        return {"structured_outputs": {"choice": list(wordings)}}
    if hold == "grammar":
        return {"grammar": "root ::= " + " | ".join(json.dumps(one, ensure_ascii=False) for one in wordings)}
    schema = {
        "type": "object",
        "properties": {FIELD: {"type": "string", "enum": list(wordings)}},
        "required": [FIELD],
        "additionalProperties": False,
    }
    named = {"name": FIELD, "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def read(hold: Hold, text: str) -> str:
    """Give the wording of an answer; the answer itself where it is none."""
    if hold == "json_schema":
        with contextlib.suppress(ValueError):
            said = json.loads(text)
            return str(said[FIELD]) if isinstance(said, dict) and FIELD in said else text
    return text


def length(wordings: Sequence[str]) -> int:
    """Give how many tokens an answer needs at most: no token is shorter than a byte."""
    return max(len(one.encode(errors="surrogatepass")) for one in wordings) + AROUND
