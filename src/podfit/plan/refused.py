"""What is said of needs that cannot be had as they are asked for, and of pins that gave way."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from podfit.catalogue.cuda_names import cuda_of
from podfit.catalogue.imports import find, modules_of, unreleased
from podfit.catalogue.summary import Summary
from podfit.model import Bound, Finding, Need, OpenQuestion, Overlay, RefusedNeed, Template, Verdict
from podfit.model.versions import parsed, same_version
from podfit.model.words import head_of, in_short, listed, shortened

_PROOF = re.compile(r"[Bb]ecause .*(?:unsatisfiable|cannot be used)\. ?", re.DOTALL)
"""The resolver's proof, up to where it says what follows."""

_ASKS_HELD = re.compile(
    r"([a-z0-9][^\s,]*) depends on ([a-z0-9._-]+)(?:\{[^}]*\})?([<>=!~][^\s,]*(?:,[<>=!~][^\s,]*)*)"
    r" and \2(?:\{[^}]*\})?=="
)
"""Where the resolver's proof says who asks for what of something that has one version."""

_NOTHING = r" Of the template, | has a wheel for |; of the template, .*requires|: there is no release "
"""What an explanation says of which no release fits."""

_WITH_IT = "Take a template that goes with it (podfit recommend)."

_LONG = 900
"""A longer explanation that names who stands against a need says no more by its proof."""


Known = Callable[[], Sequence[Summary]]
"""Returns the catalogue's templates in a few words each, in the order to name them; asked where one is to be named."""


def refusal(
    refused: RefusedNeed,
    need: Need | None,
    template: Template,
    held: Collection[str],
    known: Known = tuple,
    ruled: str = "",
) -> str:
    """Return why a need cannot be had, and what would do; known are the templates that may be named.

    ruled is what rules versions of it out, empty where nothing does.
    """
    plain = _plainly(refused, template, held)
    if own := _of_its_own(refused, ruled):
        plain, ruled = own, "" if ruled in own else ruled
    said = _remedied(plain, refused, need.specifier if need is not None else "", template, held, known)
    return f"{said} What rules versions out: {ruled}." if ruled else said


def _remedied(
    plain: str, refused: RefusedNeed, specifier: str, template: Template, held: Collection[str], known: Known
) -> str:
    """Return an explanation with what would do; specifier is what was asked for."""
    said = plain.rstrip()
    said = said if said.endswith((".", "!", "?")) else f"{said}."
    if refused.name in held:
        return f"{said} {_elsewhere(refused.name, specifier, template, known)}"
    if not refused.fitting and (instead := _for_this_cuda(refused.name, template)):
        return f"{head_of(said)}: {instead}"
    project = unreleased(refused.name)
    if not refused.fitting and project is not None and project.url:
        return f"{said} {refused.name} {project.reason}: ask for {refused.name} @ {project.url}."
    remedy = _nearest(refused, specifier, template) if refused.fitting else _another(said, refused, template)
    return f"{said} {remedy}" if remedy else plain


def _nearest(refused: RefusedNeed, specifier: str, template: Template) -> str:
    """Return what of a need fits without its limits, and what to do."""
    if refused.without:
        return (
            f"Without {_extras(refused)} and its own limits, {refused.name} {refused.fitting} fits: "
            "leave them out, or take another template."
        )
    if refused.near == refused.fitting:
        return (
            f"{refused.name} {refused.near} is the nearest release that fits: ask for that, or take another template."
        )
    present = template.distributions.get(refused.name)
    if present is not None and same_version(present.version, refused.fitting):
        fits = f"the template's {present.version} stays"
    else:
        only = "only the older " if _older(refused.fitting, specifier) else ""
        fits = f"{only}{refused.name} {refused.fitting} would fit"
    return f"Without its own limit {fits}: widen the limit, or take another template."


def _another(said: str, refused: RefusedNeed, template: Template) -> str:
    """Return what to do where an explanation says that nothing fits, or what stands against it; empty for neither."""
    other = same_module(refused.name, template)
    other = f"{other}: ask for that, or " if other else ""
    if refused.floor:
        where = f"from {refused.floor} on fits {template.name}"
    elif said.endswith(("unsatisfiable.", "used.")) or re.search(_NOTHING, said):
        where = f"fits {template.name}"
    elif said.endswith(" is never changed."):
        return f"{other}take a template that goes with it (podfit recommend)." if other else _WITH_IT
    else:
        return ""
    return f"Nothing of it {where}: {other}take another template (podfit recommend)."


def same_module(name: str, template: Template) -> str:
    """Return which other distributions bring a module of one, none of them for another CUDA; empty for none."""
    cuda = template.cuda
    major = cuda.value.partition(".")[0] if cuda is not None else ""
    entries = [entry for module in modules_of(name) if (entry := find(module)) is not None]
    names = dict.fromkeys(each for entry in entries for each in (entry.distribution, *entry.also) if each != name)
    for_it = [each for each in names if (said := cuda_of(each, "")) is None or said.major == major]
    brings = "brings" if len(for_it) == 1 else "bring"
    return f"{listed(for_it)} {brings} the same module" if for_it else ""


