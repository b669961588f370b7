"""Moola: finds the card payments that their holders will dispute."""

__version__ = "0.3.0"
