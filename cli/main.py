"""Which commands are there, and how do mistakes reach the user?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cli.lazy import LazyGroup
from provenance.errors import ProvenanceError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
}
"""Every command: the module that holds it as ``command``, and its line in ``provtool --help``."""


@click.group(
    cls=LazyGroup,
    members=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="provtool", prog_name="provtool")
def command() -> None:
    """Prove where a language model's knowledge came from.

    \b
    Start here:
      provtool demo                          the whole loop, from nothing, in minutes
      provtool watermark --help              before you publish a corpus
      provtool audit --help                  when you suspect a model
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a user's mistake is one line on stderr and an exit code."""
    try:
        command.main(arguments, prog_name="provtool", standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ProvenanceError as error:
        click.echo(f"provtool: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"provtool: {place}{error.strerror or error}", err=True)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        click.echo("provtool: interrupted; no half-written output was left behind", err=True)
        sys.exit(130)
