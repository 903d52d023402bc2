"""What did all re-runs of a run say of the same tokens, asked in the same way?

Log-probabilities side by side, texts in the order of a hash, or a refusal: answers to different questions compare
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provenance.audits import signals
from provenance.errors import InputError, MismatchError
from provenance.records import hash_order
from provenance.stats import standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.records import Score
    from provenance.reruns.manifests import Reruns
    from provenance.scoring import Scores
    from provenance.transcripts.tables import Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the re-runs said of the text: log-probabilities by token, in one order for all."""

    run: NDArray[np.float64]
    """Of the original-order re-run, shape ``(tokens,)``."""
    reruns: NDArray[np.float64]
    """Of the reshuffled ones, shape ``(T, tokens)``."""
    model: NDArray[np.float64] | None
    """Of the real final model."""


def check_distinct(run: Scores, reruns: Sequence[Scores]) -> None:
    """Refuse a re-run given twice: each counts as one draw of chance."""
    if len(reruns) < standing.FEWEST:
        raise InputError(
            f"{len(reruns)} reshuffled re-runs", expected=f"{standing.FEWEST} at least", hint="--rerun again"
        )
    first: dict[str, str] = {}
    for scores in (run, *reruns):
        name = str(scores.suspect["suspect"])
        key = name if scores.suspect["kind"] == "column" else str(scores.suspect["weights"])
        if key in first:
            raise InputError(f"{name} has the same weights as {first[key]}", expected="each re-run once")
        first[key] = name


def check_origin(run: Scores, reruns: Sequence[Scores], made: Reruns | None, transcript: Transcript | None) -> None:
    """Refuse answers of other models than the re-runs, and re-runs of another run."""
    if made:
        wanted = [made.weights[place] for place in (made.original, *made.reshuffled)]
        if [scores.suspect["weights"] for scores in (run, *reruns)] != wanted:
            raise MismatchError(f"the scores are not of the re-runs in {made.folder}", expected="all of them, in order")
        known = made.settings["inputs"].get("transcript")
        if transcript and known not in {None, transcript.sha256}:
            raise MismatchError(f"the re-runs in {made.folder} are not of the run that {transcript.path} records")


def gather(run: Scores, reruns: Sequence[Scores], model: Scores | None) -> Answers:
    """Lay what was said side by side.

    Raises
    ------
    MismatchError
        If somebody was asked in another way or about another text.
    InputError
        If log-probabilities are not finite, or there is nothing to score.
    """
    for scores in (*reruns, *([model] if model else [])):
        _check_alike(scores, run)
    rows = _by_id(run)
    ids = sorted(rows)
    wanted = {ids[row]: rows[ids[row]] for row in hash_order(ids)}
    return Answers(
        run=_terms(run, wanted),
        reruns=np.array([_terms(scores, wanted) for scores in reruns]),
        model=_terms(model, wanted) if model else None,
    )


def _check_alike(scores: Scores, run: Scores) -> None:
    asked = ("rendering", "window", "inputs")
    pairs = [(part, getattr(run, part), getattr(scores, part)) for part in asked]
    about = ("kind", "tokenizer", "dtype", "device", "backend")
    pairs += [(part, run.suspect.get(part), scores.suspect.get(part)) for part in about]
    for part, wanted, found in pairs:
        if wanted != found:
            raise MismatchError(
                f"{scores.suspect['suspect']} and {run.suspect['suspect']} were asked with another {part}",
                expected=f"{str(wanted)[:60]}, found {str(found)[:60]}",
                hint="scoring all re-runs in one go",
            )


def _terms(scores: Scores, wanted: Mapping[str, Score]) -> NDArray[np.float64]:
    """Give one answer's log-probabilities by token, texts in the order wanted."""
    found = _by_id(scores)
    differing = [id_ for id_ in wanted.keys() | found.keys() if not _same_tokens(wanted.get(id_), found.get(id_))]
    if differing:
        raise MismatchError(
            f"{scores.suspect['suspect']} scored another text, or in other tokens: {min(differing).lstrip(chr(0))}",
            expected="the same texts in the same tokens for all re-runs",
        )
    terms = np.concatenate([found[id_].logprob for id_ in wanted]).astype(np.float64)
    if not np.isfinite(terms).all():
        signals.check_finite(scores)
    if not len(terms):
        raise InputError("the text has no token that could be scored", expected="two tokens at least")
    return terms


def _by_id(scores: Scores) -> dict[str, Score]:
    rows = {f"{row.set or ''}\x00{row.id}": row for row in scores.rows if row.view == "text"}
    if len(rows) < len(scores.rows):
        raise MismatchError(f"{scores.suspect['suspect']} scored a text twice", expected="one score a text")
    return rows


def _same_tokens(one: Score | None, other: Score | None) -> bool:
    return bool(one and other and len(one.logprob) == len(other.logprob) and one.tokens == other.tokens)
