"""A page for every command there is, and its place in the navigation: MkDocs calls this while it builds the site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

from cli import main

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

FOLDER = "reference/commands"
LIST = f"{FOLDER}/index.md"
PLACE = "<!-- every command -->"
"""Where the list of commands says which there are."""


def on_config(config: MkDocsConfig) -> None:
    """Put every command below the list of commands in the navigation."""
    section = _section(config.nav)
    section += [{name: f"{FOLDER}/{name}.md"} for name in main.COMMANDS]


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add a page for every command, which mkdocs-click fills."""
    for name in main.COMMANDS:
        options = {"module": "scripts.site_commands", "command": name, "prog_name": f"provtool {name}"}
        page = "".join(["::: mkdocs-click\n", *(f"    :{key}: {value}\n" for key, value in options.items())])
        files.append(File.generated(config, f"{FOLDER}/{name}.md", content=page))


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Say in the list of commands which there are."""
    if page.file.src_uri != LIST:
        return markdown
    rows = [f"| [`provtool {name}`]({name}.md) | {line} |" for name, (_module, line) in main.COMMANDS.items()]
    return markdown.replace(PLACE, "\n".join(["| command | |", "|---|---|", *rows]))


def _section(part: Any) -> list[Any]:
    """Find the part of the navigation in which the list of commands stands."""
    if isinstance(part, list) and LIST in part:
        return part
    below = part if isinstance(part, list) else part.values() if isinstance(part, dict) else ()
    return next(filter(None, map(_section, below)), [])
