"""From a log to symptom, cause and fix."""
