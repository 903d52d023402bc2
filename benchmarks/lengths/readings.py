"""In which ways can a text longer than the context be read, so that every token of it gets a likelihood?

- `windows`: the context is moved on by some tokens and all of it is read again; every token is scored once, after at
  least the rest of a context. A step of half a context is what `provtool score` does. Or the same with the first four
  tokens of the text in front of every window.
- `streamed`: Xiao et al., "Efficient Streaming Language Models with Attention Sinks" (arXiv 2309.17453): all is read
  once; a token sees the first four tokens and the last ones of a window, with places counted inside the window
  (`survival.derivations.sinks`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from provenance.records import Score, ends_from
from provenance.suspects import heads, marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from provenance.records import Record, Tokenizer, Window
    from provenance.suspects.causal_lm import CausalLM


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A suspect that reads long texts in one of these ways."""

    suspect: CausalLM
    name: str
    read: Callable[[Any, torch.Tensor], torch.Tensor]
    """Gives the last state of every token, shape ``(tokens, width)``, of ids, shape ``(tokens,)``: what predicts the
    token after it."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `provenance.suspects.Suspect`."""
        return {**self.suspect.identity, "reading": self.name}

    @property
    def tokenizer(self) -> Tokenizer | None:
        """See `provenance.suspects.Suspect`."""
        return self.suspect.tokenizer

    def score(
        self, records: Sequence[Record], *, window: Window | None, progress: Callable[[int, int | None], None]
    ) -> Iterator[Score]:
        """See `provenance.suspects.Suspect.score`; windows of a text are not asked for here."""
        if window is not None:
            raise ValueError("whole texts only")
        for done, record in enumerate(records, start=1):
            ids, offsets = marks.encode(self.suspect.encoder, record.text or "", bos="auto")
            with torch.inference_mode():
                states = self.read(self.suspect.model, torch.tensor(ids))
                numbers = heads.moments(states[:-1], torch.tensor(ids[1:]), head=self.suspect.head).numpy()
            yield Score(
                id=record.id,
                set=record.set,
                variant=record.variant,
                view=record.view,
                start=1,
                tokens=tuple(ids[1:]),
                ends=ends_from([int(high) for _, high in offsets], 1, len(ids)),
                logprob=numbers[0],
                mean=numbers[1],
                sd=numbers[2],
            )
            progress(done, len(records))


def windows(model: Any, ids: torch.Tensor, *, context: int, step: int, sinks: int = 0) -> torch.Tensor:
    """Move a window of `context` tokens on by `step`, with the first `sinks` tokens in front of later ones."""
    found = [_states(model, ids[:context])]
    for done in range(context, len(ids), step):
        end = min(done + step, len(ids))
        low = end - context + sinks
        found.append(_states(model, torch.cat([ids[:sinks], ids[low:end]]))[-(end - done) :])
    return torch.cat(found)


def streamed(model: Any, ids: torch.Tensor) -> torch.Tensor:
    """Read all once; of a model that `survival.derivations.sinks` lets stream."""
    return _states(model, ids)


def _states(model: Any, ids: torch.Tensor) -> torch.Tensor:
    states: torch.Tensor = model.base_model(input_ids=ids[None], use_cache=False).last_hidden_state[0]
    return states
