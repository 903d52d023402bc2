"""Which attacks are tried, and what does each make of a published corpus?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attacking import gathering, paraphrasing, wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

PARAPHRASE = "paraphrase"
NOT_GIVEN = "no paraphraser was given"
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack at one strength."""

    name: str
    strength: str = ""
    share: float = 0.0
    """What `name` takes as its number."""
    quick: bool = False
    """Whether a quick run tries it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplies:
    """What an attacker has besides the published texts."""

    others: Sequence[str]
    """Texts that nobody marked, four times as many as published ones."""
    paraphraser: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacked:
    """What a model is trained on."""

    texts: list[str]
    afterwards: list[str]
    """Texts it is trained on when it is done with `texts`."""
    changed: float
    """Share of the published words that the attack changed."""


NEAR = f"Jaccard {gathering.SIMILAR}"
_WITHOUT = {
    ("exact deduplication", "documents"): gathering.without_copies,
    ("exact deduplication", "sentences"): gathering.without_repeats,
    ("near deduplication", NEAR): gathering.without_near_copies,
}
"""What each deduplication leaves."""

CATALOGUE = (
    Attack(name="no attack", quick=True),
    Attack(name="never trained on it", quick=True),
    Attack(name="random synonyms", strength="every site", quick=True),
    Attack(name="frequent synonyms", strength="every site"),
    Attack(name="deletion", strength="10 % of words", share=0.1),
    Attack(name="deletion", strength="30 % of words", share=0.3),
    Attack(name="normalisation", strength="case, punctuation"),
    Attack(name=PARAPHRASE, strength="every sentence"),
    *(Attack(name="partial use", strength=f"{share:.0%}".replace("%", " %"), share=share) for share in SHARES),
    Attack(name="mixing", strength="1:1", share=1, quick=True),
    Attack(name="mixing", strength="1:4", share=4),
    Attack(name="exact deduplication", strength="documents"),
    Attack(name="exact deduplication", strength="sentences"),
    Attack(name="near deduplication", strength=NEAR),
    Attack(name="further training", strength="as much other text", share=1),
)
NAMES = tuple(dict.fromkeys(attack.name for attack in CATALOGUE))


def apply(attack: Attack, published: Sequence[str], supplies: Supplies, *, rng: np.random.Generator) -> Attacked:
    """Make the texts that a model is trained on."""
    if (rewritten := _rewrite(attack, published, supplies, rng=rng)) is not None:
        return Attacked(texts=rewritten, afterwards=[], changed=wording.changed(published, rewritten))
    later = list(supplies.others[: len(published)]) if attack.name == "further training" else []
    return Attacked(texts=_gather(attack, published, supplies, rng=rng), afterwards=later, changed=0.0)


def _rewrite(
    attack: Attack, published: Sequence[str], supplies: Supplies, *, rng: np.random.Generator
) -> list[str] | None:
    """Rewrite the texts, if that is what the attack does."""
    match attack.name:
        case "random synonyms":
            return wording.random_synonyms(published, rng=rng)
        case "frequent synonyms":
            return wording.frequent_synonyms(published, rng=rng)
        case "deletion":
            return wording.delete_words(published, rng=rng, share=attack.share)
        case "normalisation":
            return wording.normalise(published, rng=rng)
        case "paraphrase":
            if supplies.paraphraser is None:
                raise ValueError(NOT_GIVEN)
            return paraphrasing.paraphrase(published, rng=rng, model=supplies.paraphraser)
    return None


def _gather(attack: Attack, published: Sequence[str], supplies: Supplies, *, rng: np.random.Generator) -> list[str]:
    """Put the corpus together, if that is what the attack does; else it is what was published."""
    match attack.name:
        case "never trained on it":
            return list(supplies.others[-len(published) :])
        case "partial use":
            return gathering.part(published, rng=rng, share=attack.share)
        case "mixing":
            return gathering.mix(published, rng=rng, others=supplies.others[: round(attack.share * len(published))])
        case "exact deduplication" | "near deduplication":
            return _WITHOUT[attack.name, attack.strength](gathering.copies(published, rng=rng))
    return list(published)
