"""How is a long list used that is never held? Its items are made when they are asked for, and forgotten."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, overload

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")
AT_ONCE = 8_192
"""Items that are looked at together."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unheld(Sequence[T]):
    """A sequence that is gone through from the beginning, now and then by number, and never held whole."""

    length: int
    passing: Callable[[], Iterable[T]]
    """Makes one item after the other."""
    at: Callable[[int], T]
    """Makes one item, by its number from 0."""
    arrow: Callable[[], Iterator[pa.Array]] | None = None
    """Gives all as Arrow arrays, where they come from such."""
    table: Callable[[Sequence[str]], Iterator[pa.RecordBatch]] | None = None
    """Gives some columns of all, where they are rows of a table."""

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[T]:
        return iter(self.passing())

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        """Make one item; a slice makes all of its own and is held."""
        if isinstance(index, slice):
            return tuple(self.at(number) for number in range(self.length)[index])
        return self.at(range(self.length)[index])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(other) != len(self):
            return False
        return all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment] # like a list

    def __reduce__(self) -> tuple[Any, ...]:
        """Let another process have it as a tuple."""
        return tuple, (tuple(self),)


def taken(items: Sequence[T], numbers: NDArray[np.int64]) -> Unheld[T]:
    """See some items, by their numbers, as a list of their own, 8 bytes each."""
    return Unheld(
        length=len(numbers),
        passing=lambda: (items[number] for number in numbers.tolist()),
        at=lambda number: items[int(numbers[number])],
    )


def of_arrays(arrays: Sequence[pa.Array]) -> Unheld[Any]:
    """See Arrow arrays that are held, one after the other, as the Python values in them."""
    whole = pa.chunked_array(arrays)
    return Unheld(
        length=len(whole),
        passing=lambda: itertools.chain.from_iterable(chunk.to_pylist() for chunk in whole.chunks),
        at=lambda number: whole[number].as_py(),
        arrow=lambda: iter(whole.chunks),
    )


def batches(items: Sequence[Any], kind: pa.DataType) -> Iterator[pa.Array]:
    """Give any sequence as Arrow arrays, some thousand items at a time."""
    if isinstance(items, Unheld) and items.arrow is not None:
        yield from items.arrow()
        return
    each = iter(items)
    while some := list(itertools.islice(each, AT_ONCE)):
        yield pa.array(some, type=kind)


def together(*columns: tuple[Sequence[Any], pa.DataType]) -> Iterator[tuple[pa.Array, ...]]:
    """Give sequences of one length side by side, each part as long in all of them."""
    sources = [batches(items, kind) for items, kind in columns]
    parts = [pa.array([], type=kind) for _, kind in columns]
    while True:
        parts = [part if len(part) else next(source, part) for part, source in zip(parts, sources, strict=True)]
        length = min(map(len, parts))
        if not length:
            return
        yield tuple(part.slice(0, length) for part in parts)
        parts = [part.slice(length) for part in parts]
