"""How likely is a text to a model that is served as text alone, without log-probabilities?

It is asked to go on, several times, from what stands before the text in question, and what it writes is compared with
what stands there (`agreement`). Of a released document this is asked at every site: how often does the model go on with
this variant's wording? Each variant is asked about in the same way, and equal prompts once for all of them; which of
them was published, or where a row stood in the run, is nowhere in what is asked.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.errors import SuspectError
from provenance.records import Score
from provenance.suspects import addresses, agreement, drawing, endpoints
from provenance.suspects.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from provenance.records import Record, Tokenizer, Window
    from provenance.suspects.drawing import Manner
    from provenance.suspects.endpoints import Endpoint

MOST_BEFORE = 1_000
"""Characters of a text that a prompt shows before the place in question."""
MOST_AFTER = 200
"""Characters that are compared where no place in a text is named: its second half, no more."""
LETTERS = 3
"""Characters a token, at the least, when draws are cut to the length of what they are compared with."""
WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing that is asked about a text."""

    prompt: str
    wording: str
    """What stands there."""
    site: bool
    """Whether it is one of several wordings, or a stretch of text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuations:
    """A served model that gives text alone."""

    endpoint: Endpoint
    manner: Manner
    terms: Terms
    identity: Mapping[str, Any]
    tokenizer: Tokenizer | None = None

    def score(
        self, records: Sequence[Record], *, window: Window | None, progress: Callable[[int, int | None], None]
    ) -> Iterator[Score]:
        """See `provenance.suspects.Suspect.score`; a number a place, the log of a smoothed share of the draws.

        Raises
        ------
        SuspectError
            If the server refuses or writes nothing; if the budget is used up.
        """
        del window  # what it asked for was decoded, and is the record's text
        for done, (record, drawn) in enumerate(zip(records, self.draw(records), strict=True), start=1):
            numbers = [self._compared(draws, place) for place, draws in drawn]
            yield Score(
                id=record.id,
                set=record.set,
                variant=record.variant,
                view=record.view,
                logprob=np.array(numbers, dtype=np.float32),
            )
            progress(done, len(records))

    def draw(self, records: Sequence[Record]) -> list[list[tuple[Place, list[str]]]]:
        """Give what is asked about each record, and what was drawn there; equal prompts are asked once."""
        asked = [_places(record) for record in records]
        drawn = self._draw([place for places in asked for place in places])
        return [[(place, drawn[place.prompt]) for place in places] for places in asked]

    def count(self, records: Sequence[Record], *, window: Window | None) -> int:
        """See `provenance.suspects.Counting.count`: about how many tokens are read and written."""
        del window
        lengths = _lengths(place for record in records for place in _places(record))
        draws = self.terms.continuations
        once = sum(draws * length for length in lengths.values())
        read = sum(len(prompt) // LETTERS + 1 for prompt in lengths) * (1 if self.manner.several else draws)
        return max(1, once + read)

    def _draw(self, places: Sequence[Place]) -> dict[str, list[str]]:
        """Ask every prompt once, whoever needs it, for as many tokens as the longest of those needs."""
        wishes = [
            drawing.Wish(
                prompt=prompt,
                draws=self.terms.continuations,
                length=length,
                temperature=self.terms.temperature,
                seed=drawing.seed(prompt),
                about=f"what follows {prompt[-40:]!r}",
            )
            for prompt, length in sorted(_lengths(places).items())
        ]
        requests = [drawing.requests(wish, self.manner) for wish in wishes]
        answers = self.endpoint.ask([one for several in requests for one in several], path=self.manner.path)
        return {
            wish.prompt: self._read([next(answers) for _ in several], wish)
            for wish, several in zip(wishes, requests, strict=True)
        }

    def _read(self, answers: Sequence[Mapping[str, Any]], wish: drawing.Wish) -> list[str]:
        texts = [one.text for answer in answers for one in drawing.read(answer, self.manner, wish.prompt)]
        if len(texts) != wish.draws:
            raise SuspectError(
                f"wrote {len(texts)} texts, asked for {wish.draws} and {wish.about}", path=self.endpoint.address.name
            )
        return texts

    def _compared(self, draws: Sequence[str], place: Place) -> float:
        if place.site:
            return agreement.log_share(draws, place.wording)
        return agreement.measure(draws, place.wording, by=self.terms.measure)


def load(name: str, *, terms: Terms | None = None) -> Continuations:
    """Open ``BASE_URL#MODEL``, and find out by one short request how it is asked.

    Raises
    ------
    InputError
        If it is no address with a model.
    SuspectError
        If the server cannot be reached, or writes nothing.
    """
    terms = terms or Terms()
    endpoint = endpoints.open_at(addresses.parse(name, kind="text-only"), terms)
    manner = drawing.examine(endpoint, instruction=terms.instruction)
    identity = {
        "suspect": endpoint.address.name,
        "kind": "text-only",
        "weights": hashlib.sha256(endpoint.address.name.encode()).hexdigest(),
        "backend": manner.path,
        "continuations": terms.continuations,
        "temperature": terms.temperature,
        "measure": terms.measure,
        "seeded": manner.seeded,
        "instruction": manner.instruction,
    }
    return Continuations(endpoint=endpoint, manner=manner, terms=terms, identity=identity)


def _places(record: Record) -> list[Place]:
    """Say what is asked about a record: its sites, its text after the context, or the second half of its text."""
    text = record.text or ""
    if record.spans:
        return [_place(text, start, end, site=True) for start, end in record.spans]
    if record.context.strip() and text.strip():
        return [_place(record.context + text, len(record.context), len(record.context) + len(text), site=False)]
    words = list(WORD.finditer(text))
    if len(words) < 2:  # noqa: PLR2004 (a half before, a half after)
        return []
    middle = words[len(words) // 2].start()
    return [_place(text, middle, min(len(text), middle + MOST_AFTER), site=False)]


def _place(text: str, start: int, end: int, *, site: bool) -> Place:
    """Cut a prompt that ends with a word, since tokenizers put a space with the word behind it."""
    before = text[:start].rstrip()
    low = max(0, len(before) - MOST_BEFORE)
    shown = before[low:] if low == 0 else before[low:].partition(" ")[2]
    return Place(prompt=shown, wording=text[len(before) : end], site=site)


def _lengths(places: Any) -> dict[str, int]:
    """Give every prompt once, with the tokens that are drawn after it."""
    lengths = dict[str, int]()
    for place in places:
        lengths[place.prompt] = max(lengths.get(place.prompt, 0), len(place.wording) // LETTERS + 2)
    return lengths
