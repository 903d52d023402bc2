"""Which numbers does a table hold under which names: kept in arrays, 28 bytes a row, lists of them on the disk?"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provenance import lookup, spills
from provenance.errors import InputError
from provenance.suspects import listings
from provenance.transcripts import samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from provenance.records import Record
    from provenance.suspects.listings import Part

APART = ("variant", "view", "set")
"""What tells two texts of one id apart, where a table has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Numbers by id, and by variant, view and set where the table has them."""

    joined: frozenset[str]
    """Which of `APART` the table has; the others are not looked at."""
    index: lookup.Index
    sums: NDArray[np.float32] | None
    """One number a row of the table; None where it has lists."""
    lists: spills.Numbers

    def find(self, records: Iterable[Record]) -> NDArray[np.int64]:
        """Say in which row of the table the numbers of records are, −1 where there are none."""
        joined = [name in self.joined for name in APART]
        return self.index.find(lookup.digests(_name(*_key(record, *joined)) for record in records))

    def take(self, rows: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        """Give the numbers of some rows: NaN stands for a first token that nothing predicts."""
        if self.sums is None:
            return self.lists.take(rows)
        return np.split(self.sums[rows], np.arange(1, len(rows))) if len(rows) else []


@dataclass(slots=True, kw_only=True)
class _Gathering:
    """What was read so far."""

    path: str
    column: str
    sign: int
    name: Callable[[Part], Sequence[Any]]
    """Gives the ids of a part."""
    digests: bytearray
    sums: list[NDArray[np.float32]]
    lists: spills.Numbers
    listed: bool | None = None
    """Whether there is a list in every row, once there is one."""
    positive: bool = True
    """Whether every number so far is above 0."""


def read(path: str, column: str, *, sign: int) -> Values:
    """Read a table whose column holds numbers, or lists of them, times `sign`.

    Raises
    ------
    InputError
        If the file cannot be read, lacks ``id`` or the column, names a row twice, or holds anything but finite numbers,
        or nothing but positive ones, which are no logarithms of probabilities.
    """
    there = listings.columns(path)
    key = "index" if "index" in there and "id" not in there else "id"
    _check_columns(path, there, key, column)
    names = samples.Names()
    so_far = _Gathering(
        path=path,
        column=column,
        sign=sign,
        name=lambda part: part.column("id") if key == "id" else _by_index(part, names, path),
        digests=bytearray(),
        sums=[],
        lists=spills.Numbers(),
    )
    for part in listings.parts(path, {key, column, *APART}):
        _gather(so_far, part)
    index = lookup.Index.of(lookup.packed(so_far.digests))
    if twice := index.again():
        raise _twice(path, key, twice[0])
    _check_negative(so_far)
    return Values(
        joined=frozenset(APART) & set(there),
        index=index,
        sums=None if so_far.listed else np.concatenate([*so_far.sums, np.empty(0, dtype=np.float32)]),
        lists=so_far.lists,
    )


def _check_columns(path: str, there: Sequence[str], key: str, column: str) -> None:
    for needed in (key, column):
        if needed not in there:
            near = difflib.get_close_matches(needed, there, n=1)
            raise InputError(
                f"no column {needed!r}",
                path=path,
                expected=f"one of {', '.join(there)}",
                hint=f"column:{path}:{near[0]}" if near and needed == column else None,
            )


def _check_negative(so_far: _Gathering) -> None:
    """Refuse what can be no logarithms of probabilities: losses whose sign was forgotten would turn the finding."""
    if so_far.positive and so_far.listed is not None:
        other = so_far.column if so_far.sign < 0 else f"-{so_far.column}"
        raise InputError(
            f"every number of {so_far.column} is above 0" + (" once negated" if so_far.sign < 0 else ""),
            path=so_far.path,
            expected="log-probabilities, which are at most 0; losses are their negatives",
            hint=f"column:{so_far.path}:{other}",
        )


def _gather(so_far: _Gathering, part: Part) -> None:
    parts = zip(
        part.lines,
        so_far.name(part),
        part.column("variant", absent=0),
        part.column("view"),
        part.column("set"),
        strict=True,
    )
    keys = [_row_key(id_, variant, view, set_, place=(so_far.path, line)) for line, id_, variant, view, set_ in parts]
    so_far.digests += lookup.digests(_name(*key) for key in keys).tobytes()
    column = part.columns[so_far.column]
    found = None if isinstance(column, list) else _plain(column)
    flat, lengths = found or _one_by_one(so_far, part, [key[0] for key in keys])
    listed = lengths is not None
    if so_far.listed not in {None, listed}:
        raise _mixed(so_far, part.lines[0])
    so_far.listed = listed
    signed = so_far.sign * flat
    so_far.positive = so_far.positive and not bool((signed <= 0).any())
    with np.errstate(over="ignore"):  # what no float32 holds is infinite, and the audit's to refuse
        numbers = signed.astype(np.float32)
    if lengths is None:
        so_far.sums.append(numbers)
    else:
        so_far.lists.append(numbers, lengths)


def _plain(column: pa.Array) -> tuple[NDArray[np.float64], NDArray[np.int64] | None] | None:
    """Give the finite numbers of an Arrow column, and how many stand in each row if it has lists; None of others."""
    kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    listed = any(kind(column.type) for kind in kinds)
    flat = column.flatten() if listed else column
    if column.null_count or flat.null_count or not (pa.types.is_floating(flat.type) or pa.types.is_integer(flat.type)):
        return None
    numbers = flat.to_numpy(zero_copy_only=False).astype(np.float64)
    if not np.isfinite(numbers).all():
        return None
    return numbers, pc.list_value_length(column).to_numpy().astype(np.int64) if listed else None


def _one_by_one(
    so_far: _Gathering, part: Part, ids: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
    """Look at every value: lists that are text or begin with a gap are taken, anything else is refused."""
    flat, lengths, listed = list[float](), list[int](), so_far.listed
    for line, id_, value in zip(part.lines, ids, part.column(so_far.column), strict=True):
        numbers, is_list = _numbers(so_far, id_, value, line)
        if listed not in {None, is_list}:
            raise _mixed(so_far, line)
        listed = is_list
        flat += numbers
        lengths.append(len(numbers))
    return np.array(flat, dtype=np.float64), np.array(lengths, dtype=np.int64) if listed else None


def _numbers(so_far: _Gathering, id_: str, value: Any, line: int) -> tuple[list[float], bool]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = samples.numbers(value, place=f"{so_far.path}:{line}")
    given: list[Any] = value if isinstance(value, list) else [value]
    gap = len(given) > 1 and given[0] is None
    numbers = given[1:] if gap else given
    if not all(type(number) in {int, float} and math.isfinite(number) for number in numbers):
        found = "null" if value is None else f"{value!r:.40}"
        raise InputError(
            f"{so_far.column} of id {id_!r} is {found}",
            path=so_far.path,
            line=line,
            expected="a finite number, or a list of them",
        )
    return [math.nan, *numbers] if gap else numbers, isinstance(value, list)


def _mixed(so_far: _Gathering, line: int) -> InputError:
    return InputError(f"{so_far.column} is a list in one row and a number in another", path=so_far.path, line=line)


def _twice(path: str, key: str, row: int) -> InputError:
    """Name the row whose id stood before; it is looked for again, since ids are not kept."""
    names, before = samples.Names(), 0
    for part in listings.parts(path, {key}):
        if row < before + len(part.lines):
            ids = part.column("id") if key == "id" else _by_index(part, names, path)
            what = f"id {str(ids[row - before])!r} stands twice"
            return InputError(what, path=path, line=part.lines[row - before], expected="one row a record")
        before += len(part.lines)
    raise ValueError(f"{path} was changed while it was read")


def _by_index(part: Part, names: samples.Names, path: str) -> list[str]:
    indices = zip(part.lines, part.column("index"), strict=True)
    return [names.name({"index": index}, place=f"{path}:{line}") for line, index in indices]


def _row_key(id_: Any, variant: Any, view: Any, set_: Any, *, place: tuple[str, int]) -> tuple[str, int, str, Any]:
    path, line = place
    if not isinstance(id_, str | int) or isinstance(id_, bool):
        raise InputError(f"id is {id_!r:.40}", path=path, line=line, expected="text or a whole number")
    if not isinstance(variant, int) or isinstance(variant, bool):
        raise InputError(f"variant of id {id_!r} is {variant!r:.40}", path=path, line=line, expected="a whole number")
    return str(id_), variant, view or "text", set_


def _key(record: Record, variant: bool, view: bool, set_: bool) -> tuple[str, int, str, str | None]:  # noqa: FBT001
    return (
        record.id,
        record.variant if variant else 0,
        record.view if view else "text",
        record.set if set_ else None,
    )


def _name(id_: str, variant: int, view: str, set_: str | None) -> str:
    """Spell a key as one text; no two keys have the same."""
    return f"={id_}" if (variant, view, set_) == (0, "text", None) else repr((id_, variant, view, set_))
