"""The documentation is true: its commands exist, its links lead somewhere, its reference leaves nothing out."""

import functools
import html.parser
import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import click
import pytest

import provenance
import watermark
from cli import main
from provenance import report, transcripts
from provenance.artifacts import Kind

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
BLOCK = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[\s'])(provtool\s.*?)(?= \| | && | > |$)")


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


def _script(name):
    """Load a script of the site, which no import finds: scripts are no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_examples_of_a_help_text_keep_their_lines():
    """What help keeps as it stands becomes a block of code, all else a paragraph, and help itself is as it was."""
    before = {name: command.help for name, command in _commands()}
    made = _script("site_commands")
    text = "Say it.\n\n\b\nExamples:\n  provtool a\n  provtool b\n\n\b\nYou hold  ask\nx         y\n\nThe end."
    blocks = ["```sh\nprovtool a\nprovtool b\n```", "```text\nYou hold  ask\nx         y\n```"]
    assert made.spelt(text) == "\n\n".join(["Say it.", "Examples:", *blocks, "The end."])
    audit = made.audit
    assert "```sh\nprovtool audit order" in audit.commands["order"].help
    assert all("\b" not in command.help for command in (audit, *audit.commands.values()))
    assert {name: command.help for name, command in _commands()} == before
    with pytest.raises(AttributeError, match="no command 'audits'"):
        made.audits  # noqa: B018


def test_docstrings_are_spelt_as_markdown():
    """A session of the interpreter becomes a block of code, and a literal block leaves no colons behind."""
    made = _script("site_docstrings")
    assert made.colons("In three lines::\n\n    a\n\n::\n\n    b") == "In three lines:\n\n    a\n\n\n\n    b"
    assert made.fenced("One:\n\n>>> f(1)\n[2]\n\nTwo.") == "One:\n\n```pycon\n>>> f(1)\n[2]\n```\n\nTwo."


@pytest.mark.parametrize("package", [provenance, watermark, report, transcripts], ids=lambda package: package.__name__)
def test_public_names_stand_in_the_reference(site, package):
    """Every public name of a package has an entry in the reference of the library."""
    names = {name for path, page in site.items() if path.startswith("reference/library/") for name in page.names}
    for name in package.__all__:
        found = getattr(package, name)
        if getattr(found, "__module__", "").startswith(("provenance", "watermark")) and not isinstance(found, Kind):
            assert f"{found.__module__}.{name}" in names, name
