"""Tests of provenance.report: what stands on the page, and what never may."""

from __future__ import annotations

import dataclasses
import hashlib
import html.parser
import itertools
import json
import math
import re

import numpy as np
import pytest

from provenance import report
from provenance.errors import ArtifactError, InputError
from provenance.evidence import (
    Auroc,
    Effect,
    EValue,
    Evidence,
    Gate,
    LogP,
    Plot,
    Statistic,
    TprAtFpr,
    to_json,
    verdict,
    write,
)
from provenance.report import svg

RESAMPLES = 9999
FLOOR = -math.log10(RESAMPLES + 1)


def sha256(text):
    """Make up a digest."""
    return hashlib.sha256(text.encode()).hexdigest()


def points(name, x, y, *, width=None):
    """Make a plot of NumPy columns."""
    band = {} if width is None else {"low": tuple((y - width).tolist()), "high": tuple((y + width).tolist())}
    return Plot(name=name, x=tuple(np.asarray(x, float).tolist()), y=tuple(np.asarray(y, float).tolist()), **band)


def null_plot(rng):
    """Draw a null distribution of a maximum of standardised values."""
    counts, edges = np.histogram(rng.gumbel(1.6, 0.5, RESAMPLES), bins=40)
    return points("permutation-null", (edges[1:] + edges[:-1]) / 2, counts)


def order(*, strength=0.5, seed=0, log10_pvalue=FLOOR, **changes):
    """Make an order audit of 4,000 rows whose trace has this strength."""
    rng = np.random.default_rng(seed)
    x = (np.arange(200) + 0.5) / 200
    trace = strength * (np.exp((x - 1) / 0.2) - 0.2) + rng.normal(0, 0.03, 200)
    growth = np.cumsum(rng.normal(strength**2 / 8, 0.1, 400))
    gates = (
        Gate(name="reference-against-position", passed=True, detail="ρ = 0.004; would have seen 0.04"),
        Gate(name="length-against-position", passed=True, detail="ρ = −0.011; would have seen 0.04"),
    )
    given = {
        "audit": "order",
        "claim": "The suspect derives from the run recorded in run-7.parquet.",
        "null": "Given the examples and all the suspect says, their positions in the run are exchangeable.",
        "alpha": 0.001,
        "n": 4000,
        "log10_pvalue": log10_pvalue,
        "pvalue": 10**log10_pvalue,
        "pvalue_method": f"permutation(resamples={RESAMPLES}, max_of=7, strata=1)",
        "decided_by": "permutation",
        "statistic": Statistic(name="recency-maximum", value=2.0 + 60 * strength),
        "effect": Effect(name="spearman_rho", value=strength, low=strength - 0.03, high=strength + 0.03, level=0.95),
        "gates": gates,
        "caveats": ("No witnessed commitment was given: the finding rests on the owner's word.",),
        "commitments": (),
        "inputs": {"transcript": sha256("transcript"), "scores": sha256("scores"), "reference-scores": sha256("r")},
        "suspect": {"suspect": "hf:models/derived", "kind": "hf", "weights": sha256("w"), "revision": None},
        "references": ({"suspect": "hf:models/reference", "kind": "hf", "weights": sha256("v")},),
        "seed": seed,
        "asymptotic": LogP(log10_pvalue=-239.4 * strength - 0.1, method="7 × normal tail"),
        "evalue": EValue(log10=float(growth[-1]), log10_max=float(growth.max()), method="mixture(grid=7×5)"),
        "auroc": Auroc(value=0.78, low=0.765, high=0.795, level=0.95, positives=2000, negatives=2000),
        "plots": (
            points("residual-by-position", x, trace, width=0.09),
            null_plot(rng),
            points("evalue-growth", np.arange(1, 401) * 10, growth),
        ),
    }
    return finished({**given, **changes})


