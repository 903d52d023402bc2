"""How often does each audit accuse somebody innocent?

- `workshop`: prose, a recorded run, copies of a marked release, and the few small models that are asked, made once.
- `scenarios`: what a null scenario is, and what one audit of it ended as.
- `order`, `watermark`, `trace`, …: the null scenarios of one audit each.
- `running`: all audits of all scenarios, side by side.
- `tallies`: rates with intervals, the rule that fails the benchmark, and the table.
"""
