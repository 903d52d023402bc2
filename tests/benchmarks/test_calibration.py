"""The calibration benchmark audits what it says, prints what it promises, and fails where an audit is too ready."""

import dataclasses
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats

from provenance import corpora, scoring, storage
from provenance.transcripts import tables

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))
calibration, running, scenarios, tallies, workshop = (
    importlib.import_module(name)
    for name in ("calibration", "nulls.running", "nulls.scenarios", "nulls.tallies", "nulls.workshop")
)

MODELS = {
    "ours": "ours",
    "sibling": "reference",
    "stranger": "independent-0",
    "narrow": "independent-1",
    "bell": "independent-2",
    "originals": "with-release",
}
CHARACTERS, DOCUMENTS = 1_000, 24


@pytest.fixture(scope="module")
def folder(trained, tmp_path_factory):
    """Lay the session's models, run and release out as the benchmark would its own."""
    place = tmp_path_factory.mktemp("nulls")
    shutil.copy(trained.transcript, place / "run.parquet")
    shutil.copytree(trained.tokenizer, place / "tokenizer")
    ids = tables.read(place / "run.parquet").ids
    storage.write_json(place / "pieces.json", {id_: [f"d{row // 3}", row // 32] for row, id_ in enumerate(ids)})
    ledger = pq.read_table(trained.release / "ledger.parquet")
    texts = [entry.document.text for entry in corpora.read(corpora.open(trained.release / "release"))]
    for name in workshop.RECIPIENTS:
        (place / "copies" / name).mkdir(parents=True)
        pq.write_table(ledger.slice(0, DOCUMENTS), place / "copies" / name / "ledger.parquet")
        shutil.copytree(trained.release / "release", place / "copies" / name / "release")
    marked = [{**row, "book": at // 2} for at, row in enumerate(ledger.select(["id", "text"]).to_pylist())]
    storage.write_json(place / "marked.json", marked[: 2 * DOCUMENTS])
    storage.write_json(place / "others.json", [{"text": text} for text in texts[-DOCUMENTS:]])
    storage.write_json(place / "laid.json", {"characters": CHARACTERS, "seed": 0})
    (place / "scores").mkdir()
    (place / "endings").mkdir()
    for name, model in MODELS.items():
        workshop.ask(place, name, suspect=trained.model(model))
    return place


def _endings(folder, audit, scenario):
    part = running.Part(folder=folder, audit=audit, scenario=scenario.name, first=0, count=1, seed=0)
    return [tuple(scenarios.Ending(**one) for one in line) for line in running.run(part)["endings"]]


@pytest.mark.parametrize("audit", ["order", "watermark", "trace", "membership", "overlap"])
def test_every_scenario_can_be_audited(folder, audit):
    """One redraw of each gives an ending at each level, and scenarios have names of their own."""
    found = running.scenarios(audit)
    assert len({scenario.name for scenario in found}) == len(found)
    for scenario in found:
        (line,) = _endings(folder, audit, scenario)
        assert len(line) == len(scenarios.ALPHAS)
        assert {ending.verdict for ending in line} <= set(tallies.VERDICTS)


def test_reshuffle_scenarios_can_be_audited(folder, trained):
    """Twenty models in the place of re-runs: at stricter levels than a rank can reach the verdict is inconclusive."""
    for number in range(workshop.RERUNS + 1):
        told = workshop.scores(folder, "texts", f"rerun-{number}")
        suspect = trained.model(f"independent-{number}")
        scoring.score(workshop.originals(folder)[:16], suspect=suspect, out=told)
        shutil.copy(told, workshop.scores(folder, "phase", f"rerun-{number}"))
    for scenario in running.scenarios("reshuffle"):
        ((loose, *strict),) = _endings(folder, "reshuffle", scenario)
        assert loose.verdict != "inconclusive"
        assert [ending.verdict for ending in strict] == ["inconclusive"] * 2


def test_whole_books_end_inconclusive(folder):
    """Chunks that were shuffled whole and not recorded never end as evidence; recorded, they may be audited."""
    named = {scenario.name: scenario for scenario in running.scenarios("order")}
    (unsaid,) = _endings(folder, "order", named["chunks of the same books, not recorded"])
    assert {ending.verdict for ending in unsaid} <= {"inconclusive", "no-evidence"}
    (said,) = _endings(folder, "order", named["documents shuffled whole, recorded"])
    assert said[0].verdict != "inconclusive"


def test_the_command_prints_rows(folder):
    """JSON has settings and a row for each audit, scenario and level, with rate, interval and verdicts."""
    done = subprocess.run(
        [
            sys.executable,
            str(BENCHMARKS / "calibration.py"),
            "--json",
            "--only",
            "trace",
            "--audits",
            "3",
            "--characters",
            str(CHARACTERS),
            "--keep",
            str(folder),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert len(found["rows"]) == len(running.scenarios("trace")) * len(scenarios.ALPHAS)
    for row in found["rows"]:
        assert {"audit", "scenario", "alpha", "rate", "low", "high", "verdicts"} <= row.keys()
        assert row["low"] <= row["rate"] <= row["high"]
        assert sum(row["verdicts"].values()) == row["audits"] == 3


def test_intervals_are_clopper_and_pearsons():
    """Of 200 audits 7 end falsely: rate .035, with the interval of beta quantiles, and p counts gates aside."""
    accused, withheld, cleared = (
        scenarios.Ending(verdict=verdict, rejected=rejected)
        for verdict, rejected in (("evidence", True), ("inconclusive", True), ("no-evidence", False))
    )
    lines = [(one,) * 3 for one in [accused] * 7 + [withheld] * 13 + [cleared] * 180]
    row, *_ = tallies.rows("order", "x", lines)
    assert (row["rate"], row["rejected"]) == (7 / 200, 20 / 200)
    assert (row["low"], row["high"]) == pytest.approx((stats.beta.ppf(0.025, 7, 194), stats.beta.ppf(0.975, 8, 193)))
    assert row["verdicts"] == {"evidence": 7, "no-evidence": 180, "inconclusive": 13}


def test_an_audit_that_accuses_too_easily_fails_the_run(monkeypatch, capsys, tmp_path):
    """A planted scenario that is evidence in 30 of 200 audits at every level ends with a message that names it."""
    accused, cleared = (
        scenarios.Ending(verdict=verdict, rejected=verdict == "evidence") for verdict in ("evidence", "no-evidence")
    )
    planted = {
        "sound": [(accused, cleared, cleared)] * 10 + [(cleared,) * 3] * 190,
        "too ready": [(accused,) * 3] * 30 + [(cleared,) * 3] * 170,
    }
    monkeypatch.setattr(calibration.workshop, "lay_out", lambda *_, **__: None)
    monkeypatch.setattr(
        calibration.running, "run_all", lambda *_, **__: (("order", name, lines) for name, lines in planted.items())
    )
    monkeypatch.setattr(sys, "argv", ["calibration.py", "--keep", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        calibration.main()
    assert "order, too ready, alpha 0.001: 30 of 200" in str(ended.value.code)
    assert "sound" not in str(ended.value.code)
    assert "**too high**" in capsys.readouterr().out


def test_a_level_that_needs_another_audit_is_asked_anew(folder):
    """Where the strictest level is out of reach, the looser ones are audited for themselves, else once for all."""
    draw = next(iter(running.scenarios("order"))).draw(folder, np.random.default_rng(0))
    asked = []

    def claim(alpha, *, passed):
        asked.append(alpha)
        found = draw(alpha)
        gates = [
            dataclasses.replace(gate, passed=passed if gate.name == scenarios.REACH else True) for gate in found.gates
        ]
        return dataclasses.replace(
            found, gates=tuple(gates), verdict="no-evidence" if passed else "inconclusive", alpha=alpha
        )

    scenarios.judge(lambda alpha: claim(alpha, passed=True))
    assert asked == [0.001]
    asked.clear()
    endings = scenarios.judge(lambda alpha: claim(alpha, passed=alpha > 0.01))
    assert sorted(set(asked)) == sorted(scenarios.ALPHAS)
    assert [ending.verdict for ending in endings] == ["no-evidence", "inconclusive", "inconclusive"]
