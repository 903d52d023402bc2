"""How likely is each token to a model that is served behind an OpenAI-compatible completions API?

The server is asked about one text a request, several requests at once. What it echoes is laid over the text that was
asked, so that a server that cuts, mixes up or rewrites texts is refused and not believed.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import tokenizers
from provenance.errors import SuspectError
from provenance.records import Score
from provenance.suspects import addresses, echoes, endpoints, pieces, preflight
from provenance.suspects.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from provenance.records import Record, Tokenizer, Window
    from provenance.suspects.echoes import Aligned
    from provenance.suspects.endpoints import Endpoint
    from provenance.suspects.preflight import Manner


@dataclass(frozen=True, slots=True, kw_only=True)
class Completions:
    """A served model, and how it must be asked."""

    endpoint: Endpoint
    manner: Manner
    identity: Mapping[str, Any]
    tokenizer: Tokenizer | None
    """Set where the server takes token ids."""
    encoder: Any
    """The tokenizer itself, which says what the ids mean."""

    def score(
        self, records: Sequence[Record], *, window: Window | None, progress: Callable[[int, int | None], None]
    ) -> Iterator[Score]:
        """See `provenance.suspects.Suspect.score`; progress is in records.

        Raises
        ------
        SuspectError
            If the server refuses, or answers about something else than it was asked; if the budget is used up, after
            all scores that were paid for.
        """
        prompts = [self._prompt(record, window) for record in records]
        requests = [self._request(record, prompt) for record, prompt in zip(records, prompts, strict=True) if prompt]
        with contextlib.closing(self.endpoint.ask(requests)) as answers:
            for done, (record, prompt) in enumerate(zip(records, prompts, strict=True), start=1):
                yield self._score(record, prompt, next(answers), window) if prompt else _empty(record)
                progress(done, len(records))

    def seconds(self, texts: int) -> float:
        """See `provenance.suspects.Awaited.seconds`."""
        return texts * self.manner.seconds / self.endpoint.concurrency

    def _prompt(self, record: Record, window: Window | None) -> str | tuple[int, ...]:
        """Give what is asked: nothing where there is nothing to score."""
        if record.tokens is not None:
            first = max(1, window.start if window else 0)
            end = window.start + window.length if window else len(record.tokens)
            return record.tokens[:end] if first < len(record.tokens) else ()
        return record.context + record.text if record.text else ""

    def _request(self, record: Record, prompt: str | tuple[int, ...]) -> endpoints.Request:
        try:
            size = echoes.bound(prompt)
        except UnicodeEncodeError as error:
            raise SuspectError(f"record {record.id!r} holds half a character, which no server takes") from error
        return endpoints.Request(
            body=echoes.body(prompt, self.manner.dialect), bound=size, about=f"record {record.id!r}"
        )

    def _score(
        self, record: Record, prompt: str | tuple[int, ...], answer: dict[str, Any], window: Window | None
    ) -> Score:
        found = self._read(record, prompt, answer)
        if isinstance(prompt, str):
            return self._score_text(record, found, window)
        item = pieces.Encoded(ids=prompt, start=0, stop=len(prompt), ends=None)
        return self._cut(record, item, found, window=window, shift=0)

    def _read(self, record: Record, prompt: str | tuple[int, ...], answer: dict[str, Any]) -> Aligned:
        """Lay the answer over what was asked."""
        echo = echoes.read(answer, self.manner.dialect)
        text, lead = (prompt, self.manner.lead) if isinstance(prompt, str) else (self._decode(prompt), 0)
        found = echoes.align(echo, text, lead=lead) if echo else None
        if found is None or not (isinstance(prompt, str) or found.is_of(prompt)):
            raise SuspectError(
                f"the answer about record {record.id!r} is about other tokens than its own",
                path=self.endpoint.address.name,
                expected=f"every token of its {len(text):,} characters, and no others",
                hint="texts that fit the served model's context, whose server does not cut or rewrite them",
            )
        return found

    def _decode(self, ids: tuple[int, ...]) -> str:
        return str(self.encoder.decode(list(ids), clean_up_tokenization_spaces=False))

    def _score_text(self, record: Record, found: Aligned, window: Window | None) -> Score:
        # The token that was added is the record's first where something follows from it, as in a model asked directly.
        shift = int(self.manner.predicted)
        before = len(record.context)
        inside = [row for row, end in enumerate(found.ends) if end > before]
        first = inside[0] if inside else len(found.ends)
        item = pieces.Encoded(
            ids=(0,) * (len(found.ends) + shift),
            start=first + shift,
            stop=len(found.ends) + shift,
            ends=tuple(end - before for end in found.ends[first:]),
        )
        return self._cut(record, item, found, window=window, shift=shift)

    def _cut(self, record: Record, item: pieces.Encoded, found: Aligned, *, window: Window | None, shift: int) -> Score:
        """Keep what lies in the window."""
        kept = pieces.clip(item, window)
        rows = slice(kept.start - shift, kept.stop - shift)
        numbers = found.logprobs[rows]
        if None in numbers:
            raise SuspectError(
                f"no log-probability came back for token {numbers.index(None) + kept.start} of record {record.id!r}",
                path=self.endpoint.address.name,
            )
        named = kept.ids[kept.start : kept.stop] if record.tokens is not None else (found.ids or ())[rows]
        tokens = tuple(id_ for id_ in named if id_ is not None)
        return Score(
            id=record.id,
            set=record.set,
            variant=record.variant,
            view=record.view,
            start=kept.start,
            tokens=tokens if len(tokens) == len(numbers) else None,
            ends=kept.ends,
            logprob=np.array(numbers, dtype=np.float32),
        )


def load(name: str, *, terms: Terms | None = None) -> Completions:
    """Open ``BASE_URL#MODEL`` and find out, in a few short requests, how it must be asked.

    Raises
    ------
    InputError
        If it is no address with a model.
    SuspectError
        If the server cannot be reached, or cannot serve an audit.
    """
    terms = terms or Terms()
    endpoint = endpoints.open_at(addresses.parse(name), terms)
    encoder = tokenizers.load(terms.tokenizer) if terms.tokenizer else None
    manner = preflight.examine(endpoint, encoder=encoder)
    tokenizer = tokenizers.identify(encoder, name=terms.tokenizer) if terms.tokenizer and manner.ids else None
    identity = {
        "suspect": endpoint.address.name,
        "kind": "openai",
        # What weights a server holds nobody can see: its address and the name it gives the model stand for them.
        "weights": hashlib.sha256(endpoint.address.name.encode()).hexdigest(),
        "tokenizer": tokenizer.sha256 if tokenizer else None,
        "backend": f"completions, {manner.dialect}",
        "bos": manner.bos,
        "first_token": manner.first,
        "place_checked": manner.checked,
    }
    return Completions(endpoint=endpoint, manner=manner, identity=identity, tokenizer=tokenizer, encoder=encoder)


def _empty(record: Record) -> Score:
    return Score(
        id=record.id,
        set=record.set,
        variant=record.variant,
        view=record.view,
        start=len(record.tokens or ()),
        logprob=np.empty(0, dtype=np.float32),
    )
