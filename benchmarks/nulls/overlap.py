"""How often does an overlap audit accuse a text whose writer never met the order?

What is redrawn is the order, as in `order`; the text stays as it is.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from nulls import order, workshop
from nulls.scenarios import RESAMPLES, Scenario
from provenance import tokenizers
from provenance.audits import overlap
from provenance.records import Document
from provenance.transcripts import tables

if TYPE_CHECKING:
    import numpy as np

    from nulls.order import Bench, Case, Draw
    from nulls.scenarios import Claim
    from provenance.evidence import Evidence
    from provenance.transcripts.tables import Transcript

TEXTS = 60
"""Documents of other prose that make the text of one audit."""
QUOTED = 3
"""One document of the run in so many is quoted."""


@functools.cache
def texts(folder: Path, kind: str) -> tuple[Document, ...]:
    """Give the texts under audit: other prose of the same kind, or every third document of the run, word by word."""
    if kind == "other prose":
        found = [one["text"] for one in workshop.read(folder / "others.json")][:TEXTS]
    else:
        bench, tokenizer = order.bench(folder), tokenizers.load(str(folder / "tokenizer"))
        rows = zip(bench.transcript.tokens, bench.documents.tolist(), strict=True)
        found = [tokenizer.decode(list(ids or ())) for ids, document in rows if document % QUOTED == 0]
    return tuple(Document(id=str(at), text=text) for at, text in enumerate(found))


def _shuffled(found: Bench, rng: np.random.Generator) -> Case:
    return order.case(found, rng, suspect="stranger")


def _draw(folder: Path, rng: np.random.Generator, *, kind: str, draw: Draw) -> Claim:
    case = draw(order.bench(folder), rng)
    return functools.partial(_audited, case.transcript, texts(folder, kind))


def _audited(transcript: Transcript, given: tuple[Document, ...], alpha: float) -> Evidence:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "run.parquet"
        columns = zip(
            transcript.ids, transcript.positions, transcript.tokens, transcript.strata, transcript.units, strict=True
        )
        tables.write(
            path,
            [
                {"id": id_, "positions": at.tolist(), "tokens": tokens, "stratum": stratum, "unit": unit}
                for id_, at, tokens, stratum, unit in columns
            ],
            tokenizer=transcript.tokenizer,
            run_length=transcript.run_length,
            position_unit=transcript.position_unit,
            shuffle=transcript.shuffle,
            inputs={},
        )
        return overlap.audit(path, given, alpha=alpha, resamples=RESAMPLES)


def _scenario(name: str, kind: str, draw: Draw, *, audits: int, beyond: bool = False) -> Scenario:
    return Scenario(name=name, draw=functools.partial(_draw, kind=kind, draw=draw), audits=audits, beyond=beyond)


SCENARIOS = (
    _scenario("independent text", "other prose", _shuffled, audits=300),
    _scenario("the training data quoted, in another order", "quotations", _shuffled, audits=300),
    _scenario("strata, two epochs, steps of eight", "quotations", order.layered, audits=300),
    *(
        _scenario(
            f"content drifting along the run: subject, the text's own {when}, correlation {strength:g}",
            "other prose",
            functools.partial(order.drifting, along=functools.partial(order.subject, sign=sign), strength=strength),
            audits=100,
            beyond=when == "late",
        )
        for when, sign in (("early", 1), ("late", -1))
        for strength in order.STRENGTHS
    ),
    *(
        _scenario(
            f"{what}, {'recorded' if recorded else 'not recorded'}",
            "quotations",
            functools.partial(order.chunked, of=of, recorded=recorded),
            audits=100 if recorded else 50,
        )
        for what, of in (("documents shuffled whole", "documents"), ("chunks of the same books", "books"))
        for recorded in (True, False)
    ),
)
