"""How much does a model tell that is served without log-probabilities?

    python benchmarks/continuation.py [--json] [--rows 400] [--documents 60] [--draws 16] [--keep DIR] [--seed N]

Models are trained in place: one on a recorded run, one on the same rows in another order as reference, one on a release
that it read four times, one on other text. Each is served over real HTTP as text alone and asked as ``text-only:`` is;
beside it stands what its true log-probabilities say of the same rows and documents. For every measure and number of
draws: Spearman's correlation with the true log-probability, AUROC and log10 p (asymptotic) of the order audit; for the
release win rate and log10 p (the bound) of the watermark audit, once by free draws and once by a server that is held to
the wordings of a site; with about how many tokens the suspect read and wrote. Training takes some ten minutes, the rest
a few; ``--rows 40 --documents 8 --draws 4`` for a look.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from queries import settings, workshop
from scipy import stats

from provenance import questions, scoring, suspects
from provenance.audits import order, signals
from provenance.records import Score
from provenance.suspects import agreement, continuations
from provenance.suspects.terms import Terms
from provenance.transcripts import choosing, tables
from watermark import detection, ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenance.records import Record
    from provenance.scoring import Scores

sys.path.append(str(Path(__file__).parents[1] / "tests"))
import serving

RUN, DOSE = settings.RUNS[0], settings.DOSES[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one served model drew for many records, and what it truly thinks of them."""

    records: Sequence[Record]
    drawn: list[list[tuple[continuations.Place, list[str]]]]
    truth: Scores
    suspect: continuations.Continuations
    asked: Sequence[Record]
    """The texts, as it was asked about them."""

    def tokens(self, draws: int) -> int:
        """Estimate what so many draws read and write."""
        fewer = replace(self.suspect, terms=replace(self.suspect.terms, continuations=draws))
        return fewer.count(self.asked, window=None)

    def scores(self, measure: agreement.Measure, draws: int) -> Scores:
        """Compare the first so many draws by one measure."""
        rows = tuple(
            Score(
                id=record.id,
                set=record.set,
                variant=record.variant,
                logprob=np.float32(self._numbers(drawn, measure, draws)),
            )
            for record, drawn in zip(self.records, self.drawn, strict=True)
        )
        return replace(self.truth, rows=rows, rendering="agreement", sha256=f"{measure} {draws}")

    def _numbers(self, drawn: Any, measure: agreement.Measure, draws: int) -> list[float]:
        suspect = replace(self.suspect, terms=replace(self.suspect.terms, measure=measure))
        return [suspect.compare(texts[:draws], place) for place, texts in drawn]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--rows", type=int, default=400, help="rows of the run that are asked")
    parser.add_argument("--documents", type=int, default=60, help="documents of the release that are asked")
    parser.add_argument("--draws", type=int, default=16, help="texts drawn at each place, at most")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the models here, and go on with them")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = asked.keep or Path(name)
        folder.mkdir(exist_ok=True)
        if not (folder / "others.npy").exists():
            workshop.lay_out(folder, corpus=None, seed=asked.seed)
        rows = [*_order(folder, asked), *_watermark(folder, asked)]
    if asked.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        print(
            "  ".join(f"{name} {value:.3g}" if isinstance(value, float) else f"{value}" for name, value in row.items())
        )


def _order(folder: Path, asked: argparse.Namespace) -> list[dict[str, Any]]:
    whole = tables.read(folder / "run-1.parquet")
    chosen = np.sort(choosing.take(len(whole.ids), rows=asked.rows, seed=asked.seed))
    transcript = _part(whole, chosen.tolist())
    records = list(tables.records(transcript))
    told = [_told(folder, asked, run, records, transcript) for run in (RUN, settings.ORDER_REFERENCE)]
    truth = order.audit(transcript, told[0].truth, references=[told[1].truth])
    rows = [_row(truth, "log-probability", 0, truth.asymptotic)]
    for measure in agreement.MEASURES:
        for draws in _counts(asked.draws):
            own, other = (one.scores(measure, draws) for one in told)
            near = stats.spearmanr(signals.mean_logprob(own), signals.mean_logprob(told[0].truth)).statistic
            found = order.audit(transcript, own, references=[_named(other)])
            more = {"correlation": float(near), "tokens": told[0].tokens(draws)}
            rows.append(_row(found, measure, draws, found.asymptotic) | more)
    return rows


def _watermark(folder: Path, asked: argparse.Namespace) -> list[dict[str, Any]]:
    book = ledger.read(folder / "keyed" / "ledger.parquet")
    book = replace(book, documents=book.documents[: asked.documents])
    records = list(ledger.records(book))
    rows = list[dict[str, Any]]()
    for name, holds in (("free draws", None), ("held draws", "structured_outputs")):
        told = [_told(folder, asked, dose, records, None, holds) for dose in (DOSE, settings.DOSE_REFERENCE)]
        if not rows:
            truth = detection.audit([book], told[0].truth, references=[told[1].truth])
            rows.append(_row(truth, "log-probability", 0, truth.bound))
        for draws in _counts(asked.draws):
            own, other = (one.scores("prefix", draws) for one in told)
            found = detection.audit([book], own, references=[_named(other)])
            rows.append(_row(found, name, draws, found.bound) | {"tokens": told[0].tokens(draws)})
    return rows


def _row(found: Any, measure: str, draws: int, far: Any) -> dict[str, Any]:
    """Give what an audit found; log10 p without a floor."""
    about = {"audit": found.audit, "measure": measure, "draws": draws}
    return about | {"log10_p": float(far.log10_pvalue), "auroc": float(found.auroc.value)}


def _named(reference: Scores) -> Scores:
    """Give a reference that is no twin of the suspect, whose name it has here."""
    return replace(reference, suspect={**reference.suspect, "weights": "reference"})


def _counts(most: int) -> list[int]:
    return [draws for draws in (1, 4, 16, 64) if draws <= most]


def _told(
    folder: Path,
    asked: argparse.Namespace,
    model: Any,
    records: Sequence[Record],
    transcript: Any,
    holds: str | None = None,
) -> Told:
    """Train a model unless it is there, serve it, and ask both ways."""
    job = workshop.Job(folder=folder, seed=asked.seed, model=model)
    workshop.run(job)
    place = folder / "models" / job.scores.stem
    window, tokenizer = (workshop.WINDOW, transcript.tokenizer) if transcript else (None, None)
    truth = scoring.score(records, suspect=suspects.load(str(place)), window=window, tokenizer=tokenizer)
    with serving.serve(serving.writing(place, holds=holds)) as server:
        suspect = continuations.load(f"{server.url}#{job.scores.stem}", terms=Terms(continuations=asked.draws))
        lot = questions.prepare(records, suspect, window=window, tokenizer=tokenizer)
        drawn = suspect.draw(lot.texts, window=lot.window)
    by_record = [drawn[row] for row in lot.rows]
    print(f"{job.scores.stem}: {suspect.endpoint.budget.spent:,} tokens", file=sys.stderr)
    return Told(records=records, drawn=by_record, truth=truth, suspect=suspect, asked=lot.texts)


def _part(whole: tables.Transcript, rows: Sequence[int]) -> tables.Transcript:
    columns = ("ids", "positions", "tokens", "texts", "strata", "units")
    return replace(whole, **{name: tuple(getattr(whole, name)[row] for row in rows) for name in columns})


if __name__ == "__main__":
    main()
