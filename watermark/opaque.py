"""Which parts of a text are not prose?

Code, doctests, URLs, e-mail addresses, paths, markup and tables are left alone. Better to pass over a sentence than to
change a program.

>>> text = "Call `open(name)` or see https://example.org now"
>>> [text[start:end] for start, end in find(text)]
['`open(name)`', 'https://example.org']
"""

from __future__ import annotations

import re

FENCE = re.compile(r"^[ \t]*(```+|~~~+)[^\n]*\n.*?(?:^[ \t]*\1[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
QUOTATION = re.compile(
    r"""
      “(?:[^”\n]|\n(?![ \t\r]*\n))*+”?                           # to its end, or the paragraph's
    | "(?:[^"\n]|\n(?![ \t\r]*\n))*+"?
    | «(?:[^»\n]|\n(?![ \t\r]*\n))*+»?
    | ^[ \t]*>[^\n]*                                             # as in e-mail and Markdown
    """,
    re.VERBOSE | re.MULTILINE,
)
ELEMENT = re.compile(
    r"""
      <(table|pre|script|style)\b(?:(?!</\1).)*+(?:</\1|\Z)       # to its end, or the text's
    | <(code|kbd|samp|tt)\b(?:(?!</\2)[^\n]|\n(?![ \t\r]*\n))*+   # or the paragraph's
    | <!--(?:(?!-->).)*+(?:-->|\Z)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
INLINE = re.compile(
    r"""
      (?<!`)(`{1,3}+)(?:(?!\n[ \t]*\n|`).)+\1                                # `code`, ``code``
    | \b(?:https?|ftp|file|git|ssh)://[^\s<>"]*[^\s<>".,;:!?)\]'] # URLs
    | \bwww\.[^\s<>"]+
    | (?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+                                # e-mail addresses
    | </?[A-Za-z!](?:[^<>\n]|\n(?![ \t\r]*\n))*+>                   # tags
    | &\#?\w+;                                                    # entities
    | (?<![\w:]):[\w:]{1,60}+(?<=:)`[^`]+`                                             # roles
    | \$[^$\n]+\$                                                 # formulas
    | \\[A-Za-z]+(?:\{[^{}\n]*\})*
    | \{[^{}]*\} | \[[^\[\]\n]*\]\([^()\s]*\)
    | (?<![\w.])[\w.]++\([^()]*\)                                            # calls
    | (?<![\w.])[\w.]++\[[^\[\]\n]*\]                                        # subscripts
    | (?<!\w)\w++[ ]?=[ ]?\S+                                             # assignments
    | (?<![\w.~-])(?:[\w.~-]*+[/\\])++[\w.-]*                                   # paths and and/or
    """,
    re.VERBOSE | re.DOTALL,
)
"""Each alternative starts only where a run of its letters does and never gives letters back: long runs stay linear."""
LINE = re.compile(r"[^\n]*\n?")
PROMPT = re.compile(r"[ \t]*(?:>>>|\.\.\.|\$|#|%|In \[\d*\]:|Out\[\d*\]:)[ \t]")
TABLE = re.compile(r".*\|.*\||[ \t]*[=+|~^-]{3}|.*\t.*\S|.*\S {3,}\S")
STATEMENT = re.compile(
    r"""[ \t]*+ (?: (?:def|class|async|elif|except|finally|lambda|from\s\S+\simport|import|assert|del|yield|print)\b.*
    | (?:if|for|while|with|try|else)\b.*:\s* | return\b(?:(?!\.\s*$).)* | @\w.*
    | [-]{1,2}\w[\w-]*(?:[ =].*)? | [^"'\n]*[;{}]\s*
    | \.\.[ ]\w.*
    | :\w[\w ]*:.* )$""",
    re.VERBOSE,
)
DEEPER = 4
"""An indented block after an empty line, this much deeper than the text before it, is code."""

Span = tuple[int, int]


def find(text: str) -> tuple[Span, ...]:
    """Give the spans ``(start, end)`` that are not prose, in order, not overlapping."""
    spans = [match.span() for pattern in (FENCE, ELEMENT, INLINE) for match in pattern.finditer(text)]
    return merged([*spans, *_lines(text)])


def quotations(text: str) -> tuple[Span, ...]:
    """Give the spans that are quoted, in order, not overlapping; one that never closes ends with its paragraph.

    >>> text = 'She said “a large house” and "help", but not more.'
    >>> [text[start:end] for start, end in quotations(text)]
    ['“a large house”', '"help"']
    """
    return merged([match.span() for match in QUOTATION.finditer(text)])


def merged(spans: list[Span]) -> tuple[Span, ...]:
    """Join spans that overlap or touch.

    >>> merged([(5, 9), (0, 3), (2, 4)])
    ((0, 4), (5, 9))
    """
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > start:
            found.append((start, end))
    return tuple(found)


def _lines(text: str) -> list[Span]:
    """Give the lines that are code or tables: by their look, under a prompt, or by their indentation."""
    found: list[Span] = []
    under_prompt, block, level = False, False, _indentation(text)
    above, announced = "", False
    for match in LINE.finditer(text):
        line = match[0].rstrip()
        under_prompt = bool(line) and (under_prompt or PROMPT.match(line) is not None)
        if line and not above:
            block = _indent(line) >= level + (1 if announced else DEEPER)
        if line and (block or under_prompt or TABLE.match(line) or STATEMENT.match(line)):
            found.append(match.span())
        elif line and match.start():  # a docstring's first line has lost its indentation
            level = _indent(line)
        announced = line.endswith("::") if line else announced
        above = line
    return found


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _indentation(text: str) -> int:
    """Give the indentation of the text as a whole: the least of any line but the first."""
    return min((_indent(line) for line in text.splitlines()[1:] if line.strip()), default=0)
