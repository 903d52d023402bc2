"""Which words are left alone, and which are never offered?

`LEFT_ALONE` holds words that work as grammar more than as content, and words that count, date or point: a synonym would
change a fact. `NEVER_OFFERED` holds words that read oddly, or worse, as anybody's replacement.
"""

from __future__ import annotations

from typing import Final

GRAMMAR: Final = """
be have do can could may might must shall should will would need dare ought let not no never ever than there here now
then more most less least much many few little several other another such same own each every both either neither all
any some none up down in out on off over under please yes okay ok mr mrs ms sir
"""

FACTS: Final = """
one two three four five six seven eight nine ten hundred thousand million billion first second third next last
yesterday today tomorrow north south east west northern southern eastern western january february march april may june
july august september october november december monday tuesday wednesday thursday friday saturday sunday
"""

OFFENSIVE: Final = """
ass bang bastard bitch bloody bollocks boob bugger bum cock coon crap cum dick dike dyke fag fanny fart fuck gay gook
hell homo honky ho hooker hump jerk knob lay mick negro nigger nooky nut oriental paddy piss prick pussy queer rape
retard rod sap savage screw sex shag shit slave slut spastic spic suck tit tits tool turd twat wank whore wog yid
"""

ODD: Final = """
be have do get make take give go come put wearable perennial near some late part parole treble propagation times
concord consort metropolis info pic auto autumn mag meg spec bloke fella tribunal pike let keep deal dwell farther
ascertain concern better amend littler auspicious anterior vantage licking licked after but about straight quick slow
fresh maybe sure like little just grounds rooms nil confederacy subbed sub collar burn pastor rector sustain boost
motorway menace trauma conceptual irregular pasture cosmopolitan commonwealth dispirited spook mortal soul nowadays
lately actually residue succession aggregation comprise languages picture yearn solely furnish aught naught nigh oft
ere ye thou whence hither thither betwixt amongst whilst
"""

NEVER_OFFERED: Final = frozenset(f"{OFFENSIVE} {ODD}".split())
"""Lemmas; most of the offensive are harmless in another sense, and that sense is not worth the risk."""

LEFT_ALONE: Final = frozenset(f"{GRAMMAR} {FACTS}".split())
"""Lemmas."""

PAIRS: Final = """
specify/define define/specify behavior/conduct behaviour/conduct large/great attempt/seek start/get required/demand
require/demand require/ask need/ask need/want allow/let permit/let occur/pass happen/pass route/itinerary
usage/utilization notice/mark reach/attain owner/proprietor speed/velocity element/constituent provide/offer
describe/report describe/draw evaluate/measure summer/summertime nearly/virtually usually/commonly normally/commonly
really/truly mapping/function detail/item project/task task/project task/job cause/have exclude/except support/back
select/opt choose/opt choose/prefer change/vary vary/change store/hive create/make produce/make construct/make
begin/get return/retrovert receive/get obtain/get become/go involve/ask show/demo purpose/intent reach/make
achieve/reach discuss/hash perform/do execute/do execute/accomplish search/look inform/tell speak/talk gather/meet
meet/see encounter/see encounter/meet understand/see additional/more ensure/insure ensure/see guarantee/vouch
permission/license rule/convention author/source publish/print record/enter register/show split/part contact/meet
perhaps/perchance primarily/chiefly mainly/chiefly main/chief primary/chief instance/case various/several desire/want
desired/wanted generally/broadly newly/fresh probably/likely
"""

UNFIT: Final = frozenset(tuple(pair.split("/")) for pair in PAIRS.split())
"""Pairs (lemma, other) that share a sense in the lexicon, but seldom in prose."""
