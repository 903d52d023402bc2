"""Which words are left alone, and which are never offered?

`LEFT_ALONE` holds words that work as grammar more than as content, quantities, and words whose first synonym is usually
wrong in written prose; `NEVER_OFFERED` holds words that read oddly, or worse, as anybody's replacement.
"""

from __future__ import annotations

from typing import Final

GRAMMAR: Final = """
be have do can could may might must shall should will would need dare ought let make take get give go come put set
keep seem become say tell ask see look know think want try use find show work call mean turn run bring hold leave feel
like not no so too very also just only even still yet never ever always often again then than there here now once
however therefore thus hence else instead rather quite almost perhaps maybe well more most less least much many few
little several other another such same own each every both either neither all any some none one two three first second
third next last enough about above below after before between up down in out on off over under away back together
apart along forward else anyway otherwise especially only later soon yesterday today tomorrow please thank yes okay ok
"""

NOUNS: Final = """
thing way time day year month week hour minute people person man woman men women boy girl child part kind sort type
lot number amount case point fact place side end name word line list set order value file system state form group
level example reason result right left top bottom half pair couple bit mr mrs ms sir lady god lord king queen north
south east west january february march april may june july august september october november december monday tuesday
wednesday thursday friday saturday sunday police staff media data series species news mathematics physics politics
clothes thanks regard love hell fun means country land ground earth government court judge minister fort fortress mill
wing football season match league club round course class career television film movie video lyric vocal song album
artillery gun captain officer commander son daughter father mother family house home school college church stage scene
role mode million billion zero nothing percent degree city town nation province mine fellow card engine guard plan
party office conspiracy style freeway highway defeat alignment colony perimeter monument tribe militia reserve scholar
summit garrison plane aircraft beam boss cattle dust rain debut entry trial contest rating vocals duck horse dog cat
bird
"""

TECHNICAL: Final = """
class object function method argument key string character return raise pass break test call field default code
program module package return import export exception error process thread lock index table row column record bit byte
buffer stream port host server client node tree leaf root branch loop script shell command statement expression
variable constant parameter instance attribute property interface library directory folder path address address hash
array vector matrix integer float double boolean character token block frame stack heap queue log memory operator
operand iterator generator decorator descriptor context document page screen window image print read write open close
bind wait float long short abstract static final public private protected native raw null void true false sequence
succession suite item element mapping encoding interpreter constructor implement numeric global scope relative manager
watcher daemon override literal locale exponent executable inner collection annotation undefined alphabet digit
execution instruction conversion subject format option count numerical universal circular mixed collation queue slice
suffix prefix comparison equality identity terminal signal socket handler listener wrapper iteration recursion
inheritance compile compiler install installation request response session token timeout release version revision
pattern matching regular escape ground sample population variance deviation mean median mode distribution density
"""

VAGUE: Final = """
special single possible small full total entire central certain sure wide significant particular various respective
similar various further prior according considered subsequently directly immediately described conditional condition
continue refer concern consist appear indicate determine contain correspond suffer withdraw retire attribute assign
cover equal arbitrary facility limit advance surround surrounding alongside expand include involve involvement promote
appoint release exit agree pursue honor honour decorate tomb conflict battle cost effect literally estimate compile
apply handle evaluation exactly actually finally remaining remain reduced cut shortly presently mostly fall movement
decision evidence finish religious mixed plan planned believe estimate designation economic economical historic
historical accidentally instantly direct earn arrest discover stop stone rock ray crossing responsible view
controversy producer arrange arranged lack efficient effective extra omit simply regardless accept acceptance address
affect arise aware bare clear clean closed common complex cool corner critical current deep due easy exact explicit
express fair fast fine firm fit flat follow formal free fresh general grand hard heavy high hot ideal introduce issue
keep kind lead light live local loose low master material matter mind minor miss move natural near neat normal note
observe offer plain poor present proper pure quick rare raw rich rough round secure serious sharp short simple slight
soft solid sound specific stable standard start stick straight strict strong subtle suggest tend thin tight touch
trace track train trust vary watch weak whole wild range reference feature documentation source segment tour night
self tar crew personnel underlying terminus content grazing yield junction trailing lookup invoke exercise flow
priority precedence usage alone die win winning press sub rear moment commit custom destination probability infinity
concatenation audit repetition operate unlike eve evening differ product strictly phase necessarily model framework
minimum external internal knowledge conference kernel resolve insert scheme copy copying variant mass partner van
question motion subscript suppress configuration improper canonical await cancel preserve typical establish
establishment constitution interview radio commitment associate serve main settle settlement village authority
authorization occupation passage generation motivation ordering shutdown virtual practical offending disable unwind
collectable respect restart awaken reflexive backwards backward abstraction endpoint evaluate intermediate health
talent nutrient contribute animal beast food timber cage eye humor thousand disc palace shoot shot mount cross athlete
husband spouse transportation vegetation triple password transfer append crash clash preview substitution substitute
steering facilitate clothing war warfare road route human men initialize initialise midpoint epoch unique era store
aside finding boundary bound member coalition route emphasis premise assistant ancestry whiskey harbour harbor praise
verse poetry
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

LEFT_ALONE: Final = frozenset(f"{GRAMMAR} {NOUNS} {TECHNICAL} {VAGUE}".split())
"""Lemmas and forms."""

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
