"""python -m cifar100 teacher vgg8_12 | distill ... | reproduce four_epochs | table"""

from common.cli import main

if __name__ == "__main__":
    main("cifar100")
