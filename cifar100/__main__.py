"""python -m cifar100 teacher pilot_vgg8 | distill ... | reproduce pilot | table"""

from common.cli import main

if __name__ == "__main__":
    main("cifar100")
