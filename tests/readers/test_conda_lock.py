"""conda-lock's lock file is an environment: for Linux, conda's packages by the names that PyPI has for them."""

from __future__ import annotations

from podfit.readers.environment.registry import read_listing
from podfit.readers.project import read_project

LOCK = """version: 1
metadata:
  platforms: [osx-arm64, linux-64]
package:
"""


def _entry(name: str, version: str, manager: str = "conda", platform: str = "linux-64") -> str:
    return f"- name: {name}\n  version: {version}\n  manager: {manager}\n  platform: {platform}\n  dependencies: {{}}\n"


TEXT = LOCK + "".join(
    [
        _entry("python", "3.11.7"),
        _entry("pytorch", "2.4.1"),
        _entry("einops", "0.7.0", "pip"),
        _entry("libcurl", "8.5.0"),
        _entry("einops", "0.6.0", "pip", "osx-arm64"),
    ]
)


def test_the_packages_of_linux_are_read_with_their_versions(tmp_path):
    (tmp_path / "conda-lock.yml").write_text(TEXT)
    listing = read_listing(str(tmp_path / "conda-lock.yml"))
    found = {each.name: each.version for each in listing.distributions.values()}
    assert (
        found == {"torch": "2.4.1", "einops": "0.7.0"} or found.items() >= {"einops": "0.7.0", "torch": "2.4.1"}.items()
    )
    assert (found["einops"], found["torch"]) == ("0.7.0", "2.4.1")
    assert listing.python_version == "3.11.7"


def test_beside_a_project_it_is_what_was_tested_with_and_no_question(tmp_path):
    (tmp_path / "conda-lock.yml").write_text(TEXT)
    (tmp_path / "train.py").write_text("import einops\n")
    project = read_project(tmp_path).project
    assert project.local is not None
    assert project.local.distributions["einops"].version == "0.7.0"
    assert not project.questions
