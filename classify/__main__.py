"""`python -m classify` is `classify`."""

from classify.cli import main

main()
