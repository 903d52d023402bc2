"""The page on artifacts is that of the code: every table and column, every field of evidence, every exit code."""

import dataclasses
import re
from pathlib import Path

import pyarrow as pa
import pytest

from cli import main
from provenance import evidence, scoring, transcripts
from provenance.bundles.redacted import scores as redacted_scores
from provenance.bundles.redacted import transcripts as redacted_transcripts
from provenance.suspects import ngram
from watermark import ledger, redacted

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
KINDS = (
    transcripts.TRANSCRIPT,
    ledger.LEDGER,
    scoring.SCORES,
    ngram.NGRAM,
    redacted_transcripts.REDACTED,
    redacted_scores.REDACTED,
    redacted.REDACTED,
)


@pytest.fixture(scope="module")
def artifacts():
    """Give the sections of the page on artifacts, by their headings."""
    parts = re.split(
        r"^#+ (.*)$", (DOCS / "reference" / "artifacts.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _rows(section):
    """Give the cells of a section's tables, without code marks."""
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip("` ") for cell in line] for line in lines]


def _spelt(kind):
    """Spell a column's type as the page does."""
    if pa.types.is_list(kind):
        return f"list of {_spelt(kind.value_type)}"
    return "struct" if pa.types.is_struct(kind) else str(kind)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_columns_are_those_of_the_code(artifacts, kind):
    """The page has every column of every table, in its order and with its type, and says what a row is."""
    columns = list(kind.columns)
    inner = [
        field
        for column in columns
        if pa.types.is_list(column.type) and pa.types.is_struct(column.type.value_type)
        for field in column.type.value_type
    ]
    assert [tuple(row[:2]) for row in _rows(artifacts[kind.name])] == [
        (field.name, _spelt(field.type)) for field in [*columns, *inner]
    ]
    assert f"One row is {kind.row}" in artifacts[kind.name]


def test_every_kind_of_table_is_there(artifacts):
    """No kind of table that the code writes is missing from the page."""
    sources = [
        path.read_text(encoding="utf-8") for part in ("provenance", "watermark") for path in (ROOT / part).rglob("*.py")
    ]
    found = {name for text in sources for name in re.findall(r"artifacts\.Kind\(\s*name=\"([\w-]+)\"", text)}
    assert found == {kind.name for kind in KINDS}
    assert found <= artifacts.keys()


def test_fields_of_evidence_are_those_of_the_code(artifacts):
    """The page has every field of the evidence; those that a finding may lack are not said to be there always."""
    said = {row[0]: row[1] for row in _rows(artifacts["Evidence"])}
    fields = dataclasses.fields(evidence.Evidence)
    assert said.keys() == {field.name for field in fields}
    optional = {field.name for field in fields if field.default is None}
    assert {name for name, when in said.items() if when != "always"} == optional


@pytest.mark.parametrize(
    ("field", "record"),
    [
        ("statistic", evidence.Statistic),
        ("effect", evidence.Effect),
        ("gates", evidence.Gate),
        ("commitments", evidence.Commitment),
        ("asymptotic", evidence.LogP),
        ("bound", evidence.LogP),
        ("unreferenced", evidence.LogP),
        ("evalue", evidence.EValue),
        ("auroc", evidence.Auroc),
        ("tpr_at_fpr", evidence.TprAtFpr),
        ("plots", evidence.Plot),
    ],
)
def test_parts_of_evidence_are_those_of_the_code(artifacts, field, record):
    """Where a field of the evidence has parts, the page names all of them in their order."""
    line = next(line for line in artifacts["Evidence"].splitlines() if line.startswith(f"| `{field}`"))
    assert re.findall(r"`(\w+)`", line)[1:] == [part.name for part in dataclasses.fields(record)]


def test_schemas_are_those_of_the_code(artifacts):
    """Every schema that the page names is written by the code."""
    sources = "".join(
        path.read_text(encoding="utf-8") for part in ("provenance", "watermark") for path in (ROOT / part).rglob("*.py")
    )
    named = {name for section in artifacts.values() for name in re.findall(r"`(provtool/[\w-]+/\d+)`", section)}
    assert len(named) >= 6
    assert all(f'"{name}"' in sources for name in named)


def test_exit_codes_are_those_that_audits_tell():
    """The page's exit codes are those that `provtool audit --help` names, and 130 for an interruption."""
    page = (DOCS / "reference" / "commands" / "index.md").read_text(encoding="utf-8")
    codes = re.findall(r"^\| (\d+) \|", page, flags=re.MULTILINE)
    told = re.findall(r"\b(\d) (?:the|usage|a verdict)", main.command.get_command(None, "audit").help)
    assert codes == [*told, "130"]
