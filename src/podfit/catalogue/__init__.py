"""Template facts and rules as data files, each with provenance."""
