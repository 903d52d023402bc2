"""The marks that are compared: ours, and what the papers put beside theirs, each with what its detection needs.

- `keyed`, `leximark`: the tool's own two strategies, by its own functions.
- `sequences`: one random string at the end of every document.
- `lookalikes`: letters that look Latin and are not.
- `triggers`: one odd sentence in every document.
- `unmarked`: no mark, the control.
- `membership`: the test for marks that have no exact null.
"""
