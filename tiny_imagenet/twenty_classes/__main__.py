"""python -m tiny_imagenet.twenty_classes teacher cnn | distill ... | reproduce | table"""

from common.cli import main

if __name__ == "__main__":
    main("tiny_imagenet20")
