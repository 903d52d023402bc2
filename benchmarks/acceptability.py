"""How many of the tool's substitutions do human judges accept, against those of the published methods?

For each target of SWORDS (JSON of version 1.1, or in gzip) every method chooses one wording, the one it would prefer,
or none. Lemmatised, it is looked up among the judgements; what at least half of the judges accept is acceptable, and
what nobody proposed is not. Coverage is the share of all targets that a method changes when it takes the wordings it is
surest of; the curve begins at 30 %. The tool offers, inflects and judges wordings as it does when it marks, stop lists
included; the part of speech is the benchmark's, and names and set phrases count like any word, since others drew them.

On the file that the weights were fitted to (SWORDS v1.1 dev) the figures are too good: there, believe those that
``scripts/fit_acceptability.py --measure`` prints, by folds of lemmas.

    python benchmarks/acceptability.py --swords FILE [--encoder NAME] [--json]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import swords

from provenance.language import morphology
from provenance.language.surprisal import surprisal
from watermark import acceptability, encoder, options, published

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from watermark.encoder import Drift, Encoder
    from watermark.options import Option

COVERAGES = tuple(percent / 100 for percent in range(30, 101, 5))
WIDEST = 8
Choice = tuple[float, str]
"""How sure a method is, and the lemma of the wording that it chooses."""


def tag(target: swords.Target) -> str:
    """Give the Penn tag under which the target's lemma takes the target's form."""
    form = target.context[target.start : target.end].casefold()
    fitting = [tag for tag in swords.TAGS[target.pos] if morphology.inflect(target.lemma, tag) == form]
    return fitting[0] if form == target.lemma or len(fitting) == 1 else (fitting or swords.TAGS[target.pos])[-1]


def ours(targets: Sequence[swords.Target], reader: Encoder | None) -> list[Choice | None]:
    """Choose as the tool does: the wording that a reader most likely accepts."""
    found = [_offered(target)[:WIDEST] for target in targets]
    drifts = _drifts(targets, found, reader)
    judged = [
        [(acceptability.probability(option.log_odds, next(drifts)), option.lemma) for option in offered]
        for offered in found
    ]
    return [max(choices, default=None) for choices in judged]


def _offered(target: swords.Target) -> tuple[Option, ...]:
    return options.find(target.context[target.start : target.end].casefold(), target.lemma, tag(target))


def rarest(targets: Sequence[swords.Target], reader: Encoder, accepts: Callable[[Drift], bool]) -> list[Choice | None]:
    """Choose as LexiMark does: the rarest synonym that passes; surest where the cosine is highest."""
    forms = [target.context[target.start : target.end].casefold() for target in targets]
    found = [published.find(form, target.lemma, tag(target)) for form, target in zip(forms, targets, strict=True)]
    drifts = _drifts(targets, found, reader)
    chosen = list[Choice | None]()
    for offered in found:
        passing = [
            (surprisal(option.lemma), drift.sentence, option.lemma)
            for option in offered
            if (drift := next(drifts)) and accepts(drift)
        ]
        best = max(passing, default=None)
        chosen.append(best and best[1:])
    return chosen


def closest(targets: Sequence[swords.Target], reader: Encoder) -> list[Choice | None]:
    """Choose the synonym that leaves the sentence closest."""
    forms = [target.context[target.start : target.end].casefold() for target in targets]
    found = [published.find(form, target.lemma, tag(target)) for form, target in zip(forms, targets, strict=True)]
    drifts = _drifts(targets, found, reader)
    return [max(((next(drifts).sentence, option.lemma) for option in offered), default=None) for offered in found]


def _drifts(targets: Sequence[swords.Target], found: Sequence[Sequence[Option]], reader: Encoder | None) -> Any:
    asked = [
        swords.substitution(target, option.text)
        for target, offered in zip(targets, found, strict=True)
        for option in offered
    ]
    return iter(reader.drifts(asked) if reader else [None] * len(asked))


def curve(targets: Sequence[swords.Target], chosen: Sequence[Choice | None]) -> list[tuple[float, float]]:
    """Give coverage and precision, as far as the method's choices go."""
    pairs = [(choice, target) for choice, target in zip(chosen, targets, strict=True) if choice is not None]
    ranked = sorted(pairs, key=lambda pair: (-pair[0][0], pair[0][1]))
    good = [target.share(choice[1]) >= swords.ACCEPTED for choice, target in ranked]
    taken = [(coverage, round(coverage * len(targets))) for coverage in COVERAGES]
    return [(coverage, sum(good[:count]) / count) for coverage, count in taken if 0 < count <= len(good)]


def summary(targets: Sequence[swords.Target], chosen: Sequence[Choice | None]) -> dict[str, Any]:
    """Give how much a method changes in all, how much of it is accepted, and its curve."""
    pairs = [(choice, target) for choice, target in zip(chosen, targets, strict=True) if choice is not None]
    good = sum(target.share(choice[1]) >= swords.ACCEPTED for choice, target in pairs)
    return {
        "coverage": len(pairs) / len(targets),
        "precision": good / max(len(pairs), 1),
        "curve": curve(targets, chosen),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--swords", type=Path, required=True, help="SWORDS v1.1 JSON, also .gz")
    parser.add_argument("--encoder", default=encoder.AUTO, help="as of provtool watermark")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    targets = swords.load(chosen.swords)
    reader = encoder.load(chosen.encoder)
    peers = {"ours, no encoder": ours(targets, None)} if reader else {}
    if reader is not None:
        peers["leximark, wordnet"] = rarest(targets, reader, lambda _: True)
        for method in published.READING:
            peers[f"leximark, {method}"] = rarest(
                targets, reader, lambda drift, method=method: published.accepts(method, drift)
            )
        peers["closest synonym"] = closest(targets, reader)
    found = {
        "targets": len(targets),
        **summary(targets, ours(targets, reader)),
        "peers": {name: summary(targets, choices) for name, choices in peers.items()},
    }
    print(json.dumps(found, indent=2) if chosen.json else _table(found, reader))


def _table(found: dict[str, Any], reader: Encoder | None) -> str:
    rows = {f"ours, {reader.method if reader else 'no encoder'}": found, **found["peers"]}
    lines = [f"{found['targets']} targets; share of choices that judges accept, by share of targets changed"]
    for name, one in rows.items():
        points = "  ".join(f"{coverage:.0%}: {precision:.1%}" for coverage, precision in one["curve"][::2])
        lines.append(f"{name}\n  all {one['coverage']:.0%}: {one['precision']:.1%}   {points}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