def _for_this_cuda(name: str, template: Template) -> str:
    """Return what a distribution for another CUDA, as its name says, would be called for the template's."""
    cuda, said = template.cuda, cuda_of(name, "")
    major = cuda.value.partition(".")[0] if cuda is not None else ""
    if cuda is None or said is None or not major or said.major == major:
        return ""
    return (
        f"it is for CUDA {said.major}, as its name says, and the template is for {cuda.value}: "
        f"ask for {said.build_for(major)}, or take another template."
    )


def _elsewhere(name: str, specifier: str, template: Template, known: Known) -> str:
    """Return which templates of the catalogue have what is asked of torch, those of the same family first."""
    if name != "torch":
        return "Take a template whose torch it belongs to (podfit recommend)."
    wanted = SpecifierSet(specifier)
    has = [each for each in known() if each.torch and wanted.contains(each.torch, prereleases=True)]
    names = in_order(has, template, known)
    if not names:
        return f"No template of the catalogue has {name}{specifier}: take one that you have, or widen the range."
    return f"{shortened(names, 3)} of the catalogue have {name}{specifier}: take one (-t {names[0]}; podfit recommend)."


def in_order(found: Iterable[Summary], template: Template, known: Known) -> list[str]:
    """Return the names of templates: those of the template's family first, in the order in which they are known."""
    places = {each.name: place for place, each in enumerate(known())}
    family = next((each.family for each in known() if each.name == template.name), "")
    chosen = sorted(found, key=lambda each: (not family or each.family != family, places[each.name]))
    return [each.name for each in chosen if each.name != template.name]


def _older(version: str, specifier: str) -> bool:
    """Tell whether a release is older than all that a specifier names."""
    named = [parsed(each.version.removesuffix(".*")) for each in SpecifierSet(specifier) if each.operator != "!="]
    read = parsed(version)
    return bool(named) and read is not None and all(each is not None and read < each for each in named)


def _admits(limits: str, version: str) -> bool:
    """Tell whether limits, as the resolver writes them, admit a version; what is none of PEP 440's admits nothing."""
    try:
        return SpecifierSet(limits).contains(version, prereleases=True)
    except InvalidSpecifier:
        return False


def _plainly(refused: RefusedNeed, template: Template, held: Collection[str]) -> str:
    """Return the explanation, in short: without the resolver's proof where one of three sentences says it all.

    These are that the need itself has no wheel, that something below it has none, and that it is made for another
    version of something held.
    """
    name = re.escape(refused.name)
    head = head_of(refused.message)
    own = rf"(?<![a-z0-9._-]){name}(?:\[[^\]]*\])?(?:[<>=!~]\S*)?"  # no other that is called after it
    asked = re.findall(rf"{own} depends? on ([a-z0-9._-]*[a-z0-9])((?:[<>=!~]=?)\S*\w)", refused.message)
    for other, limits in reversed(asked):
        there = template.distributions[other].version if other in held and other in template.distributions else ""
        if there and other != refused.name and not _admits(limits, there):
            return f"{head}: it is made for {other}{limits}, and the template's {other} {there} is never changed."
    if _of_itself(refused) and not re.search(
        r" Of the template, |wheel|there (?:is|are) no versions? of", refused.message
    ):
        return f"{head}: no release that this admits runs here."
    if re.search(rf"{name} \S+ has no wheel for|No release of {name}\S* has a wheel for", refused.message):
        return _PROOF.sub("", refused.message)
    if built := re.search(r"\. ([a-z0-9._-]+) \S+ has no wheel for Python", refused.message):
        needs = f"t needs {built[1]}, and "
        return _PROOF.sub(lambda proof: ("I" if proof[0][0] == "B" else "i") + needs, refused.message, count=1)
    if "; of the template, " in refused.message and len(refused.message) > _LONG:
        return _PROOF.sub("", refused.message).rstrip()
    return in_short(refused.message)


def _of_itself(refused: RefusedNeed) -> bool:
    """Tell whether the resolver's proof speaks of the need's own versions alone: what rules them out is said then."""
    proof = _PROOF.search(refused.message)
    if proof is None or re.search(r"\bdepends? on\b|\ball versions of\b", proof[0]):
        return False
    return {*re.findall(r"([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?(?=[<>=!~]=?)", proof[0])} == {refused.name}


def _of_its_own(refused: RefusedNeed, ruled: str) -> str:
    """Return the explanation where the resolver's proof speaks of nothing but the need itself; empty where it does not.

    That its versions are ruled out is what podfit told the resolver: told is why (ruled), or that there is none.
    """
    if not _of_itself(refused):
        return ""
    none = re.search(r"there (?:is|are) no versions? of (\S+?),? and ", refused.message)
    told = f"there is no release {none[1]}. " if none else f"{ruled}. " if ruled else ""
    return _PROOF.sub(lambda _: told, refused.message, count=1).strip() if told else ""


