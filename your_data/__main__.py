"""python -m your_data distill --images DIR --teacher FILE --student cnn | export | table"""

from common.cli.user_data import main

if __name__ == "__main__":
    main()
