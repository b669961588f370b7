"""Hydra's configuration files, kept in the package so that an installed moola finds them."""
