"""python -m mnist teacher cnn | distill ... | reproduce | table"""

from common.cli import main

if __name__ == "__main__":
    main("mnist")
