"""What stands in a redacted bundle in place of what is private, so that every number can still be computed.

- `scores`: of each text how many tokens were scored, and their sum. Log-probabilities token by token are kept back:
  whoever has the model finds the text by them, trying at each place which token has just that one.
- `sound`: whether such a table is whole, and holds nothing else.
- `transcripts`: of each row where the run consumed it, what it was shuffled with, and numbers about its content.

Each table names the digest of the file that it stands for; who is given that file later checks both
(``provtool verify DIR --private FILE``).
"""
