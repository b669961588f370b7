"""Wheels that mean harm, through the whole of apply: refused, or harmless; the template stays as it was."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from apply_support import Notes, Recipe, changes, install, make_wheel, run, template_of, tree

from podfit.pod.apply import ApplyError, Options, apply
from podfit.pod.machine import LocalMachine

HEADLESS = {
    "cv2/__init__.py": "from .cv2 import *\nbuild = 'headless'\n",
    "cv2/cv2.abi3.so": b"\x7fELF headless",
    "cv2/data/a.xml": "<a/>",
}
FULL = {
    "cv2/__init__.py": "from .cv2 import *\nbuild = 'full'\n",
    "cv2/cv2.abi3.so": b"\x7fELF full",
    "cv2/qt/b.conf": "b",
}


def template(python: str, wheels: Path) -> Path:
    make_wheel(wheels, "opencv_python_headless", "4.10.0", HEADLESS)
    make_wheel(wheels, "torch", "2.4.0+cu124", {"torch/__init__.py": "v = 1\n", "functorch/__init__.py": ""})
    install(python, wheels, ["opencv-python-headless==4.10.0", "torch==2.4.0+cu124"])
    return Path(python).parent.parent


@pytest.mark.slow
@pytest.mark.parametrize("in_place", [False, True], ids=["overlay", "in place"])
@pytest.mark.parametrize("installer", ["auto", "pip"])
def test_opencv_over_opencv_headless_is_refused_before_it_is_installed(
    in_place: bool, installer: str, make_venv: Callable[..., str], tmp_path: Path
) -> None:
    python = make_venv(pip=installer == "pip")
    root = template(python, tmp_path / "wheels")
    full = make_wheel(tmp_path / "new", "opencv_python", "4.10.0", FULL)
    plan = Recipe(template_of(python), [full], held={"opencv-python-headless", "torch"}).plan()
    before, place = tree(root), tmp_path / "mine"
    options = Options(in_place=in_place, overlay="" if in_place else str(place), installer=installer)
    told = (
        r"belongs to opencv-python-headless 4\.10\.0"
        if in_place
        else r"would hide cv2 of the held opencv-python-headless"
    )
    with pytest.raises(ApplyError, match=told):
        apply(LocalMachine(python), plan, options)
    assert changes(before, tree(root)) == []
    assert not place.exists()
    assert list(tmp_path.glob(".podfit-apply-*")) == []


def packed(folder: Path, name: str, extra: dict[str, bytes], record: str | None = None) -> Path:
    """Return a wheel with files that its RECORD need not know; record replaces that."""
    wheel = make_wheel(folder, name, "1.0", {f"{name}.py": "v = 1\n"})
    with zipfile.ZipFile(wheel) as bundle:
        files = {info.filename: bundle.read(info) for info in bundle.infolist()}
    files.update(extra)
    if record is not None:
        files[f"{name}-1.0.dist-info/RECORD"] = record.encode()
    with zipfile.ZipFile(wheel, "w") as bundle:
        for path, data in files.items():
            info = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
            info.external_attr = (0o120777 if path.startswith("link") else 0o100644) << 16
            bundle.writestr(info, data)
    return wheel


@pytest.mark.parametrize("in_place", [False, True], ids=["overlay", "in place"])
@pytest.mark.parametrize(
    "extra",
    [
        {"../../../../outside.txt": b"x"},
        {"/tmp/podfit-outside.txt": b"x"},
        {"evil-1.0.data/data/../../../../../outside.txt": b"x"},
        {"evil-1.0.data/scripts/\x1b]0;pwn\x07": b"#!python\n"},
        {"link": b"/etc/passwd"},
        {"evil.pth": b"import os; os.environ['PODFIT_EVIL'] = '1'\n"},
        {"torch/__init__.py": b"v = 'evil'\n"},
    ],
    ids=["above", "absolute", "data above", "escape in a script's name", "link", "pth", "of what is held"],
)
def test_a_wheel_that_means_harm(
    extra: dict[str, bytes], in_place: bool, make_venv: Callable[..., str], tmp_path: Path
) -> None:
    python = make_venv()
    root = template(python, tmp_path / "wheels")
    wheel = packed(tmp_path / "new", "evil", extra)
    plan = Recipe(template_of(python), [wheel], held={"torch"}).plan()
    before, place = tree(root), tmp_path / "far" / "mine"
    options = Options(in_place=in_place, overlay="" if in_place else str(place))

    def refuses(*_: object) -> list[object]:
        raise ZeroDivisionError

    try:
        apply(LocalMachine(python), plan, options, verifier=refuses)  # type: ignore[arg-type]
    except ApplyError as error:
        assert str(error).isprintable() or "\x1b" not in str(error)
    except ZeroDivisionError:
        assert "torch/__init__.py" not in extra, "what is held would have been hidden"
    assert changes(before, tree(root)) == []
    assert not list(tmp_path.rglob("outside.txt"))
    assert not Path("/tmp/podfit-outside.txt").exists()
    assert not place.exists()


@pytest.mark.parametrize(
    "record",
    [
        "",
        "evil.py,sha256=AAAA,1\n",
        "../../../../bin/python,,\ntorch/__init__.py,,\n/etc/passwd,,\n",
        '"\n',
        "a,b,c,d,e\n" * 5,
    ],
    ids=["empty", "wrong hash", "other people's files", "no CSV", "too many columns"],
)
def test_a_record_that_lies_takes_nothing_of_others_away(
    record: str, make_venv: Callable[..., str], tmp_path: Path
) -> None:
    """Installed in place, then replaced by an honest release: what the lie named stays."""
    python = make_venv()
    root = template(python, tmp_path / "wheels")
    before = tree(root)
    lying = packed(tmp_path / "new", "evil", {}, record)
    machine, options = LocalMachine(python), Options(in_place=True)
    try:
        apply(machine, Recipe(template_of(python), [lying], held={"torch"}).plan(), options)
    except ApplyError:
        assert changes(before, tree(root)) == []
        return
    honest = make_wheel(tmp_path / "newer", "evil", "2.0", {"evil.py": "v = 2\n"})
    try:
        apply(machine, Recipe(template_of(python), [honest], held={"torch"}).plan(), options)
    except ApplyError as error:
        assert "Traceback" not in str(error)
    after = tree(root)
    gone = [path for path in before if path not in after]
    assert gone == [], record
    assert run(python, "import torch, functorch; print(torch.v)") == "1"
    assert Path("/etc/passwd").exists()


@pytest.mark.parametrize(
    ("path", "in_place", "told"),
    [
        ("evil-1.0.data/data/pyvenv.cfg", False, "brings pyvenv.cfg in place of the environment's own"),
        ("evil-1.0.data/scripts/activate", False, "brings bin/activate in place of the environment's own"),
        ("evil-1.0.data/data/pyvenv.cfg", True, "pyvenv.cfg belongs to nothing that is replaced"),
        ("evil-1.0.data/scripts/mine", True, "bin/mine belongs to nothing that is replaced"),
        ("mine.py", True, "site-packages/mine.py belongs to nothing that is replaced"),
    ],
)
def test_neither_the_environments_files_nor_the_users_are_overwritten(
    path: str, in_place: bool, told: str, make_venv: Callable[..., str], tmp_path: Path
) -> None:
    python = make_venv()
    root = template(python, tmp_path / "wheels")
    for mine in (root / "bin" / "mine", next(root.glob("lib/python*/site-packages")) / "mine.py"):
        mine.write_text("mine\n")
    wheel = packed(tmp_path / "new", "evil", {path: b"#!python\n"})
    plan = Recipe(template_of(python), [wheel]).plan()
    before = tree(root)
    with pytest.raises(ApplyError, match=told):
        apply(
            LocalMachine(python), plan, Options(in_place=in_place, overlay="" if in_place else str(tmp_path / "mine"))
        )
    assert changes(before, tree(root)) == []


@pytest.mark.parametrize("in_place", [False, True], ids=["overlay", "in place"])
def test_what_runs_at_each_start_is_told(in_place: bool, make_venv: Callable[..., str], tmp_path: Path) -> None:
    python = make_venv()
    template(python, tmp_path / "wheels")
    wheel = packed(tmp_path / "new", "evil", {"evil.pth": b"import os\n"}, "evil.py,,\nevil.pth,,\n")
    notes = Notes()
    options = Options(in_place=in_place, overlay="" if in_place else str(tmp_path / "mine"))
    apply(LocalMachine(python), Recipe(template_of(python), [wheel]).plan(), options, reporter=notes)
    told = "every Python of this environment runs from now on, when it starts: evil.pth of evil 1.0"
    assert told in notes.warnings
