"""How likely is a text to a model that is served as text alone, without log-probabilities?

It is asked to go on, several times, from what stands before the text in question, and what it writes is compared with
what stands there (`agreement`). Of a released document this is asked at every site: how often does the model go on with
this variant's wording? A server that can be held to the wordings of a site is (`choices`): of synonyms that a model
writes once in ten thousand times, free draws show none.

Each variant is asked about in the same way, as often, and equal prompts of a shard once for all of them; texts come in
the order of their hashes, wordings in that of their letters. Which variant was published, or where a row stood in the
run, is nowhere in what is asked, so the tests that rest on that hold, however little the draws tell.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.errors import InputError, SuspectError
from provenance.records import Score
from provenance.suspects import addresses, agreement, drawing, endpoints
from provenance.suspects.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

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
Asked = tuple[str, tuple[str, ...]]
"""A prompt, and the wordings that a server is held to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing that is asked about a text."""

    prompt: str
    wording: str
    """What stands there."""
    site: bool
    """Whether it is one of several wordings, or a stretch of text."""
    options: tuple[str, ...] = ()
    """Those wordings, where they are known."""


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
        for done, (record, drawn) in enumerate(zip(records, self.draw(records, window=window), strict=True), start=1):
            numbers = [self.compare(draws, place) for place, draws in drawn]
            yield Score(
                id=record.id,
                set=record.set,
                variant=record.variant,
                view=record.view,
                logprob=np.array(numbers, dtype=np.float32),
            )
            progress(done, len(records))

    def draw(self, records: Sequence[Record], *, window: Window | None) -> list[list[tuple[Place, list[str]]]]:
        """Give what is asked about each record, and what was drawn there; equal prompts are asked once."""
        asked = [self._places(record, window) for record in records]
        drawn = self._draw([place for places in asked for place in places])
        return [[(place, drawn[place.prompt, place.options]) for place in places] for places in asked]

    def compare(self, draws: Sequence[str], place: Place) -> float:
        """Give one number, the log of a share."""
        if not place.site:
            return agreement.measure(draws, place.wording, by=self.terms.measure)
        if self.manner.hold and place.options:
            return agreement.log_choice(draws, place.wording, place.options)
        return agreement.log_share(draws, place.wording)

    def count(self, records: Sequence[Record], *, window: Window | None) -> int:
        """See `provenance.suspects.Counting.count`: about how many tokens are read and written."""
        lengths = _lengths(place for record in records for place in self._places(record, window))
        draws = self.terms.continuations
        once = sum(draws * length for length in lengths.values())
        read = sum(len(prompt) // LETTERS + 1 for prompt, _ in lengths) * (1 if self.manner.several else draws)
        return max(1, once + read)

    def _places(self, record: Record, window: Window | None) -> list[Place]:
        places = _places(record, window)
        return places if self.manner.hold else [replace(place, options=()) for place in places]

    def _draw(self, places: Sequence[Place]) -> dict[Asked, list[str]]:
        """Ask every prompt once, whoever needs it, for as many tokens as the longest of those needs."""
        wishes = {
            (prompt, options): drawing.Wish(
                prompt=prompt,
                draws=self.terms.continuations,
                length=length,
                temperature=self.terms.temperature,
                seed=drawing.seed(prompt),
                wordings=options,
                about=f"what follows {prompt[-40:]!r}",
            )
            for (prompt, options), length in sorted(_lengths(places).items())
        }
        requests = [drawing.requests(wish, self.manner) for wish in wishes.values()]
        everything = [one for several in requests for one in several]
        with contextlib.closing(self.endpoint.ask(everything, path=self.manner.path)) as answers:
            return {
                asked: self._read([next(answers) for _ in several], wish)
                for (asked, wish), several in zip(wishes.items(), requests, strict=True)
            }

    def _read(self, answers: Sequence[Mapping[str, Any]], wish: drawing.Wish) -> list[str]:
        texts = [one.text for answer in answers for one in drawing.read(answer, self.manner, wish.prompt)]
        if len(texts) != wish.draws:
            raise SuspectError(
                f"wrote {len(texts)} texts, asked for {wish.draws} and {wish.about}", path=self.endpoint.address.name
            )
        return texts


def load(name: str, *, terms: Terms | None = None) -> Continuations:
    """Open ``BASE_URL#MODEL``, and find out by one short request how it is asked.

    Raises
    ------
    InputError
        If it is no address with a model; if several draws are wanted where each would be the same.
    SuspectError
        If the server cannot be reached, or writes nothing.
    """
    terms = terms or Terms()
    if terms.temperature <= 0 and terms.continuations > 1:
        raise InputError(
            f"at temperature 0 all {terms.continuations} continuations are the same text",
            expected="a temperature above 0, such as 1, or one continuation",
        )
    endpoint = endpoints.open_at(addresses.parse(name, kind="text-only"), terms)
    manner = drawing.hold(endpoint, drawing.examine(endpoint, instruction=terms.instruction))
    identity = {
        "suspect": endpoint.address.name,
        "kind": "text-only",
        "weights": hashlib.sha256(endpoint.address.name.encode()).hexdigest(),
        "backend": manner.path,
        "continuations": terms.continuations,
        "temperature": terms.temperature,
        "measure": terms.measure,
        "seeded": manner.seeded,
        "held": manner.hold,
        "instruction": manner.instruction,
    }
    return Continuations(endpoint=endpoint, manner=manner, terms=terms, identity=identity)


def _places(record: Record, window: Window | None) -> list[Place]:
    """Say what is asked about a record: its sites, its text after the context, or the second half of its text.

    A window is counted in words here: of ids it was decoded, and is the record's text. Where nothing stands before a
    place there is nothing to go on from, whichever variant it is.
    """
    text = record.text or ""
    if record.spans:
        sites = [_place(text, one.start, one.end, one.options) for one in record.spans]
        return [site for site in sites if site.prompt]
    if record.context.strip() and text.strip():
        return [_place(record.context + text, len(record.context), len(record.context) + len(text))]
    words = _words(text)
    start = window.start if window else len(words) // 2
    if not 0 < start < len(words):
        return []
    begin = words[start].start()
    end = words[min(len(words), start + window.length) - 1].end() if window else begin + MOST_AFTER
    return [_place(text, begin, min(len(text), end))]


def _words(text: str) -> list[re.Match[str]]:
    """Cut a text at its spaces, or, of a script without, into letters."""
    spaced = list(WORD.finditer(text))
    return spaced if len(spaced) > 1 else list(agreement.WORD.finditer(text))


def _place(text: str, start: int, end: int, options: tuple[str, ...] | None = None) -> Place:
    """Cut a prompt that ends with a word, since tokenizers put a space with the word behind it."""
    before = text[:start].rstrip()
    shown = before[-MOST_BEFORE:]
    if len(shown) < len(before):
        shown = shown.partition(" ")[2] or shown
    gap = text[len(before) : start]
    held = tuple(gap + option for option in options or ())
    return Place(prompt=shown, wording=gap + text[start:end], site=options is not None, options=held)


def _lengths(places: Iterable[Place]) -> dict[Asked, int]:
    """Give every prompt once, with the tokens that are drawn after it."""
    lengths = dict[Asked, int]()
    for place in places:
        asked = place.prompt, place.options
        lengths[asked] = max(lengths.get(asked, 0), len(place.wording) // LETTERS + 2)
    return lengths
