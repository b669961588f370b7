"""The builder of the catalogue, over small sources and wheels that the test makes; no network."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from podfit.catalogue.shared import pack, unpack
from podfit.model import InputError, Origin, Template
from podfit.solve import Uv

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))

import build_catalogue  # noqa: E402
from catalogue_build.metadata import Release, Remembering  # noqa: E402
from catalogue_build.store import bundle_of, read_all  # noqa: E402

SYSTEM = """
glibc = "2.35"
glibcxx = "3.4.30"
evidence = "a system"

[distributions]
blinker = { version = "1.4", distutils = true }
python-apt = { version = "2.4.0+ubuntu4" }
"""
HEAD = """
title = "a template"
image = "someone/image:1"
system = "some-system"
python = "3.11.9"
captured = "2024-09-24"
as_of = "2024-09-24T19:00:00Z"
dockerfile = "someone/containers, commit abc: Dockerfile"
date_from = "that of the commit"
"""


@dataclass(frozen=True)
class Known:
    """A release's metadata."""

    requires_dist: tuple[str, ...]
    requires_python: str = ""


class Releases:
    """An index of wheels: what the builder asks for metadata, and a directory that uv resolves from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[tuple[str, str], Known] = {}
        folder.mkdir()

    def add(self, name: str, version: str, *requires: str) -> None:
        self.known[name, version] = Known(requires)
        stem = f"{name.replace('-', '_')}-{version}"
        lines = "".join(f"Requires-Dist: {line}\n" for line in requires)
        with zipfile.ZipFile(self.folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(
                f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}"
            )
            wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{stem}.dist-info/RECORD", "")

    def prefetch(self, pairs: Iterable[tuple[str, str]]) -> None:
        pass

    def metadata(self, name: str, version: str) -> Known:
        if (name, version) not in self.known:
            raise InputError(f"there is no {name} {version}")
        return self.known[name, version]


class Workplace:
    """Sources, an index, and a catalogue that is built from them."""

    def __init__(self, folder: Path) -> None:
        self.sources = folder / "sources"
        self.templates = folder / "templates"
        self.metadata = folder / "metadata.bin"
        self.index = Releases(folder / "wheels")
        self.cache = folder / "cache"
        self.said: list[str] = []
        (self.sources / "seen").mkdir(parents=True)
        (self.sources / "some-system.toml").write_text(SYSTEM)
        self.index.add("blinker", "1.4")

    def source(self, name: str, text: str) -> None:
        (self.sources / f"{name}.toml").write_text(text)

    def build(self, *names: str) -> dict[str, Template]:
        options = ("--no-index", "--find-links", str(self.index.folder))
        shop = build_catalogue.Workshop(self.index, Uv(self.cache).compile, self.cache, options)
        build_catalogue.build_all(self.sources, self.templates, self.metadata, shop, list(names), self.said.append)
        return read_all(self.templates, self.metadata)


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


def versions(template: Template) -> dict[str, str]:
    return {name: each.version for name, each in template.distributions.items()}


def test_steps_act_on_what_is_installed_as_pip_does(place: Workplace) -> None:
    """torch's copies stay where they fit, change where a later step needs it; what a step names is upgraded."""
    place.index.add("pip", "24.2")
    place.index.add("torch", "2.4.1", "filelock", "typing-extensions>=4.8", "nvidia-cublas-cu12==12.1.3.1")
    place.index.add("filelock", "3.13.1")
    place.index.add("filelock", "3.16.0")
    place.index.add("typing-extensions", "4.9.0")
    place.index.add("typing-extensions", "4.12.2")
    place.index.add("lab", "4.2", "typing-extensions>=4.10", "filelock")
    place.source(
        "pod",
        HEAD
        + """
[metadata_instead.torch]
"nvidia-cublas-cu12" = "12.4.2.65"

[[steps]]
install = ["pip"]
upgrade = true

[[steps]]
install = ["torch"]
upgrade = true
index = "https://download.example/cu124"

[steps.served]
torch = "2.4.1+cu124"
filelock = "3.13.1"
typing-extensions = "4.9.0"
nvidia-cublas-cu12 = "12.4.2.65"

[[steps]]
install = ["lab"]
upgrade = true
""",
    )
    template = place.build()["pod"]
    assert versions(template) == {
        "blinker": "1.4",
        "python-apt": "2.4.0+ubuntu4",
        "pip": "24.2",
        "torch": "2.4.1+cu124",
        "nvidia-cublas-cu12": "12.4.2.65",
        "filelock": "3.13.1",
        "typing-extensions": "4.12.2",
        "lab": "4.2",
    }
    assert template.origin is Origin.RECONSTRUCTED
    assert template.notes[0].startswith(
        "Reconstructed from someone/containers, commit abc: Dockerfile, with the index as"
    )
    said = {name: str(each.evidence) for name, each in template.distributions.items()}
    assert "what it served around 2024-09-24" in said["filelock"]
    assert "https://download.example/cu124" in said["filelock"]
    assert "resolved with the index as of 2024-09-24T19:00:00Z" in said["typing-extensions"]
    torch = template.distributions["torch"].requires_dist or ()
    assert [line.partition(" ")[0] for line in torch] == [
        "filelock",
        "typing-extensions>=4.8",
        "nvidia-cublas-cu12==12.4.2.65",
    ]
    assert template.distributions["python-apt"].requires_dist is None, "no index has it, and nobody guesses"
    assert not template.distributions["blinker"].uninstallable


