"""How many questions does a finding take? Models in small, and the statistics that papers publish.

- `settings`: which models are trained, and on what.
- `workshop`: prose, releases, orders and models, made once and kept in a folder.
- `published`: the papers' statistics.
- `counting`: from p-values at growing numbers of queries to the number that is needed.
- `order`, `watermark`: ours and theirs, on the same answers of the same models.
"""