def watermark(*, log10_pvalue=-0.4, seed=1, **changes):
    """Make a watermark audit of 400 documents with four alternates each."""
    rng = np.random.default_rng(seed)
    found = log10_pvalue < -3
    shares = [0.42, 0.2, 0.15, 0.13, 0.1] if found else [0.2] * 5
    given = {
        "audit": "watermark",
        "claim": "The suspect was trained on release 3f9a.",
        "null": "The suspect is independent of the key.",
        "alpha": 0.001,
        "n": 400,
        "log10_pvalue": log10_pvalue,
        "pvalue": 10**log10_pvalue,
        "pvalue_method": f"redraw(resamples={RESAMPLES}, index of the published variant in every document)",
        "decided_by": "permutation",
        "statistic": Statistic(name="sum of standardised margins", value=9.4 if found else 0.6),
        "effect": Effect(name="win rate as AUROC", value=0.68 if found else 0.51, low=0.48, high=0.72, level=0.95),
        "gates": (Gate(name="ledger-intact", passed=True, detail="400 of 400 documents match their digest"),),
        "caveats": (),
        "commitments": (),
        "inputs": {"ledger": sha256("ledger"), "scores": sha256("wm-scores")},
        "suspect": {"suspect": "openai:http-server#model-b", "kind": "openai"},
        "references": (),
        "seed": seed,
        "bound": LogP(log10_pvalue=1.4 * log10_pvalue, method="chernoff"),
        "evalue": EValue(log10=7.2 if found else -0.3, log10_max=7.9 if found else 0.2, method="mixture"),
        "tpr_at_fpr": (TprAtFpr(fpr=0.01, tpr=0.09, low=0.06, high=0.13),),
        "plots": (points("rank-histogram", np.arange(5), rng.multinomial(400, shares)), null_plot(rng)),
    }
    return finished({**given, **changes})


def finished(given):
    """Give the evidence the verdict that the rule gives it, unless one was chosen."""
    ruled = verdict(log10_pvalue=given["log10_pvalue"], log10_floor=FLOOR, alpha=given["alpha"], gates=given["gates"])
    return Evidence(**{"verdict": ruled, **given})


def failed_gate(**changes):
    """Make an order audit whose references drift with position."""
    gates = (
        Gate(name="reference-against-position", passed=False, detail="ρ = 0.21, p = 1e-6; the order is no shuffle"),
    )
    return order(gates=gates, claim="The suspect derives from run 8.", seed=5, **changes)


def four():
    """Make the family of the demo: two findings, one absence, one inconclusive."""
    return [order(), failed_gate(), watermark(log10_pvalue=FLOOR, seed=2), watermark()]


class Outline(html.parser.HTMLParser):
    """Collect what a page is made of."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note a tag and its attributes."""
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.open.append(tag)

    def handle_data(self, data):
        """Note text that a reader sees."""
        if "style" not in self.open[-1:]:
            self.text.append(data)

    def handle_endtag(self, tag):
        """Note that a tag ended."""
        if tag in self.open:
            del self.open[len(self.open) - 1 - self.open[::-1].index(tag) :]

    def values(self, name):
        """Give all values of an attribute."""
        return [value for _, found, value in self.attributes if found == name]

    def words(self):
        """Give the text with single spaces."""
        return " ".join("".join(self.text).split())


@pytest.fixture(scope="module")
def page():
    """Render the family of four once."""
    return report.render(four())


@pytest.fixture(scope="module")
def outline(page):
    """Take the page of four apart."""
    return Outline(page.html)


def words(*evidences, **options):
    """Render and give the text a reader sees."""
    return Outline(report.render(evidences, **options).html).words()


