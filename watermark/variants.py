"""Which wording does each variant of a document have at each site?

The key deals. For each coin, that is a (document, word, option set), it draws a permutation of a balanced multiset of
the options over variants 0 … M. Variants are then jointly exchangeable: nothing but the key tells which is published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenance.language.surprisal import surprisal
from provenance.records import Span
from watermark import keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watermark.keys import Key
    from watermark.sites import Site


def deal(key: Key, site: Site, *, release: str, document: str, variants: int) -> tuple[int, ...]:
    """Deal one site's options to variants 0 … `variants` − 1.

    A word with the same options is one coin wherever it stands in the document, whatever its case: it is replaced
    consistently.

    Returns
    -------
    For each variant the index of its wording in ``site.options``. Every option comes up equally often, give or take
    one; with two variants they never tie.
    """
    canonical, about = sides(site), (release, document, *coin(site))
    multiset = [
        canonical[index]
        for cycle in range(-(-variants // len(canonical)))
        for index in keys.permutation(key, len(canonical), about=("options", str(cycle), *about))
    ][:variants]
    return tuple(multiset[index] for index in keys.permutation(key, variants, about=("variants", *about)))


def sides(site: Site) -> list[int]:
    """Order a site's options, whatever their case and whichever of them stood in the text."""
    return sorted(range(len(site.options)), key=lambda index: (site.options[index].casefold(), site.options[index]))


def coin(site: Site) -> tuple[str, ...]:
    """Name the coin that decides a site among the coins of its document: the word, and its options in order.

    One variant's side is uniform over the options and independent of every other coin: the law of a redraw.
    """
    return (site.word, *(site.options[index].casefold() for index in sides(site)))


def rarest(site: Site) -> int:
    """Name the option with the rarest wording, the original left out: LexiMark's choice (arXiv 2506.14474)."""
    return max(range(1, len(site.options)), key=lambda index: (surprisal(site.options[index]), -index))


def render(text: str, sites: Sequence[Site], choices: Sequence[int]) -> str:
    """Put the chosen wording at every site and leave every other character as it is."""
    parts, at = [], 0
    for site, choice in zip(sites, choices, strict=True):
        parts += [text[at : site.start], site.options[choice]]
        at = site.end
    return "".join([*parts, text[at:]])


def spans(sites: Sequence[Site], choices: Sequence[int]) -> tuple[Span, ...]:
    """Say where `render` puts the chosen wordings in what it gives, and which others might stand there."""
    found, shift = list[Span](), 0
    for site, choice in zip(sites, choices, strict=True):
        start = site.start + shift
        shift += len(site.options[choice]) - (site.end - site.start)
        found.append(Span(start, site.end + shift, tuple(sorted(set(site.options)))))
    return tuple(found)
