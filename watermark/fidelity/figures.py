"""What may be said in public of a release's fidelity?

Nothing here shows where a mark is: rates, means, and the words most often changed with their numbers, no wording that
took their place, no sentence. What rests on few changes is left out of what is published, because whoever judges all
wordings of the release anew could tell from it which they are.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from watermark.fidelity import meteor, readability
from watermark.fidelity.means import LEVEL, Mean, NotMeasured, mean
from watermark.fidelity.tally import Acceptability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watermark.certificate import Counts
    from watermark.encoder import Encoder
    from watermark.fidelity.changes import Sentence
    from watermark.fidelity.tally import Tally

DECIMALS, COARSE = 4, 2
"""Quartiles are single changes' own numbers and therefore published coarsely."""
FEW = 20
"""Changes or sentences that a published figure rests on at least."""
WITHHELD = NotMeasured(reason=f"rests on fewer than {FEW}, and would tell of single ones")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """How far a release is from its corpus."""

    edits_per_100_words: float | NotMeasured
    sites_per_document: float | NotMeasured
    sites_per_100_words: float | NotMeasured
    sites_left_share: float | NotMeasured
    """Sites whose published wording is the original."""
    acceptability: Acceptability | NotMeasured
    objections_per_1000_words: float | NotMeasured
    """Changes in 1,000 words that a reader is expected not to accept."""
    sentences_changed: int
    sentences_sampled: int
    """Changed sentences, drawn by hash, that the means below are taken over."""
    meteor: Mean | NotMeasured
    similarity: Mean | NotMeasured
    """Cosine of the sentence embeddings before and after."""
    encoder: str | NotMeasured
    reading_ease_shift: Mean | NotMeasured
    """Flesch reading ease, published − original."""
    grade_shift: Mean | NotMeasured
    """Flesch–Kincaid grade, published − original."""
    words_most_changed: tuple[tuple[str, int], ...]

    def to_json(self) -> dict[str, Any]:
        """Lay it out for the certificate; what was not measured stands there with its reason."""
        shown = {name: _public(getattr(self, name)) for name in self.__dataclass_fields__}
        if _public(self.acceptability) == _public(WITHHELD):
            shown["objections_per_1000_words"] = _public(WITHHELD)
        return shown | {"words_most_changed": [{"word": word, "count": n} for word, n in self.words_most_changed]}


def measure(
    tally: Tally, *, counts: Counts, changed: int, drawn: Sequence[Sentence], encoder: Encoder | None
) -> Fidelity:
    """Put all figures together.

    Parameters
    ----------
    tally
        What was changed, over all documents.
    changed
        Changed sentences in all.
    drawn
        Those to look at closely.
    encoder
        Reads them before and after; None: similarity is not measured.
    """
    accepted = tally.acceptability()
    pairs = [(sentence.text, sentence.published) for sentence in drawn]
    return Fidelity(
        edits_per_100_words=_rate(100 * counts.edits, counts.words, "words"),
        sites_per_document=_rate(counts.sites, counts.documents, "documents"),
        sites_per_100_words=_rate(100 * counts.sites, counts.words, "words"),
        sites_left_share=_rate(counts.sites - counts.edits, counts.sites, "sites"),
        acceptability=accepted,
        objections_per_1000_words=_objections(accepted, counts),
        sentences_changed=changed,
        sentences_sampled=len(drawn),
        meteor=mean([meteor.score(sentence) for sentence in drawn], least=0, most=1),
        similarity=_similarity(pairs, encoder),
        encoder=encoder.method if encoder else NotMeasured(reason="no sentence encoder was used"),
        reading_ease_shift=mean([readability.reading_ease(new) - readability.reading_ease(old) for old, new in pairs]),
        grade_shift=mean([readability.grade(new) - readability.grade(old) for old, new in pairs]),
        words_most_changed=tally.words(),
    )


def _rate(part: int, whole: int, of: str) -> float | NotMeasured:
    return part / whole if whole else NotMeasured(reason=f"there are no {of}")


def _objections(accepted: Acceptability | NotMeasured, counts: Counts) -> float | NotMeasured:
    """Changes that nobody judged are taken to be like those that somebody did."""
    match accepted:
        case NotMeasured():
            return accepted
        case Acceptability(mean=share):
            return (1 - share) * 1000 * counts.edits / counts.words


def _similarity(pairs: Sequence[tuple[str, str]], encoder: Encoder | None) -> Mean | NotMeasured:
    if encoder is None:
        return NotMeasured(reason="no sentence encoder was used")
    if not pairs:
        return mean([])
    old, new = (encoder.encode([pair[side] for pair in pairs]).astype(np.float64) for side in (0, 1))
    return mean([float(cosine) for cosine in (old * new).sum(axis=1)], least=-1, most=1)


def _public(value: object) -> Any:
    match value:
        case NotMeasured(reason=reason):
            return {"not_measured": reason}
        case Mean(n=n) | Acceptability(n=n) if n < FEW:
            return _public(WITHHELD)
        case Mean():
            return _rounded(asdict(value)) | {"level": LEVEL}
        case Acceptability(quartiles=quartiles):
            return _rounded(asdict(value)) | {"quartiles": [round(one, COARSE) for one in quartiles]}
        case _:
            return _rounded(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_rounded(one) for one in value]
    # adding 0 makes −0.0 plain 0.0
    return round(value, DECIMALS) + 0.0 if isinstance(value, float) else value
