"""Messages of errors that other libraries raise, as parts of one sentence."""


def first_line(error):
    """First line of an error's message, at most 200 characters; its class if it has no message.

    Args:
        error: exception, or the text of one.
    """
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
