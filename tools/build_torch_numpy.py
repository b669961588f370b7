#!/usr/bin/env python3
"""Write src/podfit/catalogue/torch_numpy.toml from a table of runs: torch beside NumPy, each use tried for real.

    .dev/py311/bin/python tools/build_torch_numpy.py RUNS.tsv

RUNS.tsv has the columns torch, python (`311`), numpy, verdict, and one for each use: `ok`, or the error that it raised;
what follows ` | WARN ` is a warning that was printed.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src" / "podfit" / "catalogue" / "torch_numpy.toml"
USES = {
    "import_torch": "import torch",
    "import_numpy": "import numpy",
    "from_numpy": "torch.from_numpy(array)",
    "tensor_npscalar": "torch.tensor(numpy.float32(1))",
    "tensor_ndarray": "torch.tensor(array)",
    "t_numpy": "tensor.numpy()",
    "asarray": "numpy.asarray(tensor)",
    "DataLoader_nd": "a DataLoader over arrays",
    "DataLoader_t": "a DataLoader over tensors",
}
HEAD = """\
# torch beside NumPy, each use tried for real on a CPU with PyPI's builds: written by tools/build_torch_numpy.py.
# A run names what it did not do without an error (fails) and what printed a warning (warns); all other uses worked.

[evidence]
kind = "measured"
source = "tools/build_torch_numpy.py"
detail = "torch of the index on a CPU, one environment for each pair, every use in the list tried"

"""


def main() -> None:
    """Read the table and write the catalogue's."""
    with Path(sys.argv[1]).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    rows.sort(key=lambda row: [tuple(map(int, row[key].split("."))) for key in ("torch", "numpy", "python")])
    body = []
    for row in rows:
        said = {name: row[key].partition(" | WARN ") for key, name in USES.items()}
        fails = {name: error for name, (error, _, _) in said.items() if error != "ok"}
        warns = {name: warning.partition(" (Triggered")[0] for name, (_, _, warning) in said.items() if warning}
        python = f"{row['python'][0]}.{row['python'][1:]}"
        body.append(f'\n[[run]]\ntorch = "{row["torch"]}"\nnumpy = "{row["numpy"]}"\npython = "{python}"\n')
        body += [f"{key} = {_inline(found)}\n" for key, found in (("fails", fails), ("warns", warns)) if found]
    uses = f"uses = {json.dumps(list(USES.values()))}\n\n"
    TARGET.write_text(HEAD.replace("[evidence]", f"{uses}[evidence]") + "".join(body).lstrip(), encoding="utf-8")


def _inline(table: dict[str, str]) -> str:
    """Return a table of TOML on one line."""
    return "{ " + ", ".join(f"{json.dumps(key)} = {json.dumps(value)}" for key, value in table.items()) + " }"


if __name__ == "__main__":
    main()
