"""Which weights tell wordings that readers accept from those that they do not?

Fits logistic regression to the judgements of SWORDS (JSON, or JSON in gzip) and writes
``watermark/data/acceptability.tsv``. Prints what to expect of it: precision against coverage of the single best
candidate, folds grouped by lemma. A wording is accepted when at least half of its judges accept it; one that is not
listed is not.

    python scripts/fit_acceptability.py --swords FILE [--measure]
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from provenance.language import morphology
from provenance.language.lexical import CONTENT
from provenance.language.surprisal import zipf
from watermark import acceptability, lexicon, options

TARGET = Path(acceptability.__file__).with_name("data") / "acceptability.tsv"
NOTE = "# Weights of logistic regression, fitted to the judgements of SWORDS v1.1 dev by scripts/fit_acceptability.py."
POSES: dict[str, lexicon.Pos] = {"NOUN": "n", "VERB": "v", "ADJ": "a", "ADV": "r"}
ACCEPTED = 0.5
FOLDS, STRENGTH = 10, 0.1


def load(path: Path) -> list[tuple[str, lexicon.Pos, dict[str, float]]]:
    """Give each target's lemma, part of speech, and the share of judges that accepts each listed lemma."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as stream:
        data: dict[str, Any] = json.load(stream)
    judged: dict[str, dict[str, float]] = {target: {} for target in data["targets"]}
    for key, entry in data["substitutes"].items():
        labels = data["substitute_labels"][key]
        share = sum(label in {"TRUE", "TRUE_IMPLICIT"} for label in labels) / len(labels)
        known = judged[entry["target_id"]]
        for lemma in lemmas(entry["substitute"].casefold(), data["targets"][entry["target_id"]]["pos"]):
            known[lemma] = max(share, known.get(lemma, 0.0))
    return [
        (lemmas(t["target"].casefold(), t["pos"])[-1], POSES[t["pos"]], judged[k]) for k, t in data["targets"].items()
    ]


def lemmas(form: str, pos: str) -> list[str]:
    """Give a form and the lemmas it can have as one part of speech, the commonest last."""
    tags = [tag for tag in CONTENT if CONTENT[tag] == POSES[pos]]
    found = {morphology.lemma(form, tag) for tag in tags} - {form}
    return [form, *sorted(found, key=zipf)]


def rows(path: Path) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
    """Give feature names, features, acceptance, target numbers, lemma numbers, and how many targets there are."""
    names: list[str] = []
    table, accepted, targets, groups = [], [], [], []
    judged = load(path)
    numbers = {lemma: place for place, lemma in enumerate(sorted({lemma for lemma, _, _ in judged}))}
    for place, (lemma, pos, known) in enumerate(judged):
        for candidate in options.candidates(lemma, pos):
            found = acceptability.features(lemma, candidate, pos)
            names = list(found)
            table.append(list(found.values()))
            accepted.append(known.get(candidate, 0.0) >= ACCEPTED)
            targets.append(place)
            groups.append(numbers[lemma])
    return names, np.array(table), np.array(accepted), np.array(targets), np.array(groups), len(judged)


def model() -> Pipeline:
    """Make the regression, on standardised features."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=1000))


def plain(names: list[str], fitted: Pipeline) -> str:
    """Spell the weights for features as they are, not standardised."""
    scaler, regression = fitted[0], fitted[1]
    scale = np.where(scaler.scale_ > 0, scaler.scale_, 1.0)
    weights = regression.coef_[0] / scale
    intercept = regression.intercept_[0] - float(weights @ scaler.mean_)
    pairs = zip(["intercept", *names], [intercept, *weights], strict=True)
    return "\n".join([NOTE, *(f"{name}\t{weight:.4f}" for name, weight in pairs)]) + "\n"


def report(probability: np.ndarray, accepted: np.ndarray, targets: np.ndarray, total: int) -> None:
    """Print precision and coverage of each target's best candidate, by bar."""
    best = [np.flatnonzero(targets == target) for target in np.unique(targets)]
    chosen = np.array([rows[np.argmax(probability[rows])] for rows in best])
    ranked = chosen[np.argsort(-probability[chosen], kind="stable")]
    for coverage in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
        taken = ranked[: round(coverage * total)]
        bar = probability[taken[-1]]
        print(f"coverage {len(taken) / total:.2f}: precision {accepted[taken].mean():.3f}, acceptability >= {bar:.3f}")


def main() -> None:
    """Fit, write, and print what to expect."""
    parser = argparse.ArgumentParser(description="Fit watermark/data/acceptability.tsv to SWORDS.")
    parser.add_argument("--swords", type=Path, required=True, help="swords-v1.1_dev.json.gz")
    parser.add_argument("--measure", action="store_true", help="measure only, write nothing")
    chosen = parser.parse_args()
    names, table, accepted, targets, groups, total = rows(chosen.swords)
    print(f"{total} targets, {len(accepted)} candidates, {accepted.mean():.3f} accepted")
    folds = GroupKFold(FOLDS)
    held_out = cross_val_predict(model(), table, accepted, groups=groups, cv=folds, method="predict_proba")[:, 1]
    report(held_out, accepted, targets, total)
    if not chosen.measure:
        TARGET.write_text(plain(names, model().fit(table, accepted)), encoding="utf-8")
        print(TARGET.read_text())


if __name__ == "__main__":
    main()
