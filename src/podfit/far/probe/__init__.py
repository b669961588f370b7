"""What an environment and its machine really are: prints a template manifest."""
