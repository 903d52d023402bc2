"""The documentation is true: its commands exist, its links lead somewhere, its reference is that of the code."""

import dataclasses
import functools
import html.parser
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import click
import pyarrow as pa
import pytest

import provenance
import watermark
from cli import main
from provenance import evidence, report, scoring, transcripts
from provenance.artifacts import Kind
from provenance.bundles.redacted import scores as redacted_scores
from provenance.bundles.redacted import transcripts as redacted_transcripts
from provenance.suspects import ngram
from watermark import ledger, redacted

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
BLOCK = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[\s'])(provtool\s.*?)(?= \| | && | > |$)")
KINDS = (
    transcripts.TRANSCRIPT,
    ledger.LEDGER,
    scoring.SCORES,
    ngram.NGRAM,
    redacted_transcripts.REDACTED,
    redacted_scores.REDACTED,
    redacted.REDACTED,
)


def _lines(page):
    """Give every command of provtool in a page's shell blocks, continued lines joined."""
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            for found in COMMAND.findall(line.partition(" # ")[0]):
                yield found.strip().removesuffix("'") if found.count("'") % 2 else found.strip()


SAID = [(page.relative_to(DOCS).as_posix(), line) for page in PAGES for line in _lines(page)]


def _walk(words):
    """Find the command that words begin with, in its context; gives what is left of them."""
    context, command = click.Context(main.command, info_name="provtool"), main.command
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found, f"no command {words[0]!r}"
        command, words = found, words[1:]
        context = click.Context(command, parent=context, **command.context_settings)
    return command, context, words


def _check(line):
    """Parse a command as click does, without reading a file or running anything."""
    command, context, words = _walk(shlex.split(line)[1:])
    given, rest, _ = command.make_parser(context).parse_args([word for word in words if word not in ("…", "...")])
    assert not rest, rest
    for option in command.get_params(context):
        value = given.get(option.name)
        missing = value is None or value is click.core.UNSET or value == ()
        assert not (missing and option.required), f"{option.name} is missing"
        if not missing and not isinstance(option.type, click.Path) and "$" not in str(value):
            option.type_cast_value(context, value)


def test_there_are_commands_to_check():
    """Every guide and the tutorial have commands."""
    for name in ("tutorial", "guides/publisher", "guides/trainer", "guides/auditor", "guides/pipeline"):
        assert sum(page == f"{name}.md" for page, _ in SAID) >= 5, name


@pytest.mark.parametrize("page", sorted({page for page, _ in SAID}))
def test_commands_of_a_page_parse(page):
    """Every command in a page's shell blocks exists, with the options, values and arguments that are given there."""
    for line in [line for other, line in SAID if other == page]:
        try:
            _check(line)
        except (click.UsageError, AssertionError, ValueError) as error:
            pytest.fail(f"{page}: {line}\n{error}")


@pytest.mark.parametrize(
    "line", ["provtool audit orders x", "provtool report --outt x e.json", "provtool plan order --power 2 --out p"]
)
def test_a_command_that_is_wrong_is_noticed(line):
    """The check above fails on a command, an option and a value that there are not."""
    with pytest.raises((click.UsageError, AssertionError)):
        _check(line)


def test_options_in_running_text_exist():
    """Every option that a page names in its text is one of some command's, or of another tool that the page shows."""
    known = {name for _, command in _commands() for option in command.params for name in option.opts} | {"--help"}
    scripts = "".join(
        path.read_text(encoding="utf-8") for part in ("benchmarks", "scripts") for path in (ROOT / part).rglob("*.py")
    )
    others = {"--logits_all", "--version", *re.findall(r"\"(--[a-z][\w-]*)\"", scripts)}
    for page in PAGES:
        prose = BLOCK.sub("", page.read_text(encoding="utf-8"))
        named = {
            name
            for code in re.findall(r"`([^`\n]*)`", prose)
            if "python" not in code
            for name in re.findall(r"--[a-z][\w-]*", code)
        }
        assert named <= known | others, page.name


@functools.cache
def _commands():
    """Give every command that is no group, by its full name."""

    def walk(command, name, parent):
        context = click.Context(command, info_name=name.split()[-1], parent=parent, **command.context_settings)
        if not isinstance(command, click.Group):
            return [(name, command)]
        return [
            found
            for member in command.list_commands(context)
            for found in walk(command.get_command(context, member), f"{name} {member}", context)
        ]

    return walk(main.command, "provtool", None)


class _Links(html.parser.HTMLParser):
    """What a built page links to, what it fetches, and which names lie in it."""

    def __init__(self, text):
        super().__init__()
        self.links, self.fetched, self.names, self.text = set(), set(), {""}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.names |= {given[key] for key in ("id", "name") if given.get(key)}
        if tag == "a" and given.get("href"):
            self.links.add(given["href"])
        self.fetched |= {
            given[key] for key in ("src", "href") if given.get(key) and tag in ("script", "img", "link", "iframe")
        }

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site once, with warnings as errors; gives every page, read."""
    out = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, "\n".join(
        line for line in built.stderr.splitlines() if line[:4] not in ("INFO", "    ")
    )
    return {path.relative_to(out).as_posix(): _Links(path.read_text(encoding="utf-8")) for path in out.rglob("*.html")}


def test_every_page_is_built(site):
    """The site builds with warnings as errors, and has every page of the folder."""
    assert {page.relative_to(DOCS).with_suffix(".html").as_posix() for page in PAGES} <= site.keys()


def test_links_lead_somewhere(site):
    """Every link between pages of the site leads to a page that is there, and to a place on it that is there."""
    for name, page in site.items():
        for link in page.links:
            target, place = urldefrag(link)
            if re.match(r"[a-z]+:|/", target) or (name == "404.html"):
                continue
            other = (Path("/") / name).parent.joinpath(target).resolve().relative_to("/").as_posix() if target else name
            assert other in site, f"{name}: {link}"
            assert unquote(place) in site[other].names or place == "__top", f"{name}: {link}"


def test_nothing_is_fetched_from_elsewhere(site):
    """No page of the site asks another machine for a script, a style, a font or an image."""
    assert len(site["index.html"].fetched) > 3
    for name, page in site.items():
        away = {link for link in page.fetched if re.match(r"(?:https?:)?//", link)}
        assert not away, name


def test_every_command_has_its_page_and_every_option_stands_there(site):
    """No command and no option is missing from the reference, and each page is in the list of commands."""
    assert {f"{name}.html" for name in main.COMMANDS} <= site["reference/commands/index.html"].links
    for name, command in _commands():
        said = " ".join(site[f"reference/commands/{name.split()[1]}.html"].text)
        assert name in said
        for option in command.params:
            assert all(spelt in said for spelt in option.opts if spelt.startswith("-")), (name, option.name)


@pytest.mark.parametrize("package", [provenance, watermark, report, transcripts], ids=lambda package: package.__name__)
def test_public_names_stand_in_the_reference(site, package):
    """Every public name of a package has an entry in the reference of the library."""
    names = {name for path, page in site.items() if path.startswith("reference/library/") for name in page.names}
    for name in package.__all__:
        found = getattr(package, name)
        if getattr(found, "__module__", "").startswith(("provenance", "watermark")) and not isinstance(found, Kind):
            assert f"{found.__module__}.{name}" in names, name


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
