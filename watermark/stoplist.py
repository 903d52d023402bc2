"""Which words are left alone, and which are never offered?

`LEFT_ALONE` holds words that work as grammar more than as content, quantities, and words whose first synonym is usually
wrong in written prose; `NEVER_OFFERED` holds words that read oddly, or worse, as anybody's replacement.
"""

from __future__ import annotations

from typing import Final

GRAMMAR: Final = """
be have do can could may might must shall should will would need dare ought let make take get give go come put set keep
seem become say tell ask see look know think want try use find show work call mean turn run bring hold leave feel like
not no so too very also just only even still yet never ever always often again then than there here now once however
therefore thus hence else instead rather quite almost perhaps maybe well more most less least much many few little several
other another such same own each every both either neither all any some none one two three first second third next last
enough about above below after before between up down in out on off over under away back together apart along forward
else anyway otherwise especially only later soon yesterday today tomorrow please thank yes okay ok
"""

NOUNS: Final = """
thing way time day year month week hour minute people person man woman men women boy girl child part kind sort type lot
number amount case point fact place side end name word line list set order value file system state form group level
example reason result right left top bottom half pair couple bit mr mrs ms sir lady god lord king queen north south east
west january february march april may june july august september october november december monday tuesday wednesday
thursday friday saturday sunday police staff media data series species news mathematics physics politics clothes
thanks regard love hell fun
"""

TECHNICAL: Final = """
class object function method argument key string character return raise pass break test call field default code program
module package return import export exception error process thread lock index table row column record bit byte
buffer stream port host server client node tree leaf root branch loop script shell command statement expression
variable constant parameter instance attribute property interface library directory folder path address address
hash array vector matrix integer float double boolean character token block frame stack heap queue log memory
operator operand iterator generator decorator descriptor context document page screen window image print read write
open close bind wait float long short abstract static final public private protected native raw null void true false
""" 

NEVER_OFFERED: Final = frozenset(
    """
be have do get make take give go come put
ass bang bastard bitch bloody bollocks boob bugger bum cock coon crap cum dick dike dyke fag fanny fart fuck gay gook
hell homo honky ho hooker hump jerk knob lay mick negro nigger nooky nut oriental paddy piss prick pussy queer rape
retard rod sap savage screw sex shag shit slave slut spastic spic suck tit tits tool turd twat wank whore wog yid
aught naught nigh oft ere ye thou whence hither thither betwixt amongst whilst
""".split()
)
"""Lemmas; most of the first are harmless in another sense, and that sense is not worth the risk."""

LEFT_ALONE: Final = frozenset(f"{GRAMMAR} {NOUNS} {TECHNICAL}".split())
"""Lemmas."""
