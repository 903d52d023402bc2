"""``provtool plan``, and audits that are held to one."""

import json

import pytest

from provenance import evidence, plans

RAISED = ["--window", "4:8"]


@pytest.fixture
def planned(run, transcript):
    """Plan an order audit of the transcript; gives its options and the plan."""
    done = run("plan", "order", transcript, "--effect", 0.5, "--power", 0.8, "--out", "p.json", *RAISED)
    assert done.code == 0
    return ["audit", "order", transcript, "--plan", "p.json"], plans.read("p.json")


def test_a_plan_is_said_in_a_table(run):
    """Needed, queries, tokens, cost, time, floor and level stand in it, within 80 columns; the next step is said."""
    options = ["--price-per-million-tokens", 2, "--tokens-per-second", 3000, "--claims", 3, "--reference", "hf:other"]
    done = run("plan", "order", "--effect", 0.05, "--power", 0.9, *options, "--out", "p.json")
    assert (done.code, done.out) == (0, "")
    for part in ("10,265 rows", "656,960 tokens a model", "3 suspects, 1 reference: 2,627,840", "5.26", "15 min"):
        assert part in done.err
    assert "60,000 resamples, at 0.001 over 3 claims" in done.err
    assert done.err.splitlines()[-1] == "next: provtool commit p.json"
    assert max(map(len, done.err.splitlines())) <= 80
    assert plans.read("p.json").references == ({"suspect": "hf:other"},)


