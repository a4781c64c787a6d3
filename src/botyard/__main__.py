"""`python -m botyard`: the same as the `botyard` command."""

from botyard.cli import main

if __name__ == "__main__":
    main()
