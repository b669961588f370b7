"""Fields that follow from others, family by family: what a name, a library, a version or an architecture means."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from podfit.catalogue.held import is_held
from podfit.catalogue.imports import find, is_generic, is_known, is_shared, meant, unpublished
from podfit.catalogue.system_libraries import debian_packages, relatives
from podfit.catalogue.table import table
from podfit.diagnose import extract
from podfit.diagnose.clashes import find_clash
from podfit.diagnose.derived_crash import crash_fields
from podfit.diagnose.derived_cuda import arch_fields, library_fields, nccl_fields, torch_fields
from podfit.diagnose.derived_index import already_there, index_fields, removed
from podfit.diagnose.derived_names import hugging_face_fields, moved_fields, name_fields, outer
from podfit.diagnose.derived_python import python_fields
from podfit.diagnose.reading import Reading
from podfit.diagnose.tracebacks import Raised
from podfit.far.symptoms import Hit
from podfit.model import canonical

_Fields = dict[str, str]
_Derive = Callable[[_Fields, Hit, Reading, "Raised | None"], None]
_UNREACHED = (
    "Failed to establish a new connection",
    "name resolution",
    "Retrying (Retry(",
    "Could not fetch URL",
    "Connection to pypi.org timed out",
    "SSLError(",
    "ProxyError(",
)
"""What pip prints of an index that it cannot reach, before it says that it found nothing."""
_BOOSTING = {"lgb": "lightgbm", "lightgbm": "lightgbm", "xgb": "xgboost", "xgboost": "xgboost", "catboost": "catboost"}


def _numpy(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """NumPy: which of two sizes or interfaces is the newer one; who uses what it lacks."""
    if fields.get("got", "").isdigit() and fields.get("expected", "").isdigit():
        above = " ".join(line.text for line in reading.lines[max(0, hit.line - 4) : hit.line])
        inside = re.search(r"\bin init (numpy(?:\.\w+)+)\(\)\s*$", above)
        fields["numpy_itself"] = inside[1] if inside else ""
        fields["numpy_shrank" if int(fields["got"]) < int(fields["expected"]) else "numpy_grew"] = "yes"
    have = fields.get("have", "")
    if (
        hit.row["id"] == "abi-version"
        and have.startswith("0x")
        and ((int(have, 16) >= 0x1000000 and int(have, 16) >= 0x2000000) or have in ("0x12", "0x13"))
    ):
        fields["numpy_is_two"] = "yes"
    names = table("moved_names")["numpy"]
    if hit.row["id"] == "numpy-import-name":
        moved_fields(fields, "numpy", fields.get("where", ""), fields.get("name", ""))
    came = names["came"].get(fields.get("name", ""))
    if came:
        fields["numpy_new"] = came
    _own_numpy(fields, one)


def _own_numpy(fields: _Fields, one: Raised | None) -> None:
    """Leave the culprit out where the project's own code uses NumPy."""
    if fields.get("culprit") in ("numpy", "scipy"):
        fields["culprit"] = ""


