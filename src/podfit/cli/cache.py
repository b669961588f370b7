"""`podfit cache`: where podfit keeps what it read, and removing what is old."""

from __future__ import annotations

from pathlib import Path

import click

_DAY = 24 * 3600.0


@click.group("cache", context_settings={"help_option_names": ["-h", "--help"]})  # click remembers the first it saw
def cache_command() -> None:
    """Show or prune podfit's cache: pages and metadata of indexes, and the solver's own files.

    Everything in it can be made again; a plan never depends on it. PODFIT_CACHE_DIR puts it elsewhere.
    Exit code 0: done, 1: the cache is in use, 2: a bad call.

    \b
    Examples:
      podfit cache dir                    where it is
      podfit cache prune                  remove what was not used for 30 days
      podfit cache prune --days 0         remove everything
      podfit cache prune --max-size 500   then the oldest, until at most 500 MB are left
    """  # noqa: D301


@cache_command.command("dir")
def _dir() -> None:
    """Print the cache's directory. Exit code 0."""
    from podfit.index import default_cache

    click.echo(default_cache())


@cache_command.command("prune")
@click.option("--days", type=click.FloatRange(min=0), default=30.0, show_default=True, help="Keep what is younger.")
@click.option("--max-size", type=click.FloatRange(min=0), metavar="MB", help="Then keep at most so many megabytes.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
def _prune(days: float, max_size: float | None, dry_run: bool) -> int:
    """Remove what was not used for some days, the oldest first.

    Nothing is removed while another podfit runs with the same cache. Exit code 0: done, 1: the cache is in use.
    """
    from podfit.index import default_cache
    from podfit.index.usage import alone, entries

    cache: Path = default_cache()
    if not cache.is_dir():
        click.echo(f"{cache}: there is no cache")
        return 0
    with alone(cache) as ours:
        if not ours:
            click.echo(f"{cache}: another podfit uses it; nothing was removed, try again when it has ended", err=True)
            return 1
        found = sorted(entries(cache), key=lambda entry: -entry.age)
        left = sum(entry.size for entry in found)
        removed = freed = 0
        for entry in found:
            if entry.age < days * _DAY and (max_size is None or left <= max_size * 1e6):
                continue
            if not dry_run:
                entry.remove()
            removed, freed, left = removed + 1, freed + entry.size, left - entry.size
    verb = "would be removed" if dry_run else "removed"
    click.echo(f"{cache}: {removed} entries {verb}, {freed} bytes; {left} bytes are left")
    return 0
