"""Imports that fail, crash, hang or end the process: real compiled modules, real processes, one sentence each."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from apply_support import make_wheel, wait_until
from verify_support import Seen, both, install, make_environment, plan_over, site_packages, template_of

from podfit.writers.verify_env import write_verify_env

SHORT = ("--timeout", "3")


def compiled(folder: Path, code: str, *options: str) -> bytes:
    """Return a shared library of C code, made by gcc."""
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc")
    folder.mkdir(parents=True, exist_ok=True)
    source, target = folder / "source.c", folder / "made.so"
    source.write_text(code)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(target), str(source), *options], check=True, timeout=60)
    return target.read_bytes()


def module(body: str) -> str:
    """Return the C code of the extension module `_core` whose initialization runs body."""
    headers = "#include <signal.h>\n#include <stdlib.h>\n#include <stddef.h>\n"
    return f"{headers}extern int needed(void);\nvoid *PyInit__core(void) {{ {body} }}\n"


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., Seen]:
    """A function that verifies an environment whose one distribution has these files, after some damage to it."""

    def run(content: dict[str, str | bytes], *options: str, damage: Callable[[Path], object] = lambda _: None) -> Seen:
        python = make_environment(tmp_path / "environment")
        install(python, [make_wheel(tmp_path / "wheels", "thing", "1.0", content)], "--no-index")
        plan = plan_over(template_of(python), {"thing": ["thing"]})
        damage(site_packages(python))
        return both(plan, python, tmp_path, *options)

    return run


def core(folder: Path, code: str, *options: str) -> dict[str, str | bytes]:
    """Return the files of a package whose import loads a compiled module."""
    return {"thing/__init__.py": "from thing import _core\n", "thing/_core.so": compiled(folder, code, *options)}


CRASHES = {
    "segmentation fault": ("*(volatile int *)NULL = 1; return NULL;", "its compiled code does not fit"),
    "abort()": ("abort();", "a compiled library gave up"),
    "illegal instruction": ("raise(SIGILL); return NULL;", "its code is built for a newer CPU"),
}


@pytest.mark.parametrize("what", CRASHES)
def test_a_crash_on_import_is_a_finding(what: str, check: Callable[..., Seen], tmp_path: Path) -> None:
    body, why = CRASHES[what]
    seen = check(core(tmp_path / "c", module(body)))
    assert seen.code == 1
    assert seen.failed == [("import", "thing")]
    told = seen.findings["import", "thing"]
    assert told["message"].startswith("1.0: the import fails: the process was ended by ")
    assert what in told["message"]
    assert told["remedy"].startswith(why)
    # The line of Python that was running, not this program's own.
    assert told["evidence"]["detail"].endswith("site-packages/thing/__init__.py:1 in <module>")
    assert seen.verdicts["metadata", "metadata"][0] == "ok"  # everything else was judged


def test_a_library_that_is_gone_is_named_with_the_one_who_brings_it(check: Callable[..., Seen], tmp_path: Path) -> None:
    library = compiled(tmp_path / "lib", "int needed(void) { return 1; }", "-Wl,-soname,libneeded-1a2b.so.1")
    (tmp_path / "libneeded.so").write_bytes(library)
    options = (f"-L{tmp_path}", "-lneeded", "-Wl,-rpath,$ORIGIN/../thing.libs")
    files = core(tmp_path / "c", module("exit(needed());"), *options)
    files["thing.libs/libneeded-1a2b.so.1"] = library

    def remove(packages: Path) -> None:
        (packages / "thing.libs" / "libneeded-1a2b.so.1").unlink()

    seen = check(files, damage=remove)
    assert seen.code == 1
    told = seen.findings["import", "thing"]
    assert told["message"] == "1.0: import thing fails: the shared library libneeded-1a2b.so.1 is missing"
    assert told["remedy"] == "thing 1.0 brings libneeded-1a2b.so.1 and it is gone: install thing again"


@pytest.mark.parametrize(
    ("soname", "remedy"),
    [
        ("libsndfile.so.1", "apt-get install libsndfile1"),
        ("libcuda.so.1", "it comes with the NVIDIA driver: start the container with GPUs (docker run --gpus all)"),
        (
            "libcudnn.so.99",
            "a CUDA library of the template is gone or of another version: use the template's own torch",
        ),
        ("libunheardof.so.3", "install the system package that provides libunheardof.so.3"),
    ],
)
def test_a_library_of_the_system_that_is_missing(
    soname: str, remedy: str, check: Callable[..., Seen], tmp_path: Path
) -> None:
    library = compiled(tmp_path / "lib", "int needed(void) { return 1; }", f"-Wl,-soname,{soname}")
    (tmp_path / "libneeded.so").write_bytes(library)
    if soname in subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False).stdout:
        pytest.skip(f"this machine has {soname}")
    seen = check(core(tmp_path / "c", module("exit(needed());"), f"-L{tmp_path}", "-lneeded"))
    told = seen.findings["import", "thing"]
    assert told["message"] == f"1.0: import thing fails: the shared library {soname} is missing"
    assert told["remedy"] == remedy


def test_a_module_made_for_another_torch(check: Callable[..., Seen], tmp_path: Path) -> None:
    code = module("exit(needed());").replace("needed", "_ZN3c105ErrorC2ENS_14SourceLocationENSt7__cxx1112basic_string")
    seen = check(core(tmp_path / "c", code))
    assert seen.failed == [("import", "thing")]
    assert (
        "fails: it was built for another torch: the symbol _ZN3c105Error" in seen.findings["import", "thing"]["message"]
    )


QUITTERS = {
    "import os; os._exit(0)": "the import fails: the process ended itself with status 0",
    "import os; os._exit(7)": "the import fails: the process ended itself with status 7",
    "import sys; sys.exit('no licence')": "import thing fails: SystemExit: no licence",
    "raise BaseException('odd')": "import thing fails: BaseException: odd",
    "import nowhere": "import thing fails: the module nowhere is missing",
    "def f(): f()\nf()": "import thing fails: RecursionError: maximum recursion depth exceeded",
    "this is no Python": "import thing fails: SyntaxError: invalid syntax (__init__.py, line 1)",
    "class E(Exception):\n def __str__(self): raise self\nraise E": "import thing fails: E: ",
    "raise ImportError('bad \\udcff byte')": "import thing fails: ImportError: bad \\udcff byte",
}


@pytest.mark.parametrize("code", QUITTERS)
def test_a_module_that_ends_or_raises(code: str, check: Callable[..., Seen]) -> None:
    seen = check({"thing/__init__.py": code})
    assert seen.code == 1
    assert seen.failed == [("import", "thing")]
    assert seen.findings["import", "thing"]["message"].startswith(f"1.0: {QUITTERS[code]}")


CAREFREE = {
    "stdout is gone": "import sys; sys.stdout = None; sys.stderr = None",
    "stdout is closed": "import sys; sys.stdout.close()",
    "much output": "print('x' * 2**22)",
    "leaves threads": "import threading, time; threading.Thread(target=time.sleep, args=(600,)).start()",
    "crashes at exit": "import atexit, os; atexit.register(os.abort)",
    "changes directory": "import os; os.chdir('/')",
}


@pytest.mark.parametrize("code", CAREFREE)
def test_odd_habits_of_a_module_that_imports(code: str, check: Callable[..., Seen]) -> None:
    seen = check({"thing/__init__.py": CAREFREE[code]})
    assert seen.verdicts["import", "thing"] == ("ok", "1.0")
    assert seen.code == 0


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that nobody waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


HANG = (
    "import os, subprocess, time\n"
    "child = subprocess.Popen(['sleep', '600'])\n"
    "with open(os.environ['PODFIT_TEST_PIDS'], 'a') as file: file.write(f'{os.getpid()} {child.pid}\\n')\n"
    "time.sleep(600)\n"
)


def test_a_hang_is_stopped_with_its_children(
    check: Callable[..., Seen], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "pids"
    monkeypatch.setenv("PODFIT_TEST_PIDS", str(note))
    started = time.monotonic()
    seen = check({"thing/__init__.py": HANG}, *SHORT)
    assert time.monotonic() - started < 30
    assert seen.code == 1
    assert seen.failed == [("import", "thing")]
    told = seen.findings["import", "thing"]
    assert told["message"] == "1.0: the import fails: it did not end within 3 seconds and was stopped"
    assert told["evidence"]["detail"].endswith("thing/__init__.py:4 in <module>")
    assert "--timeout" in told["remedy"]
    pids = [int(word) for word in note.read_text().split()]
    assert len(pids) == 4
    wait_until(lambda: not any(alive(pid) for pid in pids), 5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stopped_it_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    python = make_environment(tmp_path / "environment")
    install(python, [make_wheel(tmp_path / "wheels", "thing", "1.0", {"thing/__init__.py": HANG})], "--no-index")
    script, note, temporary = tmp_path / "verify_env.py", tmp_path / "pids", tmp_path / "temporary"
    script.write_text(write_verify_env(plan_over(template_of(python), {"thing": ["thing"]})))
    temporary.mkdir()
    environment = {**os.environ, "PODFIT_TEST_PIDS": str(note), "TMPDIR": str(temporary)}
    process = subprocess.Popen([python, str(script)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: note.exists() and len(note.read_text().split()) == 2)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, b"", b"stopped\n")
    wait_until(lambda: not any(alive(int(word)) for word in note.read_text().split()), 5)
    assert list(temporary.iterdir()) == []


@pytest.mark.network
def test_a_real_wheel_without_its_library(interpreter: Callable[[str], str], tmp_path: Path) -> None:
    """NumPy wraps the loader's words in a page of advice."""
    python = make_environment(tmp_path / "environment", ["numpy==1.26.4"], python=interpreter("3.11"))
    plan = plan_over(template_of(python), {"numpy": ["numpy"]})
    library = next((site_packages(python) / "numpy.libs").glob("libopenblas*"))
    assert both(plan, python, tmp_path).code == 0
    library.unlink()
    seen = both(plan, python, tmp_path)
    assert seen.code == 1
    told = seen.findings["import", "numpy"]
    assert told["message"] == f"1.26.4: import numpy fails: the shared library {library.name} is missing"
    assert told["remedy"] == f"numpy 1.26.4 brings {library.name} and it is gone: install numpy again"


