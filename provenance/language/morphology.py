"""Which lemma and Penn tag can a word form be, and which form has a lemma under a tag?

A thin, cached layer over lemminflect's dictionary (no guesses for words it lacks), with two gaps closed: past
participles that it leaves out, and plurals that only repeat the singular.

>>> analyses("wolves")
(('NNS', 'wolf'),)
>>> inflect("travel", "VBN"), inflect("big", "JJR"), inflect("beautiful", "JJR")
('traveled', 'bigger', None)
"""

from __future__ import annotations

import functools

import lemminflect

from provenance.language.surprisal import zipf

UPOS = ("NOUN", "VERB", "ADJ", "ADV")
BASE = {"NN", "VB", "VBP", "JJ", "RB"}


@functools.lru_cache(maxsize=65_536)
def analyses(form: str) -> tuple[tuple[str, str], ...]:
    """Give every (Penn tag, lemma) of which a casefolded form is a content word's inflection, sorted."""
    found = {
        (tag, lemma)
        for upos, lemmas in lemminflect.getAllLemmas(form).items()
        if upos in UPOS
        for lemma in lemmas
        for tag, forms in _forms(lemma, upos).items()
        if form in forms
    }
    return tuple(sorted(found))


@functools.lru_cache(maxsize=65_536)
def lemma(form: str, xpos: str) -> str:
    """Give the lemma of a form under a tag, the commonest if there are several; the form itself if it is unknown."""
    lemmas = {found for tag, found in analyses(form) if tag == xpos}
    return max(sorted(lemmas), key=zipf, default=form)


@functools.lru_cache(maxsize=65_536)
def inflect(lemma: str, xpos: str) -> str | None:
    """Give the form of a lemma under a tag, the commonest if there are several; None if the dictionary has none."""
    if xpos in BASE:
        return lemma
    upos = {"N": "NOUN", "V": "VERB", "J": "ADJ", "R": "ADV"}[xpos[0]]
    return max(sorted(_forms(lemma, upos).get(xpos, ())), key=zipf, default=None)


@functools.lru_cache(maxsize=65_536)
def _forms(lemma: str, upos: str) -> dict[str, tuple[str, ...]]:
    forms = {tag: tuple(spelt) for tag, spelt in lemminflect.getAllInflections(lemma, upos).items()}
    if "VBD" in forms and "VBN" not in forms:
        forms["VBN"] = forms["VBD"]
    if "NNS" in forms:
        forms["NNS"] = tuple(form for form in forms["NNS"] if form != lemma)
    return forms
