"""What is a document called, and was that name given before?

Whether an id was seen is remembered in eight bytes an id, in one flat table: the only thing in reading a corpus that
grows with it. Two different ids with the same eight bytes would be taken for one; among ten million that has a chance
of three in a million.
"""

from __future__ import annotations

import hashlib
from array import array
from typing import TYPE_CHECKING

from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenance.corpora.splice import Passage

FIRST_SLOTS = 1 << 10


def text_id(text: str) -> str:
    """Name a text by the first 16 hex digits of its SHA-256.

    Examples
    --------
    >>> text_id("")
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def naming() -> Callable[[Passage], str]:
    """Make a function that names each passage of one corpus, in reading order.

    It raises InputError where a file gives an id twice. A text that names itself may repeat: the second is called
    ``….2``, the third ``….3``.
    """
    first, repeats = _register(), dict[str, int]()

    def name(passage: Passage) -> str:
        if passage.id is None:
            return _name_of_text(text_id(passage.text), first, repeats)
        if not first(passage.id):
            hint = "--id-field NAME with a field that never repeats, or removing the repeat"
            raise InputError(f"duplicate id {passage.id!r}", path=passage.place, expected="an id once only", hint=hint)
        return passage.id

    return name


def _name_of_text(base: str, first: Callable[[str], bool], repeats: dict[str, int]) -> str:
    name = base
    while not first(name):
        repeats[base] = repeats.get(base, 1) + 1
        name = f"{base}.{repeats[base]}"
    return name


def _register() -> Callable[[str], bool]:
    slots, used = _slots(FIRST_SLOTS), 0

    def first(name: str) -> bool:
        nonlocal slots, used
        if 3 * used >= 2 * len(slots):
            slots = _grown(slots)
        # Zero marks an empty slot, so no key is zero.
        key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little") or 1
        slot = _slot(slots, key)
        if slots[slot]:
            return False
        slots[slot], used = key, used + 1
        return True

    return first


def _slots(count: int) -> array[int]:
    return array("Q", bytes(8 * count))


def _slot(slots: array[int], key: int) -> int:
    slot = key % len(slots)
    while slots[slot] not in (0, key):
        slot = (slot + 1) % len(slots)
    return slot


def _grown(slots: array[int]) -> array[int]:
    larger = _slots(2 * len(slots))
    for key in slots:
        if key:
            larger[_slot(larger, key)] = key
    return larger
