"""Views of a plan: terminal, Markdown, JSON, requirements, constraints, lock, pylock."""
