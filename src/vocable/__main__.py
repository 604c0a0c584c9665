"""`python -m vocable`: the command line, where its script is not on the path."""

from vocable.cli import main

if __name__ == "__main__":
    main()
