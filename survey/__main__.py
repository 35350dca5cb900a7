"""Run the command as `python -m survey`."""

from survey.cli import main

main()