def test_page_asks_for_nothing(page, outline):
    """Nothing is loaded from anywhere and no program runs: no script, handler, import, or address but inner links."""
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(outline.tags)
    assert not [name for _, name, _ in outline.attributes if name.startswith("on")]
    assert outline.values("src") == []
    assert all(value.startswith("#") for name in ("href", "xlink:href") for value in outline.values(name))
    assert "@import" not in page.html
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", page.html))
    addresses = set(re.findall(r"https?://[^\s\"'<]*", page.html))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_headings_descend_one_by_one(outline):
    """One h1, and no level is skipped on the way down."""
    levels = [int(tag[1]) for tag in outline.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_figure_speaks(outline):
    """Every figure has a caption, and every drawing says in words what it shows."""
    assert outline.tags.count("figure") == outline.tags.count("figcaption") == outline.tags.count("svg") == 10
    labels = [value for tag, name, value in outline.attributes if tag == "svg" and name == "aria-label"]
    assert len(labels) == 10
    assert all(len(label) > 40 for label in labels)
    assert [value for tag, name, value in outline.attributes if tag == "svg" and name == "role"] == ["img"] * 10


def test_identifiers_are_unique_and_references_resolve(page, outline):
    """No two elements share an id, across all drawings; every inner reference has its target."""
    identifiers = outline.values("id")
    assert len(identifiers) == len(set(identifiers))
    targets = {value.removeprefix("#") for value in outline.values("href")}
    targets |= set(re.findall(r"url\(#([^)]*)\)", page.html))
    assert targets <= set(identifiers)


def test_tables_have_scoped_heads(outline):
    """Every header cell says whether it heads a row or a column."""
    scopes = [value for tag, name, value in outline.attributes if tag == "th" and name == "scope"]
    assert len(scopes) == outline.tags.count("th")


def test_drawings_follow_the_mode_of_the_reader(page):
    """Drawings hold no fixed colours: all are variables of the page, in light and dark."""
    drawings = "".join(re.findall(r"<svg .*?</svg>", page.html, flags=re.DOTALL))
    assert not re.search(r"#[0-9a-f]{6}\b", drawings)
    assert "var(--accent)" in drawings


def luminance(colour):
    """Relative luminance by WCAG 2."""
    full = colour if len(colour) == 6 else "".join(2 * letter for letter in colour)
    parts = [int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_contrast_in_light_dark_and_print(page):
    """All text colours stand against paper and panel at 4.5 to 1 or more (WCAG AA), in all three colour sets."""
    blocks = [
        dict(re.findall(r"--([a-z-]+): #([0-9a-f]{3,6});", block))
        for block in re.findall(r":root \{(.*?)\}", page.html, re.DOTALL)
    ]
    assert len(blocks) == 3
    for colours in blocks:
        for name in ("ink", "muted", "evidence", "no-evidence", "inconclusive", "accent"):
            for ground in ("paper", "panel"):
                dark, light = sorted((luminance(colours[name]), luminance(colours[ground])))
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, ground)


def test_same_evidence_same_bytes(page):
    """A page made again from the same evidence is the same, byte for byte."""
    again = report.render(four())
    assert again.html == page.html
    assert again.document == page.document


def test_small_enough_to_send():
    """A page of ten audits is below one megabyte, and one audit below 100 kB."""
    assert len(report.render([order(seed=seed) for seed in range(10)]).html.encode()) < 1_000_000
    assert len(report.render([order()]).html.encode()) < 100_000


def test_finding_is_said_in_plain_words():
    """A finding says what was found, how rare that is by chance, and that siblings share it."""
    text = words(order())
    assert "memory of the training examples follows the recorded order of the run" in text
    assert "would come up about once in 10,000 audits, or more rarely (the smallest chance this test can say)" in text
    assert "sibling models trained in the same order" in text
    assert "nor anybody’s knowledge or intent" in text
    assert "not the probability" in text


def test_absence_is_not_sold_as_innocence():
    """Where nothing is found the page says how often chance gives as much, and that a faint trace may be there."""
    text = words(watermark())
    assert "No evidence" in text
    assert "would come up in about 40 of 100 audits" in text
    assert "Absence of evidence is not evidence of absence" in text


def test_inconclusive_names_the_failed_gate():
    """An inconclusive audit says in words which check failed and what was seen."""
    text = words(failed_gate())
    assert "Training order: inconclusive" in text
    assert "The check “reference against position” failed: ρ = 0.21, p = 1e-6; the order is no shuffle." in text
    assert "memory of the training examples follows" not in text


def test_unknown_audit_speaks_through_its_claim_and_null():
    """A kind of audit without texts of its own is told by its claim and null."""
    text = words(order(audit="tasting", claim="The soup has salt.", null="The tongue is asleep.", suspect={"pot": 3}))
    assert "Whether this holds: The soup has salt." in text
    assert "If chance alone were at work (The tongue is asleep)" in text
    assert "pot: 3" in text


def test_family_leads_with_the_count(outline):
    """With several audits the headline counts the findings and the table links to each."""
    text = outline.words()
    assert "Evidence in 2 of 4 audits, 1 inconclusive" in text
    assert "2 audits found evidence. 1 audit found no evidence. 1 audit could not answer." in text
    assert {"#audit-1", "#audit-2", "#audit-3", "#audit-4"} <= set(outline.values("href"))


def test_hostile_text_stays_text():
    """Markup, template code and mathematics in any field of the evidence come out as the characters they are."""
    evil = "</td><script>alert(1)</script> {{ 7*7 }} $x^2$ \" onload='x'"
    plot = points(evil, np.arange(3), np.arange(3))
    hostile = order(
        claim=evil,
        null=evil,
        audit=evil,
        suspect={evil: evil},
        caveats=(evil,),
        inputs={evil: evil},
        gates=(Gate(name=evil, passed=False, detail=evil),),
        statistic=Statistic(name=evil, value=1.0),
        plots=(plot,),
        plan={evil: [evil]},
        verdict="inconclusive",
    )
    taken = Outline(report.render([hostile]).html)
    assert "script" not in taken.tags
    assert not [name for _, name, _ in taken.attributes if name.startswith("on")]
    assert taken.words().count("<script>alert(1)</script> {{ 7*7 }} $x^2$") >= 8


def test_invisible_characters_are_shown():
    """A mark that turns the direction of writing, or any other unseen character, is shown by its code."""
    assert "model⟨U+202E⟩dab⟨U+0000⟩" in words(order(suspect={"suspect": "model\u202edab\x00"}))


def test_large_numbers_are_readable():
    """Powers stand as powers, counts with separators; 10 to the −119.8 is never a string of zeros."""
    rendered = report.render([order(n=1_234_567, evalue=EValue(log10=124.3, log10_max=124.3, method="bet"))]).html
    assert "1.6\u00a0×\u00a010<sup>−120</sup>" in rendered
    assert "10<sup>124</sup>-fold" in rendered
    assert "1,234,567" in rendered


def test_unknown_plot_and_single_points_are_drawn():
    """A plot with a name we do not know, or with one point only, is drawn all the same."""
    lone = [points(name, [0.5], [1.0]) for name in ("novel", "permutation-null", "rank-histogram", "evalue-growth")]
    taken = Outline(report.render([order(plots=tuple(lone))]).html)
    assert taken.tags.count("svg") == 4
    assert "novel" in taken.words()


def test_written_whole_with_json_beside(tmp_path, page):
    """The page and the JSON of the same name are written, and the JSON says what the page says."""
    _, beside = report.write(tmp_path / "r.html", page)
    assert beside == tmp_path / "r.json"
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == page.html
    document = json.loads(beside.read_text(encoding="utf-8"))
    assert document["schema"] == "provtool/report/1"
    assert document["verdicts"] == {"evidence": 2, "no-evidence": 1, "inconclusive": 1}
    assert [entry["adjusted_verdict"] for entry in document["evidence"]] == [
        *("evidence", "inconclusive", "evidence", "no-evidence")
    ]
    assert document["evidence"][0]["adjusted_log10_pvalue"] == pytest.approx(FLOOR + math.log10(4))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "r.json"]