@pytest.mark.network
def test_a_compiled_module_of_the_other_numpy_is_blamed_by_name(
    interpreter: Callable[[str], str], tmp_path: Path
) -> None:
    """pandas 2.1 was built with NumPy 1's headers; torch is there too, and has nothing to do with it."""
    python = make_environment(tmp_path / "environment", python=interpreter("3.11"))
    install(python, ["pandas==2.1.4", "numpy==2.2.6", "python-dateutil", "pytz", "tzdata", "six"], "--no-deps")
    install(python, [make_wheel(tmp_path / "wheels", "torch", "2.6.0", {"torch/__init__.py": ""})], "--no-index")
    plan = plan_over(template_of(python), {"pandas": ["pandas"]})
    seen = both(plan, python, tmp_path)
    assert seen.failed == [("import", "pandas")]
    told = seen.findings["import", "pandas"]
    words = "2.1.4: import pandas fails: pandas was built against NumPy 1's C-ABI; NumPy 2.2.6 is installed"
    assert told["message"] == words
    assert told["remedy"] == "install a release of pandas built for NumPy 2, or NumPy 1.26"


def test_the_report_survives_any_bytes(check: Callable[..., Seen]) -> None:
    code = "import os; os.write(1, bytes(range(256)) * 100); raise OSError('\\0\\x1b[31m\\n\\ud800')"
    seen = check({"thing/__init__.py": code})
    message = "1.0: import thing fails: OSError: \\x00\\x1b[31m \\ud800"
    assert seen.verdicts["import", "thing"] == ("failed", message)
    assert json.loads(seen.text)["passed"] is False
