"""Plan: what a solution means for every distribution, with reasons, order and sizes."""