def test_without_an_index_url_a_step_sees_pypi(place: Workplace) -> None:
    place.index.add("torch", "2.2.0", "filelock")
    place.index.add("filelock", "3.13.1")
    place.source("pod", HEAD + '\n[[steps]]\ninstall = ["torch"]\nupgrade = true\n')
    assert versions(place.build()["pod"])["torch"] == "2.2.0"


def test_what_is_forced_counts_for_itself(place: Workplace) -> None:
    """Reinstalling looks at nothing that is there; without dependencies nothing else moves; removing removes."""
    place.index.add("numpy", "2.0.2")
    place.index.add("numpy", "2.4.0")
    place.index.add("pandas", "2.2.2", "numpy>=2")
    place.index.add("hub", "1.0", "numpy")
    place.index.add("old", "1.0")
    base = HEAD + '\nshipped = false\nfreeze = "base.txt"\npublished = "a vendor"\n'
    (place.sources / "base.txt").write_text("numpy==2.0.2\npandas==2.2.2\nold==1.0\n")
    place.source("base", base)
    top = """
title = "over it"
image = "someone/over:1"
base = "base"
captured = "2024-10-01"
as_of = "2024-10-01T00:00:00Z"
dockerfile = "someone's Dockerfile"
date_from = "assumed"

[[steps]]
uninstall = ["old"]
install = ["pandas"]

[[steps]]
install = ["hub"]
reinstall = true
"""
    place.source("over", top)
    built = place.build()
    assert set(built) == {"over"}, "the base is not shipped"
    assert versions(built["over"]) == {"numpy": "2.4.0", "pandas": "2.2.2", "hub": "1.0"}
    place.source("over", top + '\n[[steps]]\ninstall = ["numpy==2.0.2"]\nreinstall = true\nno_dependencies = true\n')
    assert versions(place.build()["over"])["numpy"] == "2.0.2"
    assert "catalogue: base" in str(built["over"].distributions["pandas"].evidence)


def test_what_cannot_be_resolved_ends_the_build_and_writes_nothing(place: Workplace) -> None:
    place.source("pod", HEAD + '\n[[steps]]\ninstall = ["nowhere==1.0"]\n')
    with pytest.raises((SystemExit, InputError)):
        place.build()
    assert not place.metadata.exists()


def test_an_unknown_name_is_said(place: Workplace) -> None:
    with pytest.raises(SystemExit, match="there is no source of nothing"):
        place.build("nothing")


def test_a_published_list_keeps_every_line_and_torch_names_the_libraries_of_the_list(place: Workplace) -> None:
    place.index.add("torch", "2.11.0", "filelock", "cuda-toolkit[cublas]==13.0.2", "nvidia-cudnn-cu13==9.19.0.56")
    (place.sources / "list.txt").write_text(
        "# a comment\ntorch==2.11.0+cu128\nnvidia-cublas-cu12==12.8.4.1\nnvidia-cuda-nvcc-cu12==12.8.1\n"
        "mine @ https://example.org/mine-1.0-py3-none-any.whl\n"
    )
    place.source(
        "colab",
        HEAD.replace("dockerfile", "published")
        + 'freeze = "list.txt"\ncuda_libraries = "listed"\n\n[torch]\nversion = "2.11.0+cu128"\ncuda = "12.8"\n',
    )
    template = place.build()["colab"]
    assert template.distributions["mine"].version == "1.0"
    assert template.distributions["mine"].direct_url.endswith("mine-1.0-py3-none-any.whl")
    lines = template.distributions["torch"].requires_dist or ()
    assert [line.partition(" ")[0] for line in lines] == ["filelock", "nvidia-cublas-cu12==12.8.4.1"]
    assert template.cuda is not None
    assert str(template.cuda) == "12.8"


def test_a_conda_list_is_told_by_pypi_s_names(place: Workplace) -> None:
    place.index.add("torch", "2.6.0", "filelock", "nvidia-cudnn-cu12==9.1.0.70")
    place.index.add("matplotlib", "3.9.0")
    (place.sources / "list.conda.txt").write_text(
        "cuda-version=12.6=h7480c83_3\nmatplotlib-base=3.9.0=py312hd3ec401_0\npytorch=2.6.0=cuda126_mkl_py312_h30b5a27_300\n"
    )
    place.source(
        "conda",
        HEAD.replace("dockerfile", "published")
        + 'conda = "list.conda.txt"\ninstaller = "conda"\ncuda_libraries = "listed"\n'
        + '[torch]\nversion = "2.6.0"\ncuda = "12.6"\n',
    )
    template = place.build()["conda"]
    assert versions(template) == {"matplotlib": "3.9.0", "torch": "2.6.0"}
    assert template.distributions["torch"].requires_dist == ("filelock",), "conda's libraries are no distributions"
    assert template.distributions["torch"].installer == "conda"


