"""What do the judges of SWORDS say of each target? (Lee et al. 2021, "Swords: A Benchmark for Lexical Substitution")

A JSON file of version 1.1, or the same in gzip. A wording is acceptable where at least half of its judges accept it;
one that is not listed is not.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from provenance.language import morphology, sentences
from provenance.language.surprisal import zipf
from watermark import encoder, lexicon

if TYPE_CHECKING:
    from pathlib import Path

    from watermark.lexicon import Pos

ACCEPTED = 0.5
POSES: dict[str, Pos] = {"NOUN": "n", "VERB": "v", "ADJ": "a", "ADV": "r"}
TAGS: dict[Pos, tuple[str, ...]] = {
    "n": ("NN", "NNS"),
    "v": ("VB", "VBP", "VBZ", "VBD", "VBN", "VBG"),
    "a": ("JJ", "JJR", "JJS"),
    "r": ("RB", "RBR", "RBS"),
}
"""Penn tags of each part of speech, the plain form first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One word in its context, and what judges say of other words for it."""

    context: str
    start: int
    end: int
    pos: Pos
    lemma: str
    judged: dict[str, float]
    """Share of judges that accept, by lemma."""

    def share(self, wording: str) -> float:
        """Give the share of judges that accept a wording, inflected or not; 0 for one that nobody proposed."""
        return max(self.judged.get(form, 0.0) for form in spellings(wording.casefold(), self.pos))


def load(path: Path) -> list[Target]:
    """Read every target with the judgements of its substitutes."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as stream:
        data: dict[str, Any] = json.load(stream)
    judged: dict[str, dict[str, float]] = {target: {} for target in data["targets"]}
    for key, entry in data["substitutes"].items():
        labels = data["substitute_labels"][key]
        share = sum(label in {"TRUE", "TRUE_IMPLICIT"} for label in labels) / len(labels)
        known = judged[entry["target_id"]]
        for form in spellings(entry["substitute"].casefold(), POSES[data["targets"][entry["target_id"]]["pos"]]):
            known[form] = max(share, known.get(form, 0.0))
    return [_target(target, data, judged[key]) for key, target in data["targets"].items()]


def _target(target: dict[str, Any], data: dict[str, Any], judged: dict[str, float]) -> Target:
    pos = POSES[target["pos"]]
    return Target(
        context=data["contexts"][target["context_id"]]["context"],
        start=target["offset"],
        end=target["offset"] + len(target["target"]),
        pos=pos,
        lemma=spellings(target["target"].casefold(), pos)[-1],
        judged=judged,
    )


def substitution(target: Target, wording: str) -> encoder.Substitution:
    """Put a wording into the target's sentence."""
    spans = sentences.find(target.context)
    start, end = next((span for span in spans if span[0] <= target.start < span[1]), (0, len(target.context)))
    return encoder.Substitution(
        text=target.context[start:end],
        start=target.start - start,
        end=min(target.end, end) - start,
        replacement=wording,
    )


def spellings(form: str, pos: Pos) -> list[str]:
    """Give a form and the lemmas it can have as one part of speech, the likeliest last."""
    head, space, rest = form.partition(" ")
    found = {morphology.lemma(head, tag) for tag in TAGS[pos]} - {head}
    known = {lemma for lemma in found if lexicon.senses(lemma, pos)}
    return [form, *(lemma + space + rest for lemma in sorted(known, key=zipf))]
