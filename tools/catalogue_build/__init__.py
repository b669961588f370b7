"""The parts of tools/build_catalogue.py: sources in, manifests out."""
