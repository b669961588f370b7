"""Readers: the outside world into the model; nothing here decides anything."""
