"""The probe as it runs on pods: every interpreter, real environments, and other programs' word as the yardstick."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import packaging
import pytest
from far_support import SCRIPT, SERIES, add_wheel_like, entry, purelib, run_probe
from hypothesis import given
from hypothesis import strategies as st

from podfit.far.probe import interpreter as live
from podfit.far.probe import main as probe_main
from podfit.far.probe.machine import library_cache
from podfit.far.tree.secrets import mask
from podfit.far.tree.system import libstdcxx

QUICK_KEYS = {
    "schema", "name", "title", "origin", "captured", "evidence", "interpreter", "platform", "environment",
    "pip_config", "pip_constraints", "distributions", "probe",
}  # fmt: skip


# --- every interpreter


@pytest.mark.parametrize("series", SERIES)
def test_every_python_runs_it(series: str, interpreter: Callable[[str], str], tmp_path: Path) -> None:
    python = interpreter(series)
    quick = run_probe(python, "--quick")
    assert set(quick) == QUICK_KEYS
    assert quick["interpreter"]["version"].startswith(series + ".")
    full = run_probe(python)
    assert set(full) >= QUICK_KEYS | {"gpus", "disks"}
    with SCRIPT.open("rb") as stdin:
        done = subprocess.run([python, "-", "--quick"], stdin=stdin, capture_output=True, check=True, cwd=tmp_path)
    piped = json.loads(done.stdout)
    for manifest in (quick, piped):
        del manifest["captured"], manifest["probe"]
    assert piped == quick


@pytest.mark.parametrize("series", SERIES)
def test_wheel_tags_are_those_of_packaging(series: str, interpreter: Callable[[str], str], tmp_path: Path) -> None:
    python = interpreter(series)
    shutil.copytree(Path(packaging.__file__).parent, tmp_path / "packaging")
    code = (
        f"import sys, json; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from packaging.tags import sys_tags; print(json.dumps([str(tag) for tag in sys_tags()]))"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    tags = run_probe(python, "--quick")["platform"]["tags"]
    if done.returncode == 0:
        assert tags == json.loads(done.stdout)
        return
    # This packaging does not run there; the one inside pip does, in an older order and without the pure tag.
    done = subprocess.run([python, "-c", code.replace("from ", "from pip._vendor.")], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"neither packaging {packaging.__version__} nor a pip runs on this Python {series}")
    assert set(tags) == {*json.loads(done.stdout), f"cp{series.replace('.', '')}-none-any"}


def test_called_in_this_process_it_says_the_same(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    said = run_probe(sys.executable, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    assert probe_main.main(None, {}, []) == 0
    here = json.loads(capfdbinary.readouterr().out)
    for manifest in (said, here):
        for disk in manifest["disks"]:
            del disk["free_bytes"]
        del manifest["captured"], manifest["probe"]
    assert {key: value for key, value in here.items() if said[key] != value} == {}


def test_nothing_of_the_environment_is_imported(make_venv: Callable[..., str], tmp_path: Path) -> None:
    python = make_venv()
    folder = purelib(python) / "torch"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise SystemExit('torch was imported')")
    (folder / "version.py").write_text("raise SystemExit('torch.version was imported')\n__version__ = '9.9+bait'\n")
    for name in ("json", "platform", "argparse"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working directory')")
    shutil.copy(SCRIPT, tmp_path / "probe.py")
    assert run_probe(python)["torch"]["version"] == "9.9+bait"
    for words, stdin in (([str(tmp_path / "probe.py")], None), (["-"], SCRIPT.read_bytes())):
        done = subprocess.run([python, *words], input=stdin, capture_output=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["torch"]["version"] == "9.9+bait"


def test_quick_is_quick_with_150_distributions(make_venv: Callable[..., str]) -> None:
    python = make_venv()
    site = purelib(python)
    requires = "".join(f'Requires-Dist: dependency-{i} (>=1.{i}) ; extra == "e{i}"\n' for i in range(20))
    for number in range(150):
        files = tuple(f"package_{number}/module_{i}.py" for i in range(300))
        info = add_wheel_like(site, f"package_{number}", f"1.{number}", metadata=requires, files=files)
        with (info / "METADATA").open("a") as file:
            file.write("A long description.\n" * 1000)
    started = os.times()
    manifest = run_probe(python, "--quick")
    ended = os.times()
    spent = ended.children_user + ended.children_system - started.children_user - started.children_system
    assert len(manifest["distributions"]) == 150
    # Processor time, not the clock. It is 0.2 s; reading the 45,000 lines of the RECORDs alone takes more than this.
    assert spent < 1.5, spent


# --- distributions, with pip as the yardstick


@pytest.mark.slow
@pytest.mark.network
def test_distributions_are_those_of_pip_inspect(make_venv: Callable[..., str], tmp_path: Path) -> None:
    python = make_venv(pip=True)
    project = tmp_path / "project"
    (project / "src" / "edited").mkdir(parents=True)
    (project / "src" / "edited" / "__init__.py").write_text("")
    (project / "pyproject.toml").write_text(
        "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
        "[project]\nname = 'edited'\nversion = '0.7'\ndependencies = ['packaging>=20']\n"
    )
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*install, "-e", str(project)], check=True)
    subprocess.run([*install, "requests==2.32.3", "pyyaml", "ruamel.yaml==0.18.6", "zope.interface"], check=True)
    done = subprocess.run([python, "-m", "pip", "inspect", "--local"], capture_output=True, check=True)
    expected = {}
    for item in json.loads(done.stdout)["installed"]:
        about = item["metadata"]
        expected[about["name"]] = (
            about["version"],
            sorted(about.get("requires_dist", [])),
            about.get("requires_python", ""),
            item.get("installer", ""),
            item.get("direct_url", {}).get("url", ""),
            item.get("direct_url", {}).get("dir_info", {}).get("editable", False),
        )
    found = {
        item["name"]: (
            item["version"],
            sorted(item["requires_dist"]),
            item.get("requires_python", ""),
            item["installer"],
            item.get("direct_url", ""),
            item.get("editable", False),
        )
        for item in run_probe(python, "--quick")["distributions"]
    }
    assert found == expected
    assert found["edited"][4:] == (project.as_uri(), True)
    manifest = run_probe(python, "--quick")
    assert [item["name"].lower() for item in manifest["distributions"]] == sorted(
        item["name"].lower() for item in manifest["distributions"]
    )
    assert {item["location"] for item in manifest["distributions"]} == {"venv"}
    assert entry(manifest, "pyyaml")["import_names"] == ["_yaml", "yaml"]
    assert entry(manifest, "requests")["import_names"] == ["requests"]
    assert "ruamel" in entry(manifest, "ruamel.yaml")["import_names"]
    info = next(purelib(python).glob("requests-*.dist-info"))
    record = hashlib.sha256((info / "RECORD").read_bytes()).hexdigest()
    assert entry(manifest, "requests")["record_sha256"] == record
    assert "uninstallable" not in entry(manifest, "requests")


@pytest.mark.slow
@pytest.mark.network
def test_import_names_without_top_level_txt(make_venv: Callable[..., str]) -> None:
    python = make_venv(pip=True)
    wanted = {"attrs": ["attr", "attrs"], "typing_extensions": ["typing_extensions"], "six": ["six"]}
    wanted["cffi"] = ["_cffi_backend", "cffi"]
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", *wanted], check=True)
    site = purelib(python)
    for path in site.glob("*.dist-info/top_level.txt"):
        path.unlink()
    manifest = run_probe(python, "--quick")
    assert {name: entry(manifest, name)["import_names"] for name in wanted} == wanted


def install_by_distutils(folder: Path, site: Path, interpreter: Callable[[str], str]) -> None:
    """Install blinker 1.4 as Ubuntu's package does: distutils, whose .egg-info is a file."""
    folder.mkdir()
    (folder / "blinker.py").write_text("x = 1\n")
    (folder / "setup.py").write_text(
        "from distutils.core import setup\nsetup(name='blinker', version='1.4', py_modules=['blinker'])\n"
    )
    for series in ("3.11", "3.10", "3.9", "3.8"):
        try:
            python = interpreter(series)
        except pytest.skip.Exception:
            continue
        # A finder of setuptools may stand in for distutils; -S keeps it out.
        words = ["setup.py", "-q", "install", "--install-lib", str(site), "--no-compile"]
        done = subprocess.run([python, "-S", *words], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
    pytest.skip("no interpreter here has distutils (Python 3.11 or older)")


def test_what_distutils_installed_cannot_be_uninstalled(
    make_venv: Callable[..., str], interpreter: Callable[[str], str], tmp_path: Path
) -> None:
    python = make_venv(pip=True)
    site = purelib(python)
    install_by_distutils(tmp_path / "source", site, interpreter)
    (info,) = site.glob("blinker-1.4*.egg-info")
    assert info.is_file()
    manifest = run_probe(python, "--quick")
    found = entry(manifest, "blinker")
    assert (found["version"], found["uninstallable"], found["requires_dist"]) == ("1.4", False, None)
    assert [warning for warning in manifest["probe"]["warnings"] if "distutils" in warning and "blinker 1.4" in warning]
    done = subprocess.run([python, "-m", "pip", "uninstall", "-y", "blinker"], capture_output=True, check=False)
    assert done.returncode != 0
    assert b"distutils installed project" in done.stderr


def test_a_distribution_without_record_cannot_be_uninstalled(make_venv: Callable[..., str]) -> None:
    python = make_venv(pip=True)
    info = add_wheel_like(purelib(python), "norecord", "1.0")
    assert "uninstallable" not in entry(run_probe(python, "--quick"), "norecord")
    (info / "RECORD").unlink()
    found = entry(run_probe(python, "--quick"), "norecord")
    assert found["uninstallable"] is False
    assert "record_sha256" not in found
    done = subprocess.run([python, "-m", "pip", "uninstall", "-y", "norecord"], capture_output=True, check=False)
    assert done.returncode != 0


def test_broken_distributions_are_warnings(make_venv: Callable[..., str]) -> None:
    python = make_venv()
    site = purelib(python)
    add_wheel_like(site, "sound", "1.0", metadata="Requires-Dist: a\nRequires-Dist: b (>=1)\n  ; extra == 'x'\n")
    (add_wheel_like(site, "nometadata", "1.0") / "METADATA").unlink()
    add_wheel_like(site, "~umpy", "1.26.4")
    (add_wheel_like(site, "badjson", "1.0") / "direct_url.json").write_text("{")
    (add_wheel_like(site, "latin", "1.0") / "METADATA").write_bytes(
        b"Name: latin\nVersion: 1.0\nAuthor: J\xe9r\xf4me\n"
    )
    add_wheel_like(site, "twice", "1.0")
    add_wheel_like(site, "twice", "2.0")
    (site / "empty-1.0.dist-info").mkdir()
    manifest = run_probe(python, "--quick")
    assert [item["name"] for item in manifest["distributions"]] == ["latin", "sound", "twice"]
    assert entry(manifest, "sound")["requires_dist"] == ["a", "b (>=1) ; extra == 'x'"]
    text = "\n".join(manifest["probe"]["warnings"])
    for part in ("nometadata-1.0", "~umpy-1.26.4", "badjson-1.0", "empty-1.0", "a broken upgrade"):
        assert part in text
    assert len(manifest["probe"]["warnings"]) == 5


def test_the_first_on_the_path_wins_and_shadows(make_venv: Callable[..., str], tmp_path: Path) -> None:
    python = make_venv()
    add_wheel_like(purelib(python), "Numpy", "1.26.4")
    first = tmp_path / "first"
    add_wheel_like(first, "numpy", "2.1.0")
    manifest = run_probe(python, "--quick", PYTHONPATH=str(first))
    assert [item["version"] for item in manifest["distributions"]] == ["2.1.0"]
    assert entry(manifest, "numpy")["location"] == str(first)
    (warning,) = manifest["probe"]["warnings"]
    assert warning.startswith(f"numpy 2.1.0 in {first} shadows 1.26.4 in ")


def test_an_old_develop_install_is_editable(make_venv: Callable[..., str], tmp_path: Path) -> None:
    python = make_venv()
    project = tmp_path / "old project"
    info = project / "old_style.egg-info"
    info.mkdir(parents=True)
    (info / "PKG-INFO").write_text("Metadata-Version: 1.2\nName: old-style\nVersion: 0.1\n")
    (info / "requires.txt").write_text("six>=1\n\n[extra]\nattrs\n")
    (info / "top_level.txt").write_text("old_style\n")
    site = purelib(python)
    (site / "old-style.egg-link").write_text(f"{project}\n.")
    (site / "easy-install.pth").write_text(f"{project}\n")
    found = entry(run_probe(python, "--quick"), "old-style")
    assert (found["editable"], found["direct_url"]) == (True, f"file://{project}")
    assert found["requires_dist"] == ["six>=1", 'attrs; extra == "extra"']
    assert found["import_names"] == ["old_style"]


def test_a_git_install_names_its_commit(make_venv: Callable[..., str]) -> None:
    python = make_venv()
    info = add_wheel_like(purelib(python), "fromgit", "1.0")
    vcs = {"vcs": "git", "commit_id": "abc123"}
    url = {"url": "https://me:hunter2@example.org/x.git", "vcs_info": vcs, "subdirectory": "python"}
    (info / "direct_url.json").write_text(json.dumps(url))
    found = entry(run_probe(python, "--quick"), "fromgit")
    assert found["direct_url"] == "git+https://****@example.org/x.git@abc123#subdirectory=python"


def test_locations(make_venv: Callable[..., str], tmp_path: Path) -> None:
    python = make_venv(system=True)
    add_wheel_like(purelib(python), "in_venv", "1.0")
    elsewhere = tmp_path / "elsewhere"
    add_wheel_like(elsewhere, "by_path", "1.0")
    user = tmp_path / "user"
    asked = subprocess.run(
        [python, "-c", "import site; print(site.getusersitepackages())"],
        env={**os.environ, "PYTHONUSERBASE": str(user)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    add_wheel_like(Path(asked.stdout.strip()), "in_user", "1.0")
    variables = {"PYTHONPATH": str(elsewhere), "PYTHONUSERBASE": str(user)}
    manifest = run_probe(python, "--quick", **variables)
    kinds = {item["name"]: item["location"] for item in manifest["distributions"]}
    assert (kinds["in_venv"], kinds["by_path"], kinds["in_user"]) == ("venv", str(elsewhere), "user")
    outside = run_probe(sys.executable, "--quick")["interpreter"]
    assert (outside["prefix"], outside["executable"]) == (sys.prefix, sys.executable)


def test_debian_python_is_externally_managed() -> None:
    python = Path("/usr/bin/python3")
    marked = list(Path("/usr/lib").glob("python3*/EXTERNALLY-MANAGED"))
    if not python.exists() or not marked:
        pytest.skip("this is no Debian or Ubuntu with an externally managed Python")
    manifest = run_probe(str(python), "--quick")
    assert manifest["interpreter"]["externally_managed"] is True
    debian = [item for item in manifest["distributions"] if item["installer"] == "debian"]
    assert all(item["location"] == "system" for item in debian)


def test_externally_managed_counts_outside_environments_only(
    make_venv: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr(live.sysconfig, "get_path", lambda name: {"stdlib": str(tmp_path)}[name])
    assert live.interpreter()["externally_managed"] is False
    (tmp_path / "EXTERNALLY-MANAGED").write_text("[externally-managed]\nError=no\n")
    assert live.interpreter()["externally_managed"] is True
    monkeypatch.setattr(sys, "prefix", sys.base_prefix + "/venv")
    assert live.interpreter()["externally_managed"] is False


# --- pip's configuration, with pip as the yardstick


def pip_config_list(python: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return what `pip config list` shows."""
    env = {**{name: value for name, value in os.environ.items() if not name.startswith("PIP_")}, **variables}
    done = subprocess.run([python, "-m", "pip", "config", "list"], env=env, capture_output=True, text=True, check=True)
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    return {key: ast.literal_eval(value) for key, _, value in pairs}


def probed_config(python: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return what the probe shows with the same variables."""
    env = {**{name: value for name, value in os.environ.items() if not name.startswith("PIP_")}, **variables}
    done = subprocess.run([python, str(SCRIPT), "--quick"], env=env, capture_output=True, check=True)
    return dict(json.loads(done.stdout)["pip_config"])


@pytest.mark.slow
def test_pip_config_is_that_of_pip(make_venv: Callable[..., str], tmp_path: Path) -> None:
    python = make_venv(pip=True)
    home = tmp_path / "home"
    texts = {
        tmp_path / "xdg" / "pip" / "pip.conf": "[global]\nindex-url = https://one.example/simple\ntimeout = 5\n",
        home / ".pip" / "pip.conf": "[global]\ntimeout = 6\n[install]\nno_deps = true\n",
        home / ".config" / "pip" / "pip.conf": "[global]\ntimeout = 7\nfind-links =\n  /a\n  /b\n",
        Path(python).parent.parent / "pip.conf": "[global]\nindex-url = https://two.example/simple\n",
        tmp_path / "own.conf": "[global]\ntimeout = 9\n",
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    common = {"HOME": str(home), "XDG_CONFIG_DIRS": str(tmp_path / "xdg"), "XDG_CONFIG_HOME": ""}
    for variables in (
        common,
        {**common, "PIP_NO_CACHE_DIR": "1", "PIP_EXTRA_INDEX_URL": "https://three.example/simple"},
        {**common, "PIP_CONFIG_FILE": str(tmp_path / "own.conf")},
        {**common, "PIP_CONFIG_FILE": str(tmp_path / "absent.conf")},
        {**common, "PIP_CONFIG_FILE": os.devnull},
        {**common, "XDG_CONFIG_HOME": str(tmp_path / "xdg")},
    ):
        assert probed_config(python, variables) == pip_config_list(python, variables)
    assert probed_config(python, common)["global.timeout"] == "7"


def test_a_config_file_that_cannot_be_read_is_a_warning(make_venv: Callable[..., str], tmp_path: Path) -> None:
    python = make_venv()
    (tmp_path / "pip.conf").write_text("no section = 1\n")
    manifest = run_probe(python, "--quick", PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    (warning,) = manifest["probe"]["warnings"]
    assert str(tmp_path / "pip.conf") in warning


SECRET = "hunter2secret"


def test_credentials_are_masked(make_venv: Callable[..., str], tmp_path: Path) -> None:
    python = make_venv()
    (tmp_path / "pip.conf").write_text(
        f"[global]\nindex-url = https://me:{SECRET}@one.example/simple\nproxy = me:{SECRET}@proxy.example:3128\n"
        f"extra-index-url =\n  https://{SECRET}@two.example/simple\n  https://three.example/simple?token={SECRET}&x=1\n"
    )
    variables = {
        "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"),
        "PIP_FIND_LINKS": f"https://{SECRET}:x@a.example/ https://b.example/",
        "UV_INDEX_PRIVATE_PASSWORD": SECRET,
        "UV_PUBLISH_TOKEN": SECRET,
        "UV_DEFAULT_INDEX": f"https://me:{SECRET}%40@b.example/simple/",
        "NVIDIA_API_KEY": SECRET,
        "CUDA_HOME": "/usr/local/cuda",
        "PIP_PROXY": f"http://me:{SECRET}@proxy.example",
        "HUB_TOKEN": SECRET,
    }
    manifest = run_probe(python, "--quick", **variables)
    assert SECRET not in json.dumps(manifest)
    environment, config = manifest["environment"], manifest["pip_config"]
    assert environment["CUDA_HOME"] == "/usr/local/cuda"
    assert environment["PIP_FIND_LINKS"] == "https://****@a.example/ https://b.example/"
    assert environment["UV_PUBLISH_TOKEN"] == "****"
    assert "HUB_TOKEN" not in environment
    assert config["global.index-url"] == "https://****@one.example/simple"
    assert config["global.proxy"] == "****@proxy.example:3128"
    assert "https://three.example/simple?token=****&x=1" in config["global.extra-index-url"]


SAFE = st.text(st.characters(whitelist_categories=("L", "N"), whitelist_characters="-._~!$&'()*+,;=:%@"), min_size=1)


@given(user=SAFE, password=SAFE, scheme=st.sampled_from(["https", "git+https", "ftp", "git+ssh", "socks5h"]))
def test_no_userinfo_survives_masking(user: str, password: str, scheme: str) -> None:
    masked = mask(f"a {scheme}://{user}:{password}@host.example/path?q=1#f b")
    assert masked == f"a {scheme}://****@host.example/path?q=1#f b"
    assert mask(masked) == masked


@given(st.text())
def test_masking_leaves_text_without_credentials_alone(text: str) -> None:
    plain = text.replace("@", "").replace("=", "").replace("?", "").replace("&", "")
    assert mask(plain) == plain


def test_a_revision_in_a_url_is_no_credential() -> None:
    url = "git+https://example.org/x/y.git@v1.2#subdirectory=z"
    assert mask(url) == url


def test_undecodable_variables_do_not_break_the_json(make_venv: Callable[..., str]) -> None:
    python = make_venv()
    env = {**os.environb, b"PIP_CERT": b"/caf\xe9/\xf0\x9f", b"LC_ALL": b"C", b"PYTHONIOENCODING": b"ascii"}
    done = subprocess.run([python, str(SCRIPT), "--quick"], env=env, capture_output=True, check=True)
    assert json.loads(done.stdout.decode("utf-8"))["environment"]["PIP_CERT"].startswith("/caf")


# --- platform


def test_glibc_and_glibcxx_are_those_of_the_system() -> None:
    platform = run_probe(sys.executable, "--quick")["platform"]
    done = subprocess.run(["getconf", "GNU_LIBC_VERSION"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["glibc", platform["glibc"]]
    path, version = libstdcxx(live.environment(), library_cache())
    assert version == platform["glibcxx"]
    # The version node is in the file's string table, the one above it is not.
    data = Path(path).read_bytes()
    following = ".".join([*version.split(".")[:-1], str(int(version.split(".")[-1]) + 1)])
    assert f"GLIBCXX_{version}\0".encode() in data
    assert f"GLIBCXX_{following}\0".encode() not in data


def test_the_script_can_be_imported_without_side_effects() -> None:
    before = list(sys.path)
    spec = importlib.util.spec_from_file_location("probe_again", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert sys.path == before
