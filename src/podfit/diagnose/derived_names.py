"""Fields about names that releases lost or gained: of which distribution, since when, and who asks for them."""

from __future__ import annotations

import re

from podfit.catalogue.moved_names import moved
from podfit.catalogue.table import table
from podfit.diagnose import extract
from podfit.diagnose.reading import Reading
from podfit.diagnose.tracebacks import Raised
from podfit.far.symptoms import Hit
from podfit.model import canonical

_Fields = dict[str, str]
_FAMILY = {
    "huggingface_hub": "huggingface-hub",
    "sentence_transformers": "sentence-transformers",
    "hf_transfer": "hf-transfer",
}


def name_fields(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """Names that a release has lost or gained, by the table of moved names."""
    where = fields.get("where", "") or fields.get("inside", "")
    top = (fields.get("family") or where).partition(".")[0]
    if top and not fields.get("dist"):
        fields["dist"] = _FAMILY.get(top, extract.distribution_of(top))
    moved_fields(fields, fields.get("dist", ""), where, fields.get("name", ""))
    if fields.get("importer") == fields.get("dist"):
        fields["importer"] = outer(one, fields.get("dist", ""))
    if fields.get("culprit") and fields.get("culprit") == fields.get("dist"):
        fields["culprit"] = outer(one, fields.get("dist", ""))
    if re.match(r"transformers\.(?:modeling|tokenization|configuration)_(?!utils|auto|outputs|flax|tf)\w+$", where):
        fields["module_old"] = "yes"


def moved_fields(fields: _Fields, distribution: str, where: str, name: str) -> None:
    """Fill in since when a distribution no longer has a name of a module, or has it."""
    gone, came = moved(distribution, where, name)
    fields["gone_in"], fields["came_in"] = _short(gone), _short(came)


def _short(version: str) -> str:
    """Return a version without its last zero."""
    return re.sub(r"(\.\d+)\.0$", r"\1", version)


def outer(one: Raised | None, besides: str) -> str:
    """Return the distribution of the deepest frame outside one distribution, when there is any."""
    if one is None:
        return ""
    for frame in reversed(one.frames):
        name = extract.importable(frame.path)
        if not name and "importlib" not in frame.path and not frame.path.startswith("<"):
            return ""
        if name and name != besides:
            return name
    return ""


def hugging_face_fields(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """The Hugging Face family: whose requirement, on what."""
    name_fields(fields, hit, reading, one)
    if hit.row["id"] == "unknown-architecture" and fields.get("name"):
        words = re.sub(r"[_-]", "", fields["name"]).lower()
        came = table("moved_names")["transformers"]["came"]
        known = (
            came[each] for each in came if re.fullmatch(rf"{words}for(causallm|conditionalgeneration)", each.lower())
        )
        fields["came_in"] = _short(next(known, ""))
        fields["came_told"] = f" (which came with {fields['came_in']})" if fields["came_in"] else ""
    if not fields.get("dist"):
        fields["dist"] = (
            canonical(fields.get("newest", "") or fields.get("name", ""))
            if hit.row["id"] == "backend-library-missing"
            else ""
        )
