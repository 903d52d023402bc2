"""Which commands are there, and how do mistakes reach the user?"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

import click

from cli import leaving, meant, voice
from cli.lazy import LazyGroup
from provenance.errors import ProvenanceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BROKEN_PIPE = 141
"""Exit code of a run whose reader has gone, as shells give it."""
COMPLETING = "_PROVTOOL_COMPLETE"
"""Set by a shell that asks how a line can go on."""
COMMANDS = {
    "demo": ("cli.demo", "Run the main job from nothing on this machine."),
    "key": ("cli.key", "Make secret keys."),
    "watermark": ("cli.watermark", "Mark a corpus before its release."),
    "undo": ("cli.undo", "Give the original corpus back from a release and its ledger."),
    "transcript": ("cli.transcript", "Bring in the order in which a run saw its data."),
    "commit": ("cli.commit", "Commit to files before the suspect exists."),
    "ngram": ("cli.ngram", "Count n-grams: a reference that never saw an order."),
    "score": ("cli.score", "Ask a suspect how likely each token is."),
    "sample": ("cli.sample", "Have a suspect write texts for the audits of texts."),
    "plan": ("cli.plan", "Say how much must be asked, and write the plan that the audit is held to."),
    "audit": ("cli.audit", "Ask a question of a suspect and get evidence."),
    "verify": ("cli.verify", "Check a bundle, a certificate or a commitment, and compute its numbers again."),
    "doctor": ("cli.doctor", "Say what is installed, and what could be asked here."),
    "sign": ("cli.sign", "Sign evidence, or all of a bundle."),
    "report": ("cli.report", "Lay evidence out as one page."),
    "completion": ("cli.completion", "Have a shell complete commands, options and files."),
}
"""Every command: the module that holds it as ``command``, and its line in ``provtool --help``."""


@click.group(
    cls=LazyGroup,
    members=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="provtool", prog_name="provtool")
@click.pass_context
def command(context: click.Context) -> None:
    """Prove where a language model's knowledge came from.

    \b
    Start here:
      provtool demo                          the whole loop, from nothing, in minutes
      provtool watermark --help              before you publish a corpus
      provtool audit --help                  when you suspect a model
    """
    context.color = _colour()


command.params += voice.options()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a user's mistake is one line on stderr and an exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if COMPLETING in os.environ:
        from cli import completion

        sys.exit(completion.answer(command, os.environ[COMPLETING]))
    try:
        with leaving.heeding(), _refusals():
            with command.make_context("provtool", [*words]) as context:
                command.invoke(context)
            sys.stdout.flush()
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        _fail("stopped, as you said: nothing was asked", 130)
    except KeyboardInterrupt as stop:
        for line in leaving.farewell(stop, words):
            click.echo(line, err=True)
        sys.exit(leaving.code(stop))


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """Turn what was wrong into one line and an exit code."""
    try:
        yield
    except click.ClickException as error:
        meant.choice(error).show()
        sys.exit(error.exit_code)
    except ProvenanceError as error:
        _fail(str(error), error.exit_code)
    except OSError as error:
        unread = isinstance(error, BrokenPipeError) and leaving.nobody_reads()
        leaving.let_go()
        if unread:
            sys.exit(BROKEN_PIPE)
        place = f"{error.filename}: " if error.filename else ""
        _fail(f"{place}{error.strerror or error}", 1)


def _fail(line: str, code: int) -> None:
    from cli import terminal

    click.echo(terminal.plain(f"provtool: {line}"), err=True)
    sys.exit(code)


def _colour() -> bool | None:
    """Say whether what click prints has colours, by the variables that rich heeds too; None asks the terminal."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") in {"dumb", "unknown"}:
        return False
    return True if os.environ.get("FORCE_COLOR") else None