def given_way(
    overlay: Overlay,
    needs: Mapping[str, Need],
    template: Template,
    held: Collection[str],
    bounds: Sequence[Bound] = (),
) -> Iterator[Finding]:
    """Yield a warning for each exact pin that gave way: to what is held, and with it where it cannot be had.

    bounds are what was learned: the first on a need is said where its own versions alone stand against it.
    """
    for name, pin in sorted(overlay.ignored_pins.items()):
        need = needs[name]
        version = template.distributions[name].version
        yield Finding(
            "held",
            name,
            Verdict.WARNING,
            f"the project pins {name}{pin if not need.url else f' @ {pin}'}; "
            f"the template's {version} is never changed and takes its place",
            need.evidence[0],
            f"test with {version}, or take {name} out of the requirements",
        )
    for refused in overlay.refused:
        if refused.gave_way and not refused.without_extras_alone(needs[refused.name]):
            learned = next((each.reason for each in bounds if each.name == refused.name), "")
            why = learned if learned and _of_itself(refused) else _why(refused, template, held)
            yield Finding(
                "held",
                refused.name,
                Verdict.WARNING,
                f"{_taken(refused, needs[refused.name])}, for {refused.gave_way} ({why})",
                needs[refused.name].evidence[0],
                f"test with {refused.fitting}" if refused.fitting else _wanted(needs[refused.name]),
            )


def _wanted(need: Need) -> str:
    """Return what to do where a need that was left out is wanted after all."""
    folder = need.evidence[0].source.rpartition(":")[0].rpartition("/")[0]
    return f"plan {folder} by itself" if folder and need.declared and not need.beside else "declare it if it is wanted"


def bare(overlay: Overlay, needs: Mapping[str, Need], template: Template, held: Collection[str]) -> Iterator[Finding]:
    """Yield what is said of each need that is planned as it is asked for, but for extras that cannot be had.

    A failure where a manifest asks for them, for nobody knows what goes on without; a warning where none does.
    """
    for refused in overlay.refused:
        need = needs.get(refused.name)
        if need is None or not refused.without_extras_alone(need):
            continue
        called = f"{refused.name}[{','.join(refused.without)}]"
        said = _plainly(refused, template, held).replace(": it is made for ", f": {_extras(refused)} asks for ", 1)
        if "we can conclude" in said:
            why = _of_held(refused.message, template, held) or "cannot be had beside what else is asked for and held"
            said = f"{head_of(said)}: {_extras(refused)} {why}"
        spare = bool(refused.gave_way or need.beside or need.aside or need.dispensable)
        yield Finding(
            "held",
            refused.name,
            Verdict.WARNING if spare else Verdict.FAILED,
            f"{said.rstrip('. ')}. {refused.name} {refused.fitting} is planned without {_extras(refused)}",
            need.evidence[0],
            f"ask for {need.without(refused.without).called} where nothing that {called} brings is used, "
            "or take another template (podfit recommend)",
        )


def _of_held(proof: str, template: Template, held: Collection[str]) -> str:
    """Return what the resolver's proof says of something held that what an extra brings asks for; empty for nothing."""
    for asker, name, limits in _ASKS_HELD.findall(proof):
        if name in held and name in template.distributions:
            there = f"the template's {name} {template.distributions[name].version} is never changed"
            return f"brings {asker}, which requires {name}{limits}, and {there}"
    return ""


def _extras(refused: RefusedNeed) -> str:
    """Return the extras that cannot be had, as words."""
    return f"its extra{'s' * (len(refused.without) > 1)} {listed(refused.without)}"


def open_questions(overlay: Overlay, needs: Iterable[Need]) -> Iterator[OpenQuestion]:
    """Yield a question for each need of which nobody could be asked whether it can be had."""
    stated = {need.name: need for need in needs}
    for refused in overlay.refused:
        if refused.open:
            said, _, remedy = refused.message.partition("; ")
            told = f"{said}: the rest is planned without it"
            yield OpenQuestion(refused.name, told, stated[refused.name].evidence, remedy)


def _why(refused: RefusedNeed, template: Template, held: Collection[str]) -> str:
    """Return the explanation as the end of a sentence, without who asks."""
    said = _plainly(refused, template, held)
    return re.sub(rf"^the project needs {re.escape(refused.name)}\S*(?: \([^)]*\))?[:;] ", "", said).rstrip(". ")


def _taken(refused: RefusedNeed, need: Need) -> str:
    """Return what comes in the place of what was asked for."""
    asked = f"{refused.name}{need.specifier}"
    return f"{refused.fitting} takes the place of {asked}" if refused.fitting else f"{asked} is left out"
