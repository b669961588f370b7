"""Acting on an environment: probe, apply, rollback, verify; locally or through ssh."""
