"""PF123: hashes that the project states of a release, of which no file that is planned has one.

pip's hash-checking mode (https://pip.pypa.io/en/stable/topics/secure-installs/) would refuse that file. A list that was
made for another platform alone, or from another index, and a file that somebody exchanged look the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from podfit.model import Declaration, Evidence, EvidenceKind, Finding, Plan, Verdict
from podfit.model.requirement import parse_requires_dist
from podfit.model.words import shortened


def stated_hashes(plan: Plan, declarations: Iterable[Declaration]) -> Iterator[Finding]:
    """Yield a failed finding on each declared release of which the project states hashes and all planned files others.

    Only sha256 is compared, which every index has. A version that is not the declared one has other hashes anyway.
    """
    planned = {each.name: each.planned for each in plan.decisions}
    for declaration in declarations:
        stated = {text for text in declaration.hashes if text.startswith("sha256:")}
        asked = parse_requires_dist(declaration.requirement) if stated else None
        files = plan.artefacts.get(asked.target, ()) if asked is not None else ()
        there = {text for file in files for text in file.hashes if text.startswith("sha256:")}
        if asked is None or not there or stated & there or not asked.allows(planned.get(asked.target, "")):
            continue
        name = f"{asked.target} {planned[asked.target]}"
        files_there = shortened((file.filename for file in files), 2)
        text = (
            f"{declaration.where} states {len(stated)} hash{'es' * (len(stated) > 1)} of {asked.target}, and no file "
            f"of {name} that fits this template has one of them ({files_there}): pip refuses it where hashes are stated"
        )
        remedy = (
            "write the hashes anew for the template's platform (uv pip compile --generate-hashes), or see who "
            "exchanged the file"
        )
        evidence = Evidence(EvidenceKind.METADATA, str(declaration.where), declaration.requirement)
        yield Finding("hashes", asked.target, Verdict.FAILED, text, evidence, remedy)
