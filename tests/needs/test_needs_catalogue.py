"""The tables of import names, implicit needs and categories: their shape, and their truth where it can be checked."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from podfit.catalogue import imports as catalogue
from podfit.catalogue.table import table
from podfit.model import EvidenceKind

TOOL = Path(__file__).parents[2] / "tools" / "check_import_names.py"


def entries() -> list[catalogue.ImportName]:
    found = [catalogue.find(module) for module in table("import_names")["modules"]]
    assert len(found) > 350
    return [entry for entry in found if entry is not None]


def test_names_are_normalized_and_seen_names_a_release_of_the_distribution() -> None:
    for entry in entries():
        assert all(name == canonicalize_name(name) for name in (entry.distribution, *entry.also)), entry
        assert all(part.isidentifier() for part in entry.module.split(".")), entry
        if entry.seen:
            assert entry.seen.split()[0] == entry.distribution, entry
            assert entry.evidence.kind is EvidenceKind.METADATA
        else:
            assert entry.evidence.kind is EvidenceKind.ASSUMED
    assert sum(bool(entry.seen) for entry in entries()) > 250


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("sklearn.linear_model", "scikit-learn"),
        ("cv2", "opencv-python"),
        ("PIL.Image", "pillow"),
        ("yaml", "pyyaml"),
        ("hydra.utils", "hydra-core"),
        ("imblearn", "imbalanced-learn"),
        ("google.protobuf.message", "protobuf"),
        ("google.cloud.storage.blob", "google-cloud-storage"),
        ("ruamel.yaml", "ruamel-yaml"),
        ("dateutil.parser", "python-dateutil"),
        ("attr", "attrs"),
        ("bs4", "beautifulsoup4"),
        ("Crypto.Cipher", "pycryptodome"),
        ("mpl_toolkits.mplot3d", "matplotlib"),
    ],
)
def test_the_longest_prefix_answers(module: str, distribution: str) -> None:
    found = catalogue.find(module)
    assert found is not None
    assert found.distribution == distribution
    assert found.module in catalogue.modules_of(distribution)


def test_what_is_unknown_is_none() -> None:
    assert catalogue.find("surely.not.there") is None
    assert catalogue.find("google") is None
    assert catalogue.is_known("google")
    assert catalogue.modules_of("surely-not-there") == ()
    assert "Colab" in catalogue.environment_of("google.colab.drive")
    assert catalogue.environment_of("google.cloud") == ""
    assert catalogue.is_generic("Utils")


def test_rules_are_whole() -> None:
    for rule in catalogue.rules():
        assert rule.url.startswith("https://"), rule
        assert rule.fact, rule
        assert rule.calls or rule.methods, rule
        assert bool(rule.needs) != bool(rule.keyword), rule
        assert bool(rule.keyword) == bool(rule.values), rule
        named = [*rule.needs, *(name for _, name in rule.values)]
        assert all(name == canonicalize_name(name) for name in named), rule
        assert not rule.anywhere or rule.methods, rule


def test_the_table_agrees_with_what_is_installed_here() -> None:
    provided = importlib.metadata.packages_distributions()
    checked = 0
    for module, distributions in provided.items():
        found = catalogue.find(module)
        if found is not None and not found.below:
            assert {canonicalize_name(name) for name in distributions} & {found.distribution, *found.also}, module
            checked += 1
    assert checked > 3


def test_the_checker_passes_here_and_catches_a_wrong_release(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(TOOL)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 contradicted" in done.stdout
    info = tmp_path / "pyyaml-99.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: PyYAML\nVersion: 99.0\n")
    (info / "RECORD").write_text("yamlet/__init__.py,,\n")
    done = subprocess.run([sys.executable, str(TOOL), str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pyyaml 99.0: yaml is not in it" in done.stdout


def test_importing_the_readers_reads_no_table() -> None:
    code = (
        "import sys; import podfit.needs, podfit.readers.imports, podfit.catalogue.imports;"
        "import podfit.catalogue.table as t;"
        "assert not t.table.cache_info().currsize; assert 'stdlibs' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


class _Imported(list[str]):
    """Modules that a project imports, and how often somebody went through them."""

    walks = 0

    def __iter__(self):  # type: ignore[no-untyped-def]
        self.walks += 1
        return super().__iter__()


def test_of_many_unknown_modules_none_is_compared_with_all_others() -> None:
    modules = _Imported(f"nobody{i}.part" for i in range(200))
    assert not any(catalogue.environment_of(module, modules) for module in [*list.__iter__(modules)])
    assert modules.walks == 0
    assert not catalogue.environment_of("nodes", modules)
    assert modules.walks > 0