def test_digest_is_that_of_the_file(tmp_path):
    """Without sources the digest is that of the file that ``evidence.write`` makes."""
    write(tmp_path / "e.json", order())
    digest = hashlib.sha256((tmp_path / "e.json").read_bytes()).hexdigest()
    assert report.render([order()]).document["evidence"][0]["sha256"] == digest
    assert report.source(tmp_path / "e.json").sha256 == digest


def test_evidence_is_never_written_over(tmp_path):
    """``order.json`` as evidence and ``order.html`` as page would give both JSON files one name: refused."""
    write(tmp_path / "order.json", order())
    before = (tmp_path / "order.json").read_bytes()
    with pytest.raises(InputError, match="is no report"):
        report.write(tmp_path / "order.html", report.render([order()]))
    assert (tmp_path / "order.json").read_bytes() == before
    assert not (tmp_path / "order.html").exists()


@pytest.mark.parametrize("name", ["r.json", ".", "file/r.html"])
def test_places_where_no_page_can_be(tmp_path, page, name):
    """A name that ends in .json, a folder, and a path through a file are refused, and nothing is left behind."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError):
        report.write(tmp_path / name, page)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"log10_pvalue": -0.1, "pvalue": 10**-0.1, "verdict": "evidence"}, "its verdict is 'evidence'"),
        ({"verdict": "guilty"}, "expected one of"),
        ({"pvalue": 0.5, "log10_pvalue": -4.0}, "disagree"),
        ({"pvalue": 0.0}, "not above 0"),
        ({"n": "many"}, "evidence.n is 'many'; expected a whole number"),
        ({"claim": None}, "field 'claim' of Evidence is missing"),
        ({"alpha": 1.5, "verdict": "evidence"}, "alpha is 1.5"),
        ({"plots": (Plot(name="p", x=(1.0,), y=()),)}, "unequal length"),
        ({"plots": (Plot(name="p", x=(1.0,), y=(math.nan,)),)}, "expected a finite number"),
        ({"caveats": ("\ud800",)}, "Unicode text"),
    ],
)
def test_unsound_evidence_is_refused(change, message):
    """Evidence whose fields have the wrong type, or whose numbers contradict its verdict, gets no page."""
    with pytest.raises(ArtifactError, match=message):
        report.render([dataclasses.replace(order(), **change)])


def test_repeat_is_refused():
    """The same evidence twice would count as two questions."""
    with pytest.raises(InputError, match="same evidence"):
        report.render([order(), order()])


def test_evidence_survives_the_contract():
    """The samples of these tests are evidence by the schema: they have a JSON form."""
    assert all(json.dumps(to_json(evidence)) for evidence in four())


def test_labels_keep_their_digits():
    """Coordinates are cut to one decimal place; a number that is read is not."""

    def paint(axes):
        axes.plot([0.123, 0.456], [1.0, 2.0])
        axes.set_xlabel("threshold 0.00312")

    drawn = svg.inline(paint, name="a", alt="0.00312")
    assert ">threshold 0.00312<" in drawn
    assert not re.search(r'd="[^"]*\d\.\d\d', drawn)
