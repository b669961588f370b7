"""`start-<template>.sh`: attaches the plan's overlay again after a restart that lost all but the pod's volume."""

from __future__ import annotations

import json
import shlex

from podfit.model import Plan
from podfit.report.by_pip import guard
from podfit.writers.plain import file_part, name_of_overlay
from podfit.writers.text import comment, preamble

_BODY = r"""
say() { printf 'podfit: %s\n' "$*" >&2; }

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
home=${HOME:-/root}
kernel="${JUPYTER_DATA_DIR:-${XDG_DATA_HOME:-$home/.local/share}/jupyter}/kernels/podfit-$name"
begin='# >>> podfit: overlay >>>'
end='# <<< podfit: overlay <<<'

# Where podfit apply lays overlays: where it was told to, beside this script, on a volume, below the home directory.
find_overlay() {
    for place in "${PODFIT_OVERLAY:-}" "$here/overlays/$name" /*/podfit/overlays/"$name" \
        "$home/.local/share/podfit/overlays/$name"; do
        if [ -n "$place" ] && [ -f "$place/podfit-state.json" ]; then
            printf '%s\n' "$place"
            return 0
        fi
    done
    return 1
}

# Print a file of shell commands without the lines that this script put there.
without_block() {
    if [ -f "$1" ]; then
        awk -v begin="$begin" -v end="$end" '$0 == begin { inside = 1 } !inside { print } $0 == end { inside = 0 }' "$1"
    fi
}

# Write a file unless it holds that already; its permissions stay. What was there is never half gone.
put() {
    if [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; then
        return 0
    fi
    if [ -L "$1" ] || [ -f "$1" ]; then
        printf '%s\n' "$2" > "$1.podfit" && cat "$1.podfit" > "$1" && rm -f "$1.podfit"
    else
        printf '%s\n' "$2" > "$1.podfit" && mv "$1.podfit" "$1"
    fi
}

# The overlay comes first on PATH, once.
block() {
    printf '%s\n' "$begin" "podfit_overlay=$quoted"
    # shellcheck disable=SC2016  # these are for the shell that reads them
    printf '%s\n' 'if [ -x "$podfit_overlay/bin/python" ]; then' \
        '    export VIRTUAL_ENV="$podfit_overlay"' \
        '    case ":$PATH:" in *":$podfit_overlay/bin:"*) ;; *) export PATH="$podfit_overlay/bin:$PATH" ;; esac' \
        'fi' 'unset podfit_overlay' "$end"
}

# bash reads .bashrc, or the first of the others at a login; what only another shell reads is not made for it.
attach_shells() {
    for file in .bashrc .profile .bash_profile .bash_login .zshrc; do
        file="$home/$file"
        case "$file" in */.bashrc | */.profile) ;; *) [ -f "$file" ] || continue ;; esac
        rest=$(without_block "$file")
        put "$file" "$(printf '%s\n%s' "$rest" "$(block)")"
    done
}

detach_shells() {
    for file in .bashrc .profile .bash_profile .bash_login .zshrc; do
        file="$home/$file"
        if [ -f "$file" ] && grep -qxF "$begin" "$file"; then put "$file" "$(without_block "$file")"; fi
    done
}

attach() {
    overlay=$(find_overlay) || { say "there is no overlay $name; podfit apply makes it"; return 1; }
    if ! "$overlay/bin/python" -c '' 2> /dev/null; then
        say "$overlay/bin/python does not run: the image has another Python now; podfit apply makes the overlay again"
        return 1
    fi
    "$overlay/bin/python" -c "$check" || return 1
    quoted=$("$overlay/bin/python" -c 'import shlex, sys; print(shlex.quote(sys.argv[1]))' "$overlay")
    attach_shells
    if "$overlay/bin/python" -c 'import importlib.util as u, sys; sys.exit(u.find_spec("ipykernel") is None)'; then
        mkdir -p "$kernel"
        put "$kernel/kernel.json" "$("$overlay/bin/python" -c 'import json, sys; print(json.dumps({
            "argv": [sys.argv[1] + "/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": sys.argv[2], "language": "python", "env": {"VIRTUAL_ENV": sys.argv[1]}}, indent=1))' \
            "$overlay" "podfit: $name")"
    fi
    VIRTUAL_ENV=$overlay
    case ":$PATH:" in *":$overlay/bin:"*) ;; *) PATH="$overlay/bin:$PATH" ;; esac
    export VIRTUAL_ENV PATH
    say "attached: $overlay"
}

if [ "${1:-}" = --detach ]; then
    detach_shells
    rm -rf "$kernel"
    say "detached; the overlay itself stays as it is"
    exit 0
fi

attached=0
attach || attached=1
if [ "$#" -gt 0 ]; then
    exec "$@"
fi
exit "$attached"
"""


def write_start(plan: Plan) -> str:
    """Return the script, POSIX sh: it checks the overlay, and puts it first in shells and as a kernel of Jupyter.

    It may run any number of times. A command after it is run in any case: a pod has to start.
    """
    file = f"start-{file_part(plan.template.name)}.sh"
    shown = json.dumps(name_of_overlay(plan))
    lines = [
        "#!/bin/sh",
        *preamble(plan, "start script"),
        "#",
        comment(f"Use:  sh {file} [COMMAND ...]      attach the overlay that podfit apply made, then run COMMAND"),
        f"#       sh {file} --detach           take it out of shells and Jupyter again",
        "# On a pod that keeps /workspace alone, put it at /workspace/podfit/; the container then starts with",
        f"#       sh /workspace/podfit/{file} /start.sh",
        comment(f"The overlay is {shown}; PODFIT_OVERLAY names its directory where that is another one."),
        "set -u",
        f"name={shlex.quote(name_of_overlay(plan))}",
        "# The overlay shows what was planned, over the image that it was planned for, or it is not attached.",
        f"check={shlex.quote(guard(plan, 'the overlay', fitted=True))}",
    ]
    return "\n".join(lines) + "\n" + _BODY
