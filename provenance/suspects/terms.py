"""On which terms may a served model be asked: how patiently, how much at once, for how much?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provenance.suspects.agreement import Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a server is waited for."""

    attempts: int = 7
    timeout: float = 300.0
    """Seconds for one attempt."""
    pause: float = 1.0
    """Seconds before the second attempt at most; the most that later pauses last doubles each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a user allows."""

    concurrency: int = 8
    """Requests under way at once."""
    max_tokens: int | None = None
    """Tokens to spend at most, prompts and answers together; None: no limit."""
    max_cost: float | None = None
    price: float | None = None
    """Of a million tokens, in the currency of `max_cost`."""
    tokenizer: str | None = None
    """The served model's own tokenizer, a folder or hub name: token ids can be asked about with it, where the server
    takes them."""
    continuations: int = 16
    """Texts that a model without log-probabilities draws at each place."""
    temperature: float = 1.0
    measure: Measure = "ngrams"
    """How they are compared with what stands there."""
    instruction: str | None = None
    """Given, a chat is asked for texts, and told this before the prompt."""
    patience: Patience = field(default_factory=Patience)
