"""python -m common.results --write | --check"""

import sys

from common.results.readme import main

if __name__ == "__main__":
    sys.exit(main())
