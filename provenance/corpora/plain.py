"""How is a plain text file one document?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance.corpora import lines
from provenance.corpora.splice import Passage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenance.corpora.files import File


def pieces(file: File) -> Iterator[str | Passage]:
    """Give a byte order mark if there is one, then the document, called by the file's name; an empty file is none."""
    text = lines.whole(file)
    if text.startswith(lines.BOM):
        yield lines.BOM
        text = text.removeprefix(lines.BOM)
    if text:
        yield Passage(text=text, id=file.name, place=str(file.path), raw=text)
