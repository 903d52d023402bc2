"""Words, sentences and parts of speech, with exact offsets.

>>> from provenance.language import sentences, words
>>> [word.text for word in words.find("It didn't rain.")]
['It', "didn't", 'rain']
>>> sentences.find("It rained. We left.")
((0, 10), (11, 19))

`surprisal` tells how rare a word is, `morphology` how it is inflected, `tagging` who says what part of speech it is.
"""

from __future__ import annotations