def test_the_same_plan_is_the_same_bytes(run, tmp_path):
    """A plan has no date, so that another party makes the same file."""
    for name in ("a.json", "b.json"):
        run("plan", "watermark", "--effect", 0.6, "--power", 0.9, "--stop-early", "--out", name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_plan_goes_through_pipes(run, transcript, counts, tmp_path):
    """``--out -`` prints the plan's bytes and nothing else, and ``--plan -`` reads them."""
    options = ["--effect", 0.5, "--power", 0.8, *RAISED]
    run("plan", "order", transcript, *options, "--out", "p.json")
    piped = run("plan", "order", transcript, *options, "--out", "-").raw
    assert piped == (tmp_path / "p.json").read_bytes()
    assert not (tmp_path / "-").exists()
    done = run("audit", "order", transcript, "--plan", "-", "--suspect", counts, "--out", "e.json", stdin=piped)
    assert done.code == 0
    assert evidence.read("e.json").plan["as_planned"]


def test_planned_references_are_asked(run, transcript, counts, corpus):
    """The plan's references are asked unless others are given, which is told."""
    run("ngram", corpus, "--out", "n2.parquet", "--order", 2)
    run("ngram", corpus, "--out", "n3.parquet", "--order", 3)
    options = ["--effect", 0.5, "--power", 0.8, "--reference", "ngram:n2.parquet", *RAISED, "--out", "p.json"]
    run("plan", "order", transcript, *options)
    audit = ["audit", "order", transcript, "--plan", "p.json", "--suspect", counts, "--out", "e.json"]
    run(*audit)
    assert evidence.read("e.json").plan["as_planned"]
    run(*audit, "--reference", "ngram:n3.parquet")
    found = evidence.read("e.json").plan["deviations"]
    assert found == ["references: planned ngram:n2.parquet, done ngram:n3.parquet"]


def test_more_claims_than_planned(run, planned, counts):
    """A second suspect under a plan of one claim is a deviation, and a page counts both."""
    audit, _ = planned
    run(*audit, "--suspect", counts, "--suspect", counts, "--out", "e.json")
    assert evidence.read("e-1.json").plan["deviations"] == ["claims: planned 1, done 2"]


def test_too_few_rows_are_told(run, transcript):
    """A transcript of 60 rows: how many are needed, and which chance those give."""
    done = run("plan", "order", transcript, "--effect", 0.1, "--power", 0.9, "--out", "p.json")
    assert "60 are there; they give a chance of 0.00" in done.err or "they give a chance of 0.01" in done.err
    assert plans.read("p.json").units == 60


def test_a_ledgers_plan_counts_sites(run, marked):
    """Documents, variants and sites of the ledger stand in the table."""
    done = run("plan", "watermark", marked / "ledger.parquet", "--effect", 0.8, "--power", 0.9, "--out", "p.json")
    assert done.code == 0
    assert "sites" in done.err
    assert "variants of each document" in done.err


def test_an_audit_as_planned(run, planned, counts):
    """The plan's window, level and seed hold without being given again, and the evidence says "as planned"."""
    audit, plan = planned
    assert run(*audit, "--suspect", counts, "--out", "e.json").code == 0
    found = evidence.read("e.json")
    assert found.plan == {"sha256": plan.sha256, "family": ["claim 1 of 1"], "as_planned": True, "deviations": []}
    assert found.suspect["window"] == "4:8"


def test_what_is_given_wins_and_is_told(run, planned, counts):
    """Options on the command line hold, and each is a deviation in evidence and summary."""
    audit, _ = planned
    done = run(*audit, "--suspect", counts, "--alpha", 0.05, "--seed", 3, "--resamples", 999, "--out", "e.json")
    assert evidence.read("e.json").plan["deviations"] == [
        "level: planned 0.001, done 0.05",
        "seed: planned 0, done 3",
        "resamples: planned 9999, done 999",
    ]
    assert "not as planned, in 3 of its points" in done.err
    assert "level: planned 0.001, done 0.05" in done.err


def test_kept_scores_are_held_to_the_window(run, planned, counts):
    """Scores made before have a window of their own: the plan's is no option then, and a difference is told."""
    audit, _ = planned
    run("score", audit[2], "--suspect", counts, "--window", "2:6", "--out", "s.parquet")
    assert run(*audit, "--scores", "s.parquet", "--out", "e.json").code == 0
    assert evidence.read("e.json").plan["deviations"] == ["window: planned 4:8, done 2:6"]


def test_the_commitment_to_a_plan_is_in_the_evidence(run, planned, counts):
    """A plan that was committed to brings its commitment with it."""
    audit, _ = planned
    assert run("commit", "p.json").code == 0
    assert run(*audit, "--suspect", counts, "--out", "e.json").code == 0
    assert [one.artifact for one in evidence.read("e.json").commitments] == ["p.json"]


@pytest.mark.usefixtures("planned")
def test_plans_for_something_else(run, marked, counts, refused, transcript):
    """A plan for another ledger, another transcript or another audit is refused before a suspect is asked."""
    run("plan", "watermark", marked / "ledger.parquet", "--effect", 0.8, "--power", 0.9, "--out", "w.json")
    run("watermark", "c.jsonl", "--key", "r.key", "--encoder", "none", "--out", "n", "--release-name", "second")
    run("plan", "order", "--effect", 0.5, "--power", 0.8, "--out", "q.json")
    value = json.loads((transcript.parent / "q.json").read_text())
    (transcript.parent / "q.json").write_text(json.dumps({**value, "inputs": {"transcript": "d" * 64}}))
    for name, source, plan, message in (
        ("watermark", "n/ledger.parquet", "w.json", "w.json: plan for another ledger"),
        ("order", transcript, "q.json", "q.json: plan for another transcript"),
        ("watermark", "m/ledger.parquet", "p.json", "p.json: plan of an audit of order"),
        ("order", transcript, "none.json", "none.json: cannot be read"),
        ("order", transcript, "c.jsonl", "c.jsonl:2: not JSON"),
    ):
        assert refused("audit", name, source, "--plan", plan, "--suspect", counts, "--out", "e.json").startswith(
            message
        )


def test_a_family_in_one_run(run, transcript, counts, corpus):
    """Two suspects: each knows of both, gets 40,000 resamples, and a page of one alone still counts two."""
    run("ngram", corpus, "--out", "n2.parquet", "--order", 2)
    two = ["--suspect", counts, "--suspect", "ngram:n2.parquet"]
    assert run("audit", "order", transcript, *two, *RAISED, "--out", "e.json").code == 0
    found = evidence.read("e-1.json")
    assert found.family == (counts, "ngram:n2.parquet")
    assert "resamples=40000" in found.pvalue_method
    assert run("report", "e-1.json", "--out", "r.html").code == 0
    assert json.loads((transcript.parent / "r.json").read_text())["family"]["size"] == 2


def test_resamples_that_are_given_hold(run, transcript, counts):
    """A number of resamples on the command line is not raised."""
    two = ["--suspect", counts, "--suspect", counts]
    run("audit", "order", transcript, *two, *RAISED, "--resamples", 999, "--out", "e.json")
    assert "resamples=999," in evidence.read("e-2.json").pvalue_method


def test_a_large_family_is_decided_by_bets(run, transcript, counts):
    """Where resampling would take too long the bet decides for all, whatever the answers."""
    many = ["--suspect", counts] * 2
    run("audit", "order", transcript, *many, *RAISED, "--alpha", 1e-7, "--out", "e.json")
    found = [evidence.read(f"e-{index}.json") for index in (1, 2)]
    assert [one.decided_by for one in found] == ["evalue"] * 2
    assert all("resamples" not in one.pvalue_method for one in found)


def test_labels(run, transcript, counts, corpus, tmp_path):
    """What is known of suspects stands in their evidence, and the test's own figures beside it."""
    run("ngram", corpus, "--out", "n2.parquet", "--order", 2)
    two = ["--suspect", counts, "--suspect", "ngram:n2.parquet", "--label", "derived", "--label", "independent"]
    done = run("audit", "order", transcript, *two, *RAISED, "--out", "e.json")
    assert done.code == 0
    assert evidence.read("e-1.json").suspect["label"] == "derived"
    assert evidence.read("e-2.json").suspect["label"] == "independent"
    written = json.loads((tmp_path / "e.labels.json").read_text())
    assert (written["schema"], written["false_positives"]["of"]) == ("provtool/labelled/1", 1)
    assert "AUROC of the test" in done.err
    assert "false positives" in done.err


def test_labels_of_one_kind(run, marked, counts):
    """With derived suspects alone the false-positive rate is not measured, and the reason is said."""
    options = ["--suspect", counts, "--label", "derived", "--out", "e.json"]
    done = run("audit", "watermark", marked / "ledger.parquet", *options)
    assert "not measured: no suspect is independent" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--label", "guilty"], "'guilty' is not one of 'derived', 'independent'"),
        (["--label", "derived", "--label", "derived"], "2 --label for 1 suspects"),
    ],
)
def test_labels_that_are_none(run, transcript, counts, options, message):
    """An unknown label, or one too many, is usage."""
    done = run("audit", "order", transcript, "--suspect", counts, *options)
    assert done.code == 2
    assert message in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--power", 0.9], "give either --pilot"),
        (["--effect", 0.1, "--pilot", "e.json", "--power", 0.9], "give either --pilot"),
        (["--effect", 0.1], "Missing option '--power'"),
        (["--effect", 0.1, "--power", 1.5], "is not in the range"),
        (["--effect", 0.1, "--power", 0.9, "--alpha", 0], "is not in the range"),
    ],
)
def test_wrong_usage(run, options, message):
    """Neither or both of pilot and effect, and levels and powers outside (0, 1): exit 2."""
    done = run("plan", "order", *options, "--out", "p.json")
    assert done.code == 2
    assert message in done.err


