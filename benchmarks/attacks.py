"""What is left of a mark when the published text was changed before a model was trained on it?

    python benchmarks/attacks.py [--json] [--mark MARK]… [--only ATTACK]… [--quick] [--paraphraser NAME]

A model is trained for every mark and attack: a small base model, trained on other prose, goes on with the attacked
text, once over it. The *attacked* text is what is trained on; the *published* text is what the model is asked about.
Marks are the tool's own (``keyed``, with its exact test) and those that papers compare with, each with its own test:

- ``keyed``: p of the redraw test (floor 1/10,000), Chernoff bound, e-value; AUROC is the win rate over the alternates.
- ``leximark``, ``look-alikes``, ``trigger sentence``: members against held-out documents that were marked alike, by
  likelihood over that of the base model; p by permuting the split, AUROC pooled with DeLong's interval. ``unmarked`` is
  their control: the same test where nothing was marked.
- ``random sequence``: rank among 999 other strings (floor 1/1,000), z in place of a bound; one published string makes
  an AUROC with next to no precision.

Rows "never trained on it" are null: a model that went on with other prose. The whole takes some 15 to 25 minutes on
two cores and needs no network.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attacking import catalogue, findings, trials, workshop

from provenance import storage

if TYPE_CHECKING:
    from attacking.catalogue import Attack
    from attacking.trials import Trial

DOCUMENTS, QUICK_DOCUMENTS = 100, 50


def main() -> None:
    """Measure and print."""
    asked = _arguments()
    with tempfile.TemporaryDirectory() as name:
        found = measure(asked, folder=asked.keep or Path(name))
    print(json.dumps(found, indent=2) if asked.json else findings.table(found["rows"]))


def measure(asked: argparse.Namespace, *, folder: Path) -> dict[str, Any]:
    """Lay everything out, run the trials, and put settings and rows together."""
    settings = _laid_out(asked, folder)
    attacks = [one for one in catalogue.CATALOGUE if one.name in asked.only and (one.quick or not asked.quick)]
    tried = [one for one in attacks if one.name != catalogue.PARAPHRASE or asked.paraphraser]
    done = list(trials.run_all(_trials(asked, tried, folder=folder)))
    references = {one.trial.mark: one.trial.scores for one in done if one.trial.attack is None}
    rows = {
        (one.trial.mark, one.trial.attack): findings.row(one, reference=references[one.trial.mark])
        for one in done
        if one.trial.attack is not None
    }
    order = [(mark, attack) for mark in asked.mark for attack in attacks]
    return {
        "settings": settings,
        "rows": [rows.get(pair) or findings.not_measured(*pair, catalogue.NOT_GIVEN) for pair in order],
    }


def _laid_out(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Lay out prose and marks, unless the folder has them from a run with the same settings; give the settings."""
    settings, laid = _settings(asked), folder / "settings.json"
    if laid.exists():
        before: dict[str, Any] = workshop.read(laid)
        if before["asked"] != settings:
            raise SystemExit(f"{folder} holds a run with other settings: {before['asked']}")
        return {**settings, **before["found"]}
    print("gathering and marking prose", file=sys.stderr)
    found = workshop.lay_out(
        workshop.gather(asked.corpus, documents=asked.documents, seed=asked.seed), folder=folder, seed=asked.seed
    )
    storage.write_json(laid, {"asked": settings, "found": found})
    return {**settings, **found}


def _settings(asked: argparse.Namespace) -> dict[str, Any]:
    return {
        "seed": asked.seed,
        "documents": asked.documents,
        "epochs": asked.epochs,
        "corpus": str(asked.corpus) if asked.corpus else "prose on this machine",
        "paraphraser": asked.paraphraser,
    }


def _trials(asked: argparse.Namespace, attacks: list[Attack], *, folder: Path) -> list[Trial]:
    """List the models to ask, those that take longest first."""
    listed = [
        trials.Trial(
            folder=folder,
            mark=mark,
            attack=attack,
            seed=asked.seed,
            epochs=asked.epochs,
            paraphraser=asked.paraphraser,
        )
        for mark in asked.mark
        for attack in (None, *attacks)
    ]
    return sorted(listed, key=lambda trial: trial.attack is None or trial.attack.share <= 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--mark", action="append", choices=workshop.MARKS, help="only this mark; may be repeated")
    parser.add_argument("--only", action="append", choices=catalogue.NAMES, help="only this attack; may be repeated")
    parser.add_argument("--quick", action="store_true", help="half the documents and four attacks")
    parser.add_argument("--paraphraser", metavar="NAME", help="Hugging Face model or folder that rewrites sentences")
    parser.add_argument("--corpus", type=Path, metavar="FILE", help="prose of your own")
    parser.add_argument("--documents", type=int, metavar="N", help=f"published documents, {DOCUMENTS} by default")
    parser.add_argument("--epochs", type=int, default=1, help="how often a model sees the attacked text")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep everything here, and go on where a run stopped")
    asked = parser.parse_args()
    asked.mark = asked.mark or list(workshop.MARKS)
    asked.only = asked.only or list(catalogue.NAMES)
    asked.documents = asked.documents or (QUICK_DOCUMENTS if asked.quick else DOCUMENTS)
    return asked


if __name__ == "__main__":
    main()
