"""How is something else asked of the models that the matrix kept?"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from cli.demo.run import ENVIRONMENT
from survival import stage
from survival.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def parser(description: str | None) -> argparse.ArgumentParser:
    """Take the options that all these commands have."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--keep", type=Path, required=True, help="folder that run.py kept its models in")
    options.add_argument("--json", action="store_true", help="print JSON in place of a table")
    options.add_argument("--seed", type=int, default=0)
    return options


def show(
    asked: argparse.Namespace,
    measure: Callable[[Path, Settings], Iterable[Any]],
    markdown: Callable[[list[Any]], str],
) -> None:
    """Measure inside the folder of the matrix, and print what was found as JSON or as a table."""
    os.environ.update(ENVIRONMENT)
    torch.set_num_threads(1)
    settings = Settings(seed=asked.seed)
    with contextlib.chdir(stage.place(asked.keep, settings)):
        found = list(measure(Path(), settings))
    print(json.dumps([asdict(one) for one in found], indent=2) if asked.json else markdown(found))
