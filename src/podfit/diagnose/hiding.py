"""Secrets of a log: what a diagnosis shows of a line is without them, for people paste it into public threads.

Hidden are users, passwords and tokens in addresses, what looks like the token of a known service, and the values of
names that end like a secret's. Lines are looked through as they are; what is shown of them is hidden.
"""

from __future__ import annotations

import re

from podfit.model.secrets import hidden

HIDDEN = "***"
_TOKENS = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{16,255}|github_pat_\w{16,255}|glpat-[\w-]{16,64}|hf_[A-Za-z0-9]{20,64}"
    r"|sk-[\w-]{20,200}|pypi-[\w-]{40,300}|xox[abpors]-[\w-]{10,200}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,60}"
    r"|eyJ[\w-]{10,2000}\.[\w-]{10,2000}\.[\w-]{10,2000})"
)
_BEARER = re.compile(r"(?i)\b((?:bearer|basic|token) )(?=[^\s'\"]*\d)[A-Za-z0-9._~+/=-]{8,2000}")
_VALUE = re.compile(
    r"(?i)(?<![A-Za-z])([\w-]{0,60}?(?:(?<!pad)(?<!eos)(?<!bos)(?<!unk)(?<!sep)(?<!cls)(?<!mask)[_-]token|\btoken|passwd|password|passphrase|secret"
    r"|secret[_-]?key|access[_-]?key|api[_-]?key|private[_-]?key|credentials?)['\"]?(?: ?[=:] ?|=))(['\"]?)(?!\*\*\*|[<$({\[])"
    r"[^\s'\",;)]{6,2000}"
)
"""A name that ends like a secret's, and its value; a tokenizer's own tokens (pad_token) are none."""

_KEY = re.compile(r"(?i)(\bkey['\"]?(?: ?[=:] ?|=)['\"]?)(?=[0-9a-z]*\d)[0-9a-z]{32,200}\b")
"""A mere key and a value as long as a secret is (`wandb.login(key=...)`)."""


def without_secrets(text: str) -> str:
    """Return what is shown of a line."""
    text = hidden(text)
    text = _TOKENS.sub(HIDDEN, text)
    text = _BEARER.sub(rf"\1{HIDDEN}", text)
    text = _KEY.sub(rf"\1{HIDDEN}", text)
    return _VALUE.sub(rf"\1\2{HIDDEN}", text)
