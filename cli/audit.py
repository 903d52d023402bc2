"""``provtool audit``: ask a question of a suspect and get evidence."""

from __future__ import annotations

import click

from cli.lazy import LazyGroup

AUDITS = {
    "order": ("cli.audits.order", "Does this model derive from my run?"),
    "watermark": ("cli.audits.watermark", "Was this model trained on my release?"),
    "overlap": ("cli.audits.overlap", "Do these texts hold more of what my run saw late?"),
    "reshuffle": ("cli.audits.reshuffle", "Was this text written by a descendant of my run?"),
    "membership": ("cli.audits.membership", "Was this model trained on these documents, not on those?"),
    "trace": ("cli.audits.trace", "Whose copy of my release does this text carry?"),
}
"""Every audit: the module that holds it as ``command``, and the question it asks."""


@click.group(cls=LazyGroup, members=AUDITS)
def command() -> None:
    """Ask a question of a suspect and get evidence.

    \b
    You hold           and ask
    a transcript       provtool audit order       does this model derive from my run?
    a ledger           provtool audit watermark   was this model trained on my release?
    a transcript       provtool audit overlap     do these texts hold more of what my run saw late?
    re-runs            provtool audit reshuffle   was this text written by a descendant of my run?
    two sets of texts  provtool audit membership  was this model trained on these, not on those?
    a ledger           provtool audit trace       whose copy of my release does this text carry?

    \b
    Example:
      provtool audit order run.parquet --suspect ./their-model --reference ./our-other-model

    Exit codes: 0 the audit ran, whatever it found; 1 the input is wrong; 2 usage; 3 a verdict named by --fail-on; 4 the
    suspect could not be asked.
    """
