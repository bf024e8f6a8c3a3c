"""Takes secrets out of a text before it is kept: in a trace, a report, a log.

Texts of other people's exceptions, names of resources and the source in a bug report may hold a key. What is kept has, in its
place, `•••`. Recognised are: the values of environment variables that are named like secrets, what follows a name such as
`api_key` or `Authorization`, a password in a URL, and the shapes of the common providers' keys. That is a net, not a proof:
the arguments and results of calls are never recorded in the first place.

Stands on no other floor, because all of them may need it.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache

__all__ = ["redact"]

SHOWN = "•••"
_NAMED = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH", re.I)
_SHORTEST = 8
# Bounded, and without what may stand before it: the time is linear in the text, whatever the text is.
_NAME = r"(?:api[_-]?key|authorization|access[_-]?token|auth[_-]?token|secret|passw(?:or)?d|credential)[\w-]{0,40}"
_IS = rf"""{_NAME}["']?\s{{0,9}}[:=]\s{{0,9}}"""
_SHAPES = r"(?:(?:sk|pk|rk|gsk|ghp|gho|glpat|hf|xox[abprs])[-_]|AKIA|AIza)"
_PATTERNS = (
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=*-]{6,}", re.I), rf"\1 {SHOWN}"),
    (re.compile(rf"""({_IS}[brfu]{{0,2}})(["'])(?:(?!\2).)*\2""", re.I), rf"\1\2{SHOWN}\2"),
    (re.compile(rf"""({_IS})(?!["'•]|Bearer|Basic)[\w.~+/*-]{{4,}}(?![\w(.\[])""", re.I), rf"\1{SHOWN}"),
    (re.compile(r"(://[^\s/:@]{0,200}:)[^\s/@]{1,500}(@)"), rf"\1{SHOWN}\2"),
    (re.compile(rf"\b{_SHAPES}(?=[\w*-]{{0,60}}[\d*])[A-Za-z0-9][\w*-]{{7,}}"), SHOWN),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"), SHOWN),  # a JSON web token
)


@lru_cache(maxsize=1024)  # names of hosts and resources, over and over
def redact(text: str) -> str:
    """`text` without the secrets in it.

    >>> redact("Incorrect API key provided: sk-proj-abcd1234efgh.")
    'Incorrect API key provided: •••.'
    >>> redact("OpenAI(api_key='abc', timeout=3)")
    "OpenAI(api_key='•••', timeout=3)"
    >>> redact("api_key=key, x=1")          # a variable's name is no secret
    'api_key=key, x=1'
    """
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST and value in text and _NAMED.search(name):
            text = text.replace(value, SHOWN)
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    return text
