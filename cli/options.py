"""Which options mean the same in several commands?"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli import meant, reading
from provenance.remote import Cluster
from provenance.suspects import marks
from provenance.suspects.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable


RESAMPLES = 9_999
R = TypeVar("R")


def served(function: Callable[..., R]) -> Callable[..., R]:
    """Add the options of a served suspect, handed over together as ``terms``."""

    @functools.wraps(function)
    def gather(**how: Any) -> R:
        names = ("concurrency", "max_tokens", "max_cost", "price", "tokenizer", "continuations", "instruction")
        terms = Terms(**{name: how.pop(name) for name in names})
        return function(**how, terms=terms)

    for option in (
        click.option(
            "--instruction",
            metavar="TEXT",
            help="Ask a text-only: suspect by chat, and tell it this before a prompt.",
        ),
        click.option(
            "--continuations",
            metavar="N",
            type=click.IntRange(1, 1024),
            default=16,
            show_default=True,
            help="Texts that a text-only: suspect draws at each place.",
        ),
        click.option(
            "--served-tokenizer",
            "tokenizer",
            metavar="NAME",
            help="Tokenizer of an openai: suspect, so that it is asked by token ids.",
        ),
        click.option(
            "--concurrency",
            metavar="N",
            type=click.IntRange(1, 1024),
            default=8,
            show_default=True,
            help="Requests to a served suspect at once.",
        ),
        click.option(
            "--price-per-million-tokens", "price", metavar="X", type=reading.MONEY, help="What a served suspect costs."
        ),
        click.option("--max-cost", metavar="X", type=reading.MONEY, help="Spend no more on one served suspect."),
        click.option(
            "--max-tokens", metavar="N", type=click.IntRange(1), help="Spend no more tokens on one served suspect."
        ),
    ):
        gather = option(gather)
    return gather


def model(function: Callable[..., R]) -> Callable[..., R]:
    """Add the options of a suspect that is asked: of a Hugging Face model, and of a served one."""
    function = served(function)
    for option in (
        click.option(
            "--bos",
            type=click.Choice(marks.CHOICES),
            default="auto",
            show_default=True,
            help="Put text behind a BOS: as the tokenizer of an hf: suspect does, always, or never.",
        ),
        click.option(
            "--context",
            metavar="N",
            type=click.IntRange(2),
            help="Let an hf: suspect read N tokens at once at most.  [default: what its configuration says]",
        ),
        click.option("--batch-tokens", type=click.IntRange(1), default=8192, show_default=True, help="Tokens a batch."),
        click.option(
            "--device-map", metavar="MAP", help="Spread an hf: suspect over devices (accelerate), as in auto."
        ),
        click.option("--device", help="Torch device.  [default: CUDA where there is one, else the CPU]"),
        click.option(
            "--dtype",
            type=click.Choice(["float32", "bfloat16", "float16"]),
            default="float32",
            show_default=True,
            help="Number format of an hf: suspect.",
        ),
    ):
        function = option(function)
    return function


def running(function: Callable[..., R]) -> Callable[..., R]:
    """Add the options that say how a suspect is asked much."""
    for option in (
        click.option("--yes", is_flag=True, help="Do not ask before a scoring of more than ten minutes."),
        click.option(
            "--workers",
            metavar="N",
            type=click.IntRange(1, 1024),
            default=1,
            show_default=True,
            help="Processes that ask, each with a thread and the model for itself.",
        ),
    ):
        function = option(function)
    return engine(function)


def engine(function: Callable[..., R]) -> Callable[..., R]:
    """Add the options that say where workers run, handed over together as ``cluster``."""

    @functools.wraps(function)
    def gather(**how: Any) -> R:
        name, address = how.pop("engine"), how.pop("address")
        if address and name != "ray":
            raise click.UsageError("--address is of a Ray cluster: --engine ray")
        return function(**how, cluster=Cluster(address=address) if name == "ray" else None)

    for option in (
        click.option("--address", metavar="A", help="A Ray cluster, such as auto.  [default: one on this machine]"),
        click.option(
            "--engine",
            type=click.Choice(["local", "ray"]),
            default="local",
            show_default=True,
            help="Run the workers on this machine, or on a Ray cluster.",
        ),
    ):
        gather = option(gather)
    return gather


def bundle(function: Callable[..., R]) -> Callable[..., R]:
    """Add the options of what is handed over."""
    for option in (
        click.option("--redact", is_flag=True, help="Numbers in place of what is private, in the bundle."),
        click.option(
            "--bundle",
            metavar="DIR",
            type=reading.PATH,
            help="Leave all that it takes to compute the numbers again in a new folder, for provtool verify.",
        ),
    ):
        function = option(function)
    return function


timestamp_roots = click.option(
    "--timestamp-roots",
    "roots_path",
    metavar="PEM",
    type=reading.PATH,
    help="Root certificates that may vouch for time stamps.  [default: those that HTTPS trusts]",
)


stop_early = click.option(
    "--stop-early",
    is_flag=True,
    help="Ask no more than it takes: a bet decides, and tokens saved are in the evidence.",
)


def selected(function: Callable[..., R]) -> Callable[..., R]:
    """Add the options that say which rows of a run are asked."""
    for option in (
        click.option(
            "--select",
            type=click.Choice(["recent", "uniform"]),
            default="recent",
            show_default=True,
            help="Which rows --queries keeps: half near the end of the run, where memory is, or any.",
        ),
        click.option("--queries", metavar="N", type=click.IntRange(1), help="Ask at most N rows.  [default: all]"),
    ):
        function = option(function)
    return function


def fields(function: Callable[..., R]) -> Callable[..., R]:
    """Add the options that say where a corpus keeps its texts and ids."""
    for option in (
        click.option("--id-field", help="Field of the ids.  [default: id, where a record has one]"),
        click.option("--text-field", default="text", show_default=True, help="Field of the texts."),
    ):
        function = option(function)
    return function


def verdict(*, resamples: int = RESAMPLES) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Add the options that every audit has, whatever it asks of whom."""

    def add(function: Callable[..., R]) -> Callable[..., R]:
        for option in (
            click.option(
                "--fail-on",
                type=click.Choice(["evidence", "no-evidence", "inconclusive"]),
                multiple=True,
                help="Exit with 3 on this verdict (repeatable).",
            ),
            click.option("--json", "as_json", is_flag=True, help="Print the evidence on standard output."),
            click.option(
                "--resamples",
                type=click.IntRange(99),
                default=resamples,
                show_default=True,
                help="Shuffles or redraws; the smallest p-value is 1/(resamples + 1).",
            ),
            click.option(
                "--alpha",
                type=reading.SHARE,
                default=0.001,
                show_default=True,
                help="Level of the verdict.",
            ),
            click.option(
                "--seed", type=reading.SEED, default=0, show_default=True, help="Joined with the digests of the inputs."
            ),
            click.option(
                "--out",
                metavar="FILE",
                type=reading.PATH,
                help="Evidence file.  [default: named after the input, beside it]",
            ),
            bundle,
            timestamp_roots,
        ):
            function = option(function)
        return function

    return add


window = click.option(
    "--window",
    type=reading.WINDOW,
    help="Tokens to score.  [default: 8:56 of a transcript (32:32 where a text-only: suspect is asked), all of a text]",
)


def audit(function: Callable[..., R]) -> Callable[..., R]:
    """Add the options of every audit of a model."""
    function = verdict()(function)
    for option in (
        running,
        model,
        window,
        click.option(
            "--reference-scores",
            metavar="FILE",
            type=reading.PATH,
            multiple=True,
            help="Scores of a reference (repeatable).",
        ),
        click.option(
            "--reference",
            "references",
            metavar="S",
            multiple=True,
            shell_complete=meant.suspect,
            help="Independent model (repeatable).",
        ),
        click.option(
            "--scores",
            "scores_path",
            metavar="FILE",
            type=reading.PATH,
            help="Scores made before, in place of --suspect.",
        ),
        click.option(
            "--suspect",
            "suspect_names",
            metavar="S",
            multiple=True,
            shell_complete=meant.suspect,
            help="Model under audit (repeatable).",
        ),
    ):
        function = option(function)
    return function
