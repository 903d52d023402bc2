"""What do the figures mean in plain words?

Nothing here measures anything: it says what `figures` measured, for readers who are no statisticians.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.report import numbers
from watermark.fidelity.means import Mean, NotMeasured
from watermark.fidelity.tally import Acceptability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watermark.certificate import Counts
    from watermark.fidelity.figures import Fidelity

LIMITS = (
    "The figures speak of wordings, not of meaning: a wrong word that fits well is accepted by all of them.",
    "Acceptability is estimated by a model; the sentences below are the ones to judge by.",
    "Sentences that were not changed stand in none of the means.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One question of the owner's, and what the figures say to it."""

    asked: str
    told: tuple[str, ...]
    """Paragraphs; the first is the answer."""


def heading(measured: Fidelity) -> str:
    """Say the whole in one line."""
    match measured.acceptability:
        case _ if not measured.sentences_changed:
            return "Nothing was changed"
        case Acceptability(mean=share):
            return f"Of 100 changes, readers would accept about {_of_100(share)}"
        case _:
            return "Whether readers would accept the changes was not measured"


def line(measured: Fidelity) -> str:
    """Say the headline figures in one line for a terminal."""
    if not measured.sentences_changed:
        return "nothing was changed"
    accepted = measured.acceptability
    named = (
        ("acceptability", accepted.mean if isinstance(accepted, Acceptability) else accepted),
        ("METEOR", measured.meteor),
        ("similarity", measured.similarity),
        ("reading ease", measured.reading_ease_shift),
    )
    return "; ".join(f"{name} {_briefly(value, signed=name == 'reading ease')}" for name, value in named)


def answers(measured: Fidelity, counts: Counts) -> tuple[Answer, ...]:
    """Say what an owner wants to know first."""
    return (
        Answer(asked="How much was changed", told=tuple(_amount(measured, counts))),
        Answer(asked="Would readers accept it", told=tuple(_acceptance(measured, counts))),
        Answer(asked="Does it still say the same", told=tuple(_closeness(measured))),
        Answer(asked="Is it harder to read", told=tuple(_readability(measured))),
    )


def _amount(measured: Fidelity, counts: Counts) -> Iterator[str]:
    if not counts.words:
        yield "Nothing: there are no words in the corpus."
        return
    edits = f"{numbers.count(counts.edits)} of {numbers.count(counts.words)} words"
    share = numbers.number(round(100 * counts.edits / counts.words, 1))
    yield f"{edits} were given another wording: {share} in 100. Everything else is as it was, to the byte."
    if not counts.sites:
        yield "No site was found: the release is the corpus, and nothing can be proven of it."
        return
    kept = counts.sites - counts.edits
    yield (
        f"{numbers.count(counts.marked)} of {numbers.count(counts.documents)} documents have sites, "
        f"{numbers.count(counts.sites)} in all; at {numbers.count(kept)} of them the key dealt the original. "
        f"{_plural(measured.sentences_changed, 'sentence')} changed."
    )


def _acceptance(measured: Fidelity, counts: Counts) -> Iterator[str]:
    accepted, objections = measured.acceptability, measured.objections_per_1000_words
    if isinstance(accepted, NotMeasured) or isinstance(objections, NotMeasured):
        yield _unknown(accepted)
        return
    yield f"About {_of_100(accepted.mean)} of 100 changes, as estimated for each in its place."
    yield (
        f"That leaves {numbers.number(round(objections, 1))} in 1,000 words at which a reader is expected to object. "
        f"{_refused(accepted.share_below_half)} more likely to be refused than accepted."
    )
    if accepted.n < counts.edits:
        yield f"Judged were {numbers.count(accepted.n)} of {_plural(counts.edits, 'change')}."


def _closeness(measured: Fidelity) -> Iterator[str]:
    if isinstance(measured.meteor, NotMeasured):
        yield _unknown(measured.meteor)
        return
    yield f"METEOR is {measured.meteor.value:.2f} for changed sentences, where 1 is all of a sentence found again."
    match measured.similarity:
        case Mean(value=value):
            yield f"A sentence encoder finds them alike before and after to {value:.2f}, where 1 is no change."
        case NotMeasured(reason=reason):
            yield f"How alike a sentence encoder finds them was not measured: {reason}."


def _readability(measured: Fidelity) -> Iterator[str]:
    ease, grade = measured.reading_ease_shift, measured.grade_shift
    if isinstance(ease, NotMeasured) or isinstance(grade, NotMeasured):
        yield _unknown(ease)
        return
    years = f"{numbers.number(abs(round(grade.value, 1)))} school years"
    if ease.low <= 0 <= ease.high:
        yield "No difference is seen in changed sentences."
    else:
        yield f"Changed sentences are {'harder' if ease.value < 0 else 'easier'} to read, by about {years}."
    moved = _briefly(ease, signed=True)
    yield f"Their reading ease moves by {moved} points on a scale from 100, easy, to 0, very hard."


def _of_100(share: float) -> int:
    """Round, but to 100 only what is all."""
    return min(round(100 * share), 99 if share < 1 else 100)


def _refused(share: float) -> str:
    return f"{math.ceil(100 * share)} of 100 changes are" if share else "No change is"


def _unknown(value: object) -> str:
    return f"Not measured: {value.reason}." if isinstance(value, NotMeasured) else "Not measured."


def _briefly(value: float | Mean | NotMeasured, *, signed: bool) -> str:
    match value:
        case NotMeasured():
            return "not measured"
        case Mean(value=number) | (float() as number):
            shown = f"{number:+.1f}" if signed else f"{number:.2f}"
            return shown.replace("-", numbers.MINUS)


def _plural(number: int, noun: str) -> str:
    return f"{numbers.count(number)} {noun}" + (" was" if number == 1 else "s were")
