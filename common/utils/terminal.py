"""Standard output in encodings that lack some of the printed characters."""

import sys


def replace_unencodable():
    """Print `?` for characters that standard output cannot encode, such as → in ISO 8859-15.

    Each command's `main` calls it, so that tables are printed in any locale. Files are UTF-8 in
    every locale.
    """
    if hasattr(sys.stdout, "reconfigure"):  # a notebook's has none, and is UTF-8
        sys.stdout.reconfigure(errors="replace")
