"""Paper: data in, bytes out. Jinja and Babel, no Flask."""
