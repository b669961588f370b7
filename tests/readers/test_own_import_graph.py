"""Files that nothing of a project runs by itself: programs apart, and what is imported where it need not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from podfit.readers.imports import scan_imports

PACKAGE = {"pkg/__init__.py": "from pkg import core\n", "pkg/core.py": "import click\n"}
MAIN = "\n\nif __name__ == '__main__':\n    pass\n"
WORKER = {"pkg/worker.py": f"import vllm\nfrom pkg.core import x{MAIN}"}


def behind(root: Path, files: dict[str, str]) -> dict[str, str]:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return {site.module: site.behind for site in scan_imports(root).imports}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        pytest.param({**PACKAGE, **WORKER}, "nothing imports pkg/worker.py", id="a program of a package"),
        pytest.param(
            {**PACKAGE, "scripts/serve.py": f"import vllm{MAIN}"}, "nothing imports scripts/serve.py", id="beside it"
        ),
        pytest.param(
            {**PACKAGE, "pkg/gpt.py": "import vllm\n", "pkg/core.py": "def f():\n    from .gpt import LLM\n"},
            "pkg/core.py:2 imports pkg/gpt.py in a function",
            id="imported in a function",
        ),
        pytest.param(
            {
                **PACKAGE,
                "pkg/fast/__init__.py": "from .llm import LLM\n",
                "pkg/fast/llm.py": "import vllm\nfrom pkg import fast\n",
                "pkg/core.py": "try:\n    from .fast import LLM\nexcept ImportError:\n    LLM = None\n",
            },
            "nothing that the project runs by itself imports pkg/fast/llm.py",
            id="a package that is imported under a guard",
        ),
        pytest.param({**PACKAGE, "pkg/core.py": "import vllm\n"}, "", id="what the package imports"),
        pytest.param({**PACKAGE, "serve.py": "import vllm\n"}, "", id="at the root"),
        pytest.param({"tools/serve.py": "import vllm\n", "train.py": "import click\n"}, "", id="no package"),
        pytest.param(
            {**PACKAGE, **WORKER, "pyproject.toml": '[project.scripts]\nworker = "pkg.worker:main"\n'},
            "",
            id="a manifest starts it",
        ),
        pytest.param(
            {**PACKAGE, "scripts/serve.py": "import vllm\n", "Dockerfile": 'CMD ["python", "scripts/serve.py"]\n'},
            "",
            id="a Dockerfile starts it",
        ),
        pytest.param(
            {
                **PACKAGE,
                "pkg/gpt.py": "import vllm\n",
                "a.ipynb": '{"cells": [{"cell_type": "code", "source": '
                '"from pkg.gpt import LLM", "outputs": []}], "metadata": {}}',
            },
            "",
            id="a notebook imports it",
        ),
        pytest.param(
            {
                **PACKAGE,
                "pkg/gpt.py": "import vllm\n",
                "scripts/a.py": "from pkg.gpt import LLM\n",
                "scripts/b.py": "from pkg.gpt import LLM\n",
            },
            "",
            id="several programs import it",
        ),
        pytest.param(
            {
                **PACKAGE,
                "pkg/core.py": "def main():\n    from .gpt import LLM\nmain()\n",
                "pkg/gpt.py": "import vllm\n",
            },
            "",
            id="in a function that runs",
        ),
    ],
)
def test_what_nothing_runs_by_itself_is_told_apart(tmp_path: Path, files: dict[str, str], why: str) -> None:
    assert behind(tmp_path, files)["vllm"] == why


def test_what_the_project_runs_is_not_behind(tmp_path: Path) -> None:
    assert behind(tmp_path, {**PACKAGE, **WORKER})["click"] == ""