def _modules(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """A module: its distribution, whether it is the project's own, or Python's."""
    module = fields.get("module", "")
    where = fields.get("where", "")
    if where and not fields.get("distribution"):
        fields["distribution"] = extract.distribution_of(where)
        path = fields.get("path", "")
        fields["own_path"] = (
            "yes"
            if path and not re.search(r"(?:site|dist)-packages|[\\/]lib[\\/]python|unknown location", path)
            else ""
        )
        fields["private_name"] = "yes" if fields.get("name", "").startswith("_") else ""
        fields["circular"] = "yes" if "circular import" in reading.lines[hit.line].text else ""
        top = where.partition(".")[0]
        fields["own_where"] = "" if is_known(top) or _in_packages(top, reading) else "yes"
        if fields.get("importer") == fields["distribution"]:
            fields["importer"] = outer(one, fields["distribution"])
        moved_fields(fields, fields["distribution"], where, fields.get("name", ""))
        fields["goes_with_torch"] = (
            "yes" if fields.get("importer") == "torch" and is_held(fields["distribution"]) else ""
        )
    named = fields.get("optional", "") or fields.get("named", "")
    if named:
        other = meant(canonical(named))
        fields["distribution"] = other.distribution if other is not None else canonical(named)
    if not module:
        return
    top = module.partition(".")[0]
    known = find(module)
    fields["distribution"] = reading.there.owners.get(top) or extract.distribution_of(module)
    project = unpublished(module) if known is None else None
    fields["elsewhere"] = f"{top} {project.reason}" if project else ""
    fields["guessed"] = "" if known or project or top in reading.there.owners else "yes"
    if fields["distribution"] and fields["distribution"] != canonical(top):
        fields["comes_from"] = f" (it comes from {fields['distribution']})"
    already_there(fields, reading)
    inside = bool(fields.get("importer"))
    if not inside and not known and (is_generic(top) or _looks_own(top, reading)):
        fields["own_module"] = "yes"
    parent, dot, last = module.rpartition(".")
    if dot and (known or _in_packages(top, reading)) and not is_shared(top):
        fields["part_of_installed"] = "yes"  # where the package itself were absent, Python would name that
        moved_fields(fields, fields["distribution"], parent, last)
        above = " ".join(line.text for line in reading.lines[max(0, hit.line - 4) : hit.line])
        asked = re.search(rf"from {re.escape(module)} import (\w+)", above)
        if asked and not fields["gone_in"]:
            moved_fields(fields, fields["distribution"], module, asked[1])
    if fields.get("importer") == fields["distribution"]:
        fields["importer"] = outer(one, fields["distribution"])


def _in_packages(top: str, reading: Reading) -> bool:
    """Tell whether the log shows a module in site-packages."""
    return any(f"-packages/{top}" in line.text or f"-packages\\{top}" in line.text for line in reading.lines)


def _looks_own(top: str, reading: Reading) -> bool:
    """Tell whether the log shows a folder or file of the project that has a module's name."""
    pattern = re.compile(rf"(?<!-packages)[/\\]{re.escape(top)}(?:[/\\]|\.py)")
    return any(pattern.search(line.text) and "-packages" not in line.text for line in reading.lines) or bool(
        re.fullmatch(
            r"(?:src|utils?|models?|modules?|config|configs|data|datasets?_?\w*|lib|core|common|scripts?|tests?|helpers?|networks?|losses|layers|engine|trainer|tools|options|my_?\w*|app|main|train|preprocess\w*|dataloader\w*|model_\w+|data_\w+|utils_\w+|\w+_utils)",
            top,
        )
    )


def _names_on_index(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """A distribution that pip does not find: a wrong name, Python's own, a version, a Python, a local version."""
    wanted = canonical(fields.get("wanted", ""))
    if not wanted or hit.row["id"] != "no-matching-distribution-name":
        return
    fields["wanted"] = wanted
    fields["in_no_registry"] = "yes" if "not found in the package registry" in reading.lines[hit.line].text else ""
    text = " ".join(line.text for line in reading.lines[max(0, hit.line - 12) : hit.line + 6])
    if any(words in text for words in _UNREACHED) and not re.search(r"\(from versions: (?!none\))", text):
        fields["network_down"] = "yes"
        return
    listed = re.search(r"\(from versions: (?P<list>[^)]{0,4000})\)", text)
    local = re.search(rf"{re.escape(wanted)}==[\w.]+\+(?P<local>cu\d+|cpu|rocm[\d.]+)", text)
    wrong = meant(wanted)
    other = find(wanted.replace("-", "_")) or find(fields["wanted"])
    if listed and listed["list"] not in ("none", ""):
        fields["has_versions"] = "yes"
        if local:
            fields["local_version"], fields["has_versions"] = local["local"], ""
            public = local[0].partition("==")[2].partition("+")[0]
            fields["local_absent"] = "" if public in re.split(r"[,\s+]+", listed["list"]) else public
    elif "require a different python version" in text or "Requires-Python" in text:
        fields["ignored_for_python"] = "yes"
    elif wrong is not None:
        fields["meant"] = wrong.distribution
    elif other is not None and other.distribution != wanted:
        fields["meant"] = other.distribution
    elif python_module(wanted.replace("-", "_")):
        fields["is_stdlib"] = "yes"
    elif local:
        fields["local_version"] = local["local"]
    elif is_known(wanted.replace("-", "_")):
        fields["known_name"] = "yes"


@lru_cache(maxsize=1)
def _standard() -> frozenset[str]:
    """Return the modules of any Python 3."""
    import stdlibs

    return frozenset(stdlibs.stdlib_module_names(stdlibs.ALL))


def python_module(name: str) -> bool:
    """Tell whether a module is Python's own."""
    return name in _standard()


def _resolver(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """Which requirements exclude each other, and which of them gives way."""
    clash = find_clash(reading.lines, hit.line)
    if clash is None:
        return
    fields["clash"] = str(clash) if clash.asked else f"no version of {clash.name} is what is asked for"
    fields["gives_way"] = clash.name
    if clash.name == "python":  # no index has it: what asks gives way, or another Python is taken
        fields["python_clash"], fields["gives_way"] = ", ".join(str(one) for one in clash.asked[:2]), ""
        fields["python_asked"] = next((each.limit for each in clash.asked if each.who), "")
    fields["clashing"] = ", ".join(clash.others)
    fields["against"] = clash.others[0] if clash.others else ""
    fields["clash_needs"] = "|".join(one_of.limit for one_of in clash.asked if one_of.who and one_of.limit)
    fields["by_conda"] = "yes" if any(each.limit.startswith(" ") for each in clash.asked) else ""
    pinned = [each.limit[2:] for each in clash.asked if not each.who and each.limit.startswith("==")]
    if not pinned and any(each.limit == f"=={fields.get('torch_version', '')}" for each in clash.asked):
        fields["torch_version"] = ""  # what one of those that clash asks for is not what is here
    if clash.name == "torch" and pinned and not fields.get("torch_version"):
        fields["torch_version"] = pinned[0]
    fields["clash_absent"] = "yes" if clash.absent else ""
    near = " ".join(line.text for line in reading.lines[max(0, hit.line - 16) : hit.line + 16])
    told = "no matching distributions available for your environment" in near
    if told and clash.asked and not clash.others and clash.agree():
        fields["clash_unavailable"] = "yes"


def _boosting(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """Which boosting library is meant: the exception's files, the line of code above it, or the log's words."""
    near = [reading.lines[index].text for index in range(max(0, hit.line - 12), min(len(reading.lines), hit.line + 3))]
    words = " ".join(near)
    for word, name in _BOOSTING.items():
        if re.search(
            rf"\b(?:lib_?)?{word}\b|{word}[/\\.]|\b{word.upper()[:3]}[A-Z]\w+",
            words,
            re.IGNORECASE if len(word) > 3 else 0,
        ):
            fields.setdefault("boosting", name)
            break
    fields["boosting_or_culprit"] = fields.get("boosting", "") or fields.get("culprit", "")


def _pydantic(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """pydantic: whether a name is version 2's."""
    name = fields.get("name", "") or fields.get("member", "") or fields.get("module", "").rpartition(".")[2]
    module = ([*fields.get("module", "").split("."), ""])[1]
    came = table("moved_names")["pydantic"]["came"]
    new = next((each for each in (name, module) if str(came.get(each, "")).startswith(("2", "1.10"))), "")
    if new:
        fields["pydantic_new"] = new
    if fields.get("culprit") in ("pydantic", "pydantic-core"):
        fields["culprit"] = outer(one, fields["culprit"])


def _protobuf(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """protobuf: whether a name is gone, and who uses it."""
    names = table("moved_names")["protobuf"]
    name = fields.get("name", "") or fields.get("member", "") or fields.get("module", "").rpartition(".")[2]
    if name in names["gone"] and names["gone"][name] != "9999":
        fields["protobuf_gone"] = names["gone"][name]
    if fields.get("culprit") == "protobuf":
        fields["culprit"] = outer(one, "protobuf")
    if one is not None and fields.get("culprit", "") in ("", "google"):
        users = [extract.importable(frame.path) for frame in one.frames]
        fields["culprit"] = next((each for each in reversed(users) if each and each not in ("protobuf", "google")), "")


def _build(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """Builds: which Debian package brings what is missing."""
    system = table("system_packages")
    header = fields.get("header", "")
    if header:
        fields["header_package"] = system["headers"].get(header, "") or system["headers"].get(
            header.rpartition("/")[2], ""
        )
        fields["header_from"] = fields["header_package"]
    for name, package in system["tools"].items():
        if fields.get(name):
            fields["tool"], fields["tool_package"] = package, package
    if fields.get("cmake_package"):
        fields["tool"] = fields["cmake_package"]
    text = reading.lines[hit.line].text
    if "Visual" in text:
        fields["windows"] = "yes"
    own = "specify via CC environment variable" in text  # Triton's words
    if own or (not fields.get("build_of") and one is not None and fields.get("culprit") in ("triton", "torch")):
        fields["triton_runtime"] = "yes"


def _system(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """System libraries: Debian's package."""
    system = table("system_packages")
    library = fields.get("library", "") or fields.get("loaded", "") or fields.get("called", "")
    if library:
        fields["library"] = library
        fields["library_package"] = package_of(library)
    for name in ("sndfile", "portaudio", "magic", "zbar", "espeak"):
        if fields.get(name):
            fields["library"], fields["library_package"] = f"lib{name}", system["tools"][name]
    if library.startswith("libpython"):
        fields["library_python"] = "yes"
    if not fields.get("culprit") and "cv2" in " ".join(
        line.text for line in reading.lines[max(0, hit.line - 20) : hit.line + 1]
    ):
        fields["culprit"] = "opencv-python"


def package_of(library: str) -> str:
    """Return Debian's package of a shared library, or of one that differs from it in the version; empty for none."""
    stem = re.sub(r"^lib|-\d[\d.]*$", "", library)
    for each in (library, *relatives(library)[-1:]):
        packages = debian_packages(each)
        if packages:
            return packages[0].name
    return str(table("system_packages")["tools"].get(stem, ""))


def _environment(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """What could not be taken out."""
    fields["taken_out"] = removed(fields)
    if fields.get("uv"):
        fields["name"] = ""
    elif hit.row["id"] == "cannot-uninstall" and not fields.get("name"):
        near = " ".join(line.text for line in reading.lines[hit.line : hit.line + 4])
        named = re.search(r"Cannot uninstall '?(?P<name>[A-Za-z0-9][\w.-]*?)'?(?: \d|\. )", near)
        fields["name"], fields["plain"] = named["name"] if named else fields.get("plain", ""), ""
        fields["taken_out"] = removed(fields)


def _asked(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """The one distribution that an install command asks for, and words of the line."""
    asked = list(reading.asked)
    text = " ".join(line.text for line in reading.lines[max(0, hit.line - 6) : hit.line + 12])
    named = re.search(r"Because (?P<name>[A-Za-z][\w.-]*?)(?:[<>=!]|\s)", text)
    hinted = re.search(r"but `(?P<name>[A-Za-z][\w.-]*)` \(v", text)
    has = re.search(r"(?P<name>[A-Za-z][\w.-]*?)(?:[<>=!]\S*)? has no wheels with", text)
    wants = re.search(r"\band (?P<name>[A-Za-z][\w.-]*?)(?:[<>=!~]\S*)? depends on Python\s?[<>=!~]", text)
    for match in (hinted, has, named, wants):
        if match and match["name"].lower() not in ("the", "only", "there", "your", "you"):
            fields["asked_name"] = canonical(match["name"])
            break
    else:
        fields["asked_name"] = asked[0] if len(asked) == 1 else ""
    if "bf16" in reading.lines[hit.line].text.lower() or "bfloat16" in reading.lines[hit.line].text.lower():
        fields["text_bf16"] = "yes"
    program = fields.get("program", "") or (fields.get("called", "") if hit.row["id"] == "program-missing" else "")
    fields["program_package"] = table("system_packages")["programs"].get(program, "")
    fields["text_triton"] = "yes" if re.search(r"triton", text, re.IGNORECASE) else ""
    fields["value_told"] = f" ({fields['value']})" if fields.get("value") else ""
    if "scikit-image" in reading.lines[hit.line].text:
        fields["line_skimage"] = "yes"
    if fields.get("wheel"):
        fields["wheel_name"] = canonical(fields["wheel"].split("-")[0])


GENERAL: tuple[_Derive, ...] = (_asked, python_fields, index_fields, crash_fields)
BY_CATEGORY: dict[str, tuple[_Derive, ...]] = {
    "numpy2_abi": (_numpy,),
    "numpy_api_removed": (_numpy,),
    "hf_version_mismatch": (hugging_face_fields,),
    "missing_module_name_mismatch": (_modules, _names_on_index),
    "pip_resolution_impossible": (_resolver,),
    "xgboost_lightgbm": (_boosting,),
    "pydantic_v1_v2": (_pydantic,),
    "protobuf_descriptors": (_protobuf,),
    "sdist_build_failure": (_build,),
    "opencv_libgl": (_system,),
    "externally_managed_or_cannot_uninstall": (_environment,),
    "gpu_arch": (arch_fields,),
    "missing_cuda_lib": (library_fields,),
    "nccl_mismatch": (library_fields, nccl_fields),
    "torch_ext_symbol": (name_fields, torch_fields),
    "torchvision_mismatch": (name_fields, torch_fields),
    "torch_reinstalled_or_downgraded": (torch_fields,),
    "driver_too_old": (arch_fields,),
    "glibc_or_glibcxx": (library_fields,),
}
