"""The former name of `python -m common.benchmark teacher_epoch`."""

import sys

from common.benchmark.__main__ import main

if __name__ == "__main__":
    print("python -m tiny_imagenet.timing is now python -m common.benchmark teacher_epoch")
    main(["teacher_epoch", *sys.argv[1:]])
