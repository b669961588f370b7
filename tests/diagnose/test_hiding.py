"""What a diagnosis shows of a log has no secrets in it; a log that repeats itself costs no more than a short one."""

from __future__ import annotations

import pytest
from test_held_torch import causes

from podfit.diagnose import judge
from podfit.diagnose.hiding import without_secrets

SECRET = "hunter2SECRET77"
LONG = f"{SECRET}abcdef1234567890abcdef1234567890"
DISK = ": No space left on device\n"


@pytest.mark.parametrize(
    "line",
    [
        f"ERROR: HTTP error 403 while getting https://user:{SECRET}@nexus.example.org/x-1.0.whl\n",
        f"ERROR: HTTP error 403 while getting https://nexus.example.org/x-1.0.whl?token={SECRET}\n",
        f"fatal: could not read Password for 'https://{SECRET}@github.com': No such device or address\n",
        f"fatal: Authentication failed for 'https://oauth2:{SECRET}@gitlab.com/acme/x.git/'\n",
        f"ConnectionError: postgres://admin:{SECRET}@db:5432/x Connection refused\n",
        f"Authorization: Bearer {SECRET}{DISK}",
        f"AWS_SECRET_ACCESS_KEY={SECRET}{DISK}",
        f"curl -H 'X-Api-Key: {SECRET}' https://x: Could not resolve host: x\n",
        f"pip install x --password={SECRET}{DISK}",
        f'{{"api_key": "{SECRET}"}}{DISK}',
        f"HF_TOKEN={SECRET}{DISK}",
        f"call wandb.login(key={LONG}){DISK}",
        f"wandb.login(key='{LONG}'){DISK}",
        f"repo with token hf_{SECRET}AAAAAAAAAAAAAAAA{DISK}",
        f"gh said ghp_{SECRET}AAAAAAAAAA{DISK}",
    ],
)
def test_no_secret_of_a_log_is_shown(line: str) -> None:
    found = causes(line, None)
    assert found
    for one in found:
        shown = [one.cause, *one.fix, *(each.text for each in one.evidence)]
        assert SECRET not in " ".join(shown)


@pytest.mark.parametrize(
    "line",
    [
        "ValueError: pad_token: [PAD] and eos_token: <|endoftext|> differ",
        "TypeError: __init__() got an unexpected keyword argument 'use_auth_token'",
        "max_new_tokens=512, tokenizer=LlamaTokenizerFast, key = value",
        "KeyError: 'model.layers.0.self_attn.k_proj.weight'",
        "git+ssh://git@github.com/someone/tool.git",
        "ImportError: basic configuration of token types",
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert without_secrets(line) == line


def test_a_symptom_on_very_many_lines_is_looked_at_on_some(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    fields = judge.fields_of
    monkeypatch.setattr(judge, "fields_of", lambda hit, reading: (seen.append(hit.line), fields(hit, reading))[1])
    found = causes("/bin/sh: 1: conda: not found\n" * 5000, None)
    assert found[0].symptom == "program-not-found"
    assert len(seen) <= judge.MOST_PLACES
    assert seen[0] == 0 and seen[-1] == 4999
