"""What may be given for an option, and how is it read?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provenance.errors import InputError
from provenance.records import Window

if TYPE_CHECKING:
    from provenance.unfinished import Share

PATH = click.Path(path_type=Path)


class _WindowType(click.ParamType[Window]):
    name = "START:LENGTH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Window:
        if isinstance(value, Window):
            return value
        try:
            return Window.parse(value)
        except InputError as error:
            self.fail(str(error), param, ctx)


class _Share(click.FloatRange):
    """A number strictly between 0 and 1, and not NaN, which click's own comparison lets through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail("nan is not between 0 and 1", param, ctx)
        return number


class _PartType(click.ParamType["Share"]):
    name = "I/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Share:
        from provenance.unfinished import Share

        if isinstance(value, Share):
            return value
        number, _, of = value.partition("/")
        if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            self.fail(f"{value!r} is no I/N with I from 1 to N, such as 1/8", param, ctx)
        return Share(number=int(number), of=int(of))


WINDOW = _WindowType()
PART = _PartType()
SHARE = _Share(0, 1, min_open=True, max_open=True)
SEED = click.IntRange(0)
MONEY = click.FloatRange(0, 1e9, min_open=True)