@pytest.mark.parametrize(
    ("audit", "options", "message"),
    [
        ("order", ["--effect", 0], "effect 0.0; expected Spearman's ρ"),
        ("order", ["--effect", -0.2], "effect -0.2"),
        ("watermark", ["--effect", 0.5], "effect 0.5; expected a win rate"),
        ("order", ["--effect", 0.1, "--claims", 0], "a family of 0 claims"),
        ("order", ["--effect", 0.1, "--claims", "a", "--claims", "a"], "claim 'a' is named twice"),
        ("order", ["--effect", 0.001, "--stop-early"], "the effect is too small for a bet"),
        ("order", ["--pilot", "none.json"], "none.json: cannot be read"),
    ],
)
def test_plans_that_cannot_be(refused, audit, options, message):
    """Effects that are none, and families that are none, are one line."""
    assert refused("plan", audit, *options, "--power", 0.9, "--out", "p.json").startswith(message)


@pytest.fixture
def pilot(run, transcript):
    """Audit the transcript with scores that rise along the run; gives the evidence file."""
    seen = map(json.loads, (transcript.parent / "seen.jsonl").read_text().splitlines())
    rows = [json.dumps({"id": row["id"], "rise": float(row["position"])}) for row in seen]
    (transcript.parent / "rise.jsonl").write_text("\n".join(rows) + "\n")
    assert run("audit", "order", transcript, "--suspect", "column:rise.jsonl:rise", "--out", "o.json").code == 0
    return "o.json"


def test_a_pilot_of_the_same_rows(run, transcript, pilot):
    """Its rows are tested again, so a bet decides, and the table says why; of another transcript nothing is said."""
    done = run("plan", "order", transcript, "--pilot", pilot, "--power", 0.9, "--out", "p.json")
    assert "because the pilot's rows are tested again" in " ".join(done.err.split())
    assert plans.read("p.json").stop_early
    done = run("plan", "order", "--pilot", pilot, "--power", 0.9, "--out", "q.json")
    assert "tested again" not in done.err
    assert "if it is as small as the lower end" in done.err
    assert plans.read("q.json").decided_by == "permutation"


def test_a_plan_to_stop_early_is_kept(run, transcript, pilot):
    """The plan makes the audit stop as soon as its capital suffices, as planned."""
    run("plan", "order", transcript, "--pilot", pilot, "--power", 0.9, "--out", "p.json")
    again = ["--suspect", "column:rise.jsonl:rise", "--out", "e.json"]
    assert run("audit", "order", transcript, "--plan", "p.json", *again).code == 0
    found = evidence.read("e.json")
    assert (found.decided_by, found.plan["deviations"]) == ("evalue", [])
    assert found.stopped["of"] == plans.read("p.json").units


def test_pilots_that_tell_nothing(run, transcript, pilot, refused):
    """A pilot whose trace falls along the run is no effect, and one of the other audit is none of this."""
    falling = ["--suspect", "column:rise.jsonl:-rise", "--out", "f.json"]
    run("audit", "order", transcript, *falling)
    options = ["--power", 0.9, "--out", "p.json"]
    message = refused("plan", "order", transcript, "--pilot", "f.json", *options)
    assert message.startswith("f.json: the pilot saw no effect that chance does not give (p = 1)")
    message = refused("plan", "watermark", "--pilot", pilot, *options)
    assert message == "o.json: pilot of order; expected evidence of an audit of watermark"