def test_what_a_vendor_s_own_build_requires_is_unknown_where_pypi_s_contradicts_the_list(place: Workplace) -> None:
    place.index.add("torch", "2.8.0", "filelock")
    place.index.add("torchvision", "0.24.0", "torch==2.9.0")
    place.index.add("dash", "3.0", "filelock<3")
    (place.sources / "list.txt").write_text("torch==2.8.0\ntorchvision==0.24.0\nfilelock==3.9\ndash==3.0\n")
    head = HEAD.replace("dockerfile", "published") + 'freeze = "list.txt"\n'
    place.source("own", head + "rebuilt = true\n")
    place.source("upstream", head)
    built = place.build()
    assert built["own"].distributions["torchvision"].requires_dist is None
    assert built["own"].distributions["torch"].requires_dist == ("filelock",)
    assert built["own"].distributions["dash"].requires_dist == ("filelock<3",), "that one is the vendor's to break"
    assert built["upstream"].distributions["torchvision"].requires_dist == ("torch==2.9.0",)


def test_a_list_that_was_seen_is_compared(place: Workplace) -> None:
    place.index.add("alpha", "1.0")
    place.index.add("beta", "2.0")
    (place.sources / "seen" / "pod.txt").write_text(
        "# source: a pod\n# what: pip list\nalpha==1.0.0\nBeta==2.1\ngamma==3\n"
    )
    place.source("pod", HEAD + '\n[[steps]]\ninstall = ["alpha", "beta"]\n')
    (agreement,) = place.build()["pod"].agreement
    assert str(agreement) == "1 of 3 seen lines agree"
    assert agreement.differs == ("beta 2.0, seen 2.1", "gamma absent, seen 3")
    assert (agreement.evidence.source, agreement.evidence.detail) == ("a pod", "pip list")
    assert place.said == ["pod: 4 distributions; 1 of 3 seen lines agree"]


def test_a_tag_that_was_pushed_again_is_warned_of(place: Workplace) -> None:
    place.index.add("alpha", "1.0")
    pushed = 'pushed = ["2024-08-19", "2024-09-24"]\n'
    place.source("pod", HEAD + pushed + '\n[[steps]]\ninstall = ["alpha"]\n')
    template = place.build()["pod"]
    assert template.pushed == ("2024-08-19", "2024-09-24")
    (said,) = [note for note in template.notes if "pushed more than once" in note]
    assert said.startswith("The tag someone/image:1 was pushed more than once (2024-08-19, 2024-09-24)")


def test_the_same_sources_give_the_same_bytes_and_what_releases_require_is_there_once(place: Workplace) -> None:
    place.index.add("alpha", "1.0", "beta; extra == 'more'")
    for name in ("one", "two"):
        place.source(name, HEAD + '\n[[steps]]\ninstall = ["alpha"]\n')
    built = place.build()
    files = [place.metadata, *sorted(place.templates.iterdir())]
    before = [path.read_bytes() for path in files]
    assert [path.name for path in files[1:]] == ["index.json", "one.json", "two.json"]
    assert all(b"extra ==" not in data for data in before[1:])
    assert built["two"].distributions["alpha"].requires_dist == ("beta; extra == 'more'",)
    place.build("two")
    assert [path.read_bytes() for path in files] == before
    (place.sources / "one.toml").unlink()
    assert set(place.build("two")) == {"two"}


def test_what_is_known_of_a_release_is_not_asked_for_again(place: Workplace) -> None:
    place.index.add("alpha", "1.0", "beta>=2; extra == 'more'")
    place.index.add("torch", "2.8.0")
    records = unpack(pack({"alpha 1.0": (("beta>=2",), ">=3.9"), "torch 2.8.0": (("a vendor's",), "")}))
    index = Remembering(place.index, records)
    assert index.metadata("alpha", "1.0") == Release(("beta>=2",), ">=3.9")
    assert index.metadata("torch", "2.8.0").requires_dist == (), "a vendor's build may be another"
    with pytest.raises(InputError):
        index.metadata("alpha", "2.0")


def test_a_bundle_has_all_of_it(place: Workplace) -> None:
    from podfit.catalogue.bundle import read_bundle

    place.index.add("alpha", "1.0", "beta>=2; extra == 'more'")
    place.source("pod", HEAD + '\n[[steps]]\ninstall = ["alpha"]\n')
    built = place.build()
    (template,) = read_bundle(bundle_of(built.values()), "a file").templates
    assert template == built["pod"]
