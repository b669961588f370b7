"""`python -m podfit`."""

from podfit.cli.main import main

main()
