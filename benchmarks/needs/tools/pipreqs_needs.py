"""Print, as JSON, the distributions that pipreqs would ask the index for: the imports through its own mapping.

pipreqs then drops what the index has not; the index is not asked here, so that no name is looked up that is a guess.
"""

from __future__ import annotations

import json
import sys

from pipreqs.pipreqs import get_all_imports, get_pkg_names


def main(project: str) -> None:
    """Run pipreqs' own functions with its defaults."""
    names = get_pkg_names(get_all_imports(project))
    print(json.dumps({"distributions": sorted(names), "modules": [], "open": []}))


main(*sys.argv[1:])
