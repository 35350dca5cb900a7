"""Hài Lòng: citizen satisfaction surveys, from a transaction to a verdict."""
