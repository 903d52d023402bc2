"""What is done to a published corpus before a model is trained on it, and how that model is made and asked.

- `wording`: attacks that rewrite texts, aligned with what was published.
- `gathering`: attacks on the corpus: partial use, mixing, copies and their removal.
- `paraphrasing`: texts rewritten by a model that the user names.
- `catalogue`: every attack by name and strength.
- `workshop`: prose, marks and the base model, laid out in one folder.
- `trials`: one attack on one mark: attacked text, trained model, its scores.
- `findings`: scores become rows, and rows a table.
"""
