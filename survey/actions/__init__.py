"""Verbs: what people and jobs do."""
