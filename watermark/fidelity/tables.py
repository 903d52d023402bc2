"""Which figures, words and sentences stand in the page's tables, and how is each to be read?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from provenance.report import numbers
from provenance.report.tables import NONE, Row, Sheet
from watermark.fidelity.means import Mean, NotMeasured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from watermark.fidelity.changes import Change, Sentence
    from watermark.fidelity.figures import Fidelity
    from watermark.fidelity.tally import Acceptability, Replaced


def figures(measured: Fidelity) -> Sheet:
    """Give every figure with its interval, or why it was not measured."""
    rows = (*_rates(measured), *_judged(measured.acceptability), *_objections(measured), *_means(measured))
    return Sheet(name="Figures", head=("Quantity", "Value", "Interval (95 %)", "How to read it"), rows=rows)


def replaced(words: Sequence[Replaced]) -> Sheet:
    """Give the words most often changed with what took their place."""
    rows = tuple((one.word, numbers.count(one.count), _wordings(one)) for one in words)
    head = ("Word", "Times changed", "What took its place, and how often")
    return Sheet(name="Words most often changed", head=head, rows=rows)


def samples(sentences: Sequence[Sentence], *, changed: int) -> Sheet:
    """Lay sentences, out of all those `changed`, side by side with the changes marked."""
    rows = tuple(
        (_place(number, one), _before(one), _after(one), _levels(one.changes))
        for number, one in enumerate(sentences, start=1)
    )
    head = ("Document", "As it stood", "As published", "Acceptability")
    name = f"{numbers.count(len(sentences))} of {numbers.count(changed)} changed sentences, before and after"
    return Sheet(name=name, head=head, rows=rows)


def _rates(measured: Fidelity) -> Iterator[Row]:
    yield _row("changes in 100 words", measured.edits_per_100_words, "over all words of the corpus")
    yield _row("sites in 100 words", measured.sites_per_100_words, "places that could carry a mark")
    yield _row("sites a document", measured.sites_per_document, "over all documents, those without sites included")
    yield _row("sites left as they were", measured.sites_left_share, "share at which the original was dealt")


def _judged(accepted: Acceptability | NotMeasured) -> Iterator[Row]:
    if isinstance(accepted, NotMeasured):
        yield _row("acceptability", accepted, "")
        return
    note = f"mean over all {numbers.count(accepted.n)} changes that were judged; 1 is accepted by every reader"
    yield _row("acceptability", accepted.mean, note)
    low, middle, high = map(_number, accepted.quartiles)
    yield (
        "acceptability, median",
        middle,
        NONE,
        Markup("half of the changes lie between {} and {}, the quartiles").format(low, high),
    )
    yield _row("changes below one half", accepted.share_below_half, "share that a reader would rather refuse")


def _objections(measured: Fidelity) -> Iterator[Row]:
    note = "changes that a reader is expected not to accept"
    yield _row("objections in 1,000 words", measured.objections_per_1000_words, note)


def _means(measured: Fidelity) -> Iterator[Row]:
    over = f"mean over {numbers.count(measured.sentences_sampled)} changed sentences"
    yield _row("METEOR", measured.meteor, f"{over}; 1 is all found again")
    yield _row("sentence similarity", measured.similarity, f"{over}; cosine of their embeddings, 1 is alike")
    yield _row(
        "reading ease, shift", measured.reading_ease_shift, f"{over}; points of Flesch’s score, below 0 is harder"
    )
    yield _row("reading grade, shift", measured.grade_shift, f"{over}; school years, above 0 is harder")


def _row(name: str, value: float | Mean | NotMeasured, note: str) -> Row:
    match value:
        case NotMeasured(reason=reason):
            return (name, "not measured", NONE, reason)
        case Mean(value=middle, low=low, high=high):
            return (name, _number(middle), Markup("{} to {}").format(_number(low), _number(high)), note)
        case _:
            return (name, _number(value), NONE, note)


def _number(value: float) -> Markup:
    return numbers.number(round(value, 3 if abs(value) < 1 else 2))


def _wordings(one: Replaced) -> Markup:
    return Markup(", ").join(Markup("<bdi>{}</bdi> {}").format(new, numbers.count(count)) for new, count in one.by)


def _place(number: int, sentence: Sentence) -> Markup:
    return Markup("{}<small><bdi>{}</bdi></small>").format(number, sentence.document)


def _before(sentence: Sentence) -> Markup:
    mark = Markup('<mark class="before">{}</mark>')
    return _paragraph(mark.format(change.original) if change else text for text, change in sentence.pieces())


def _after(sentence: Sentence) -> Markup:
    mark = Markup('<mark class="after">{}</mark>')
    return _paragraph(mark.format(change.published) if change else text for text, change in sentence.pieces())


def _paragraph(pieces: Iterator[str]) -> Markup:
    return Markup('<p dir="auto">{}</p>').format(Markup().join(pieces))


def _levels(changes: Sequence[Change]) -> str:
    if all(change.acceptability is None for change in changes):
        return "not judged"
    items = (Markup("<li><bdi>{}</bdi> {}</li>").format(change.published, _level(change)) for change in changes)
    return Markup('<ul class="levels">{}</ul>').format(Markup().join(items))


def _level(change: Change) -> str:
    return "not judged" if change.acceptability is None else f"{change.acceptability:.2f}"
