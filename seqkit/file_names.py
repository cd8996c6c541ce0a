"""File names made of a user's words: of series, domains, variants, records."""

from __future__ import annotations

import re

_MOST = 80


def plain_name(text: str, default: str = "unnamed") -> str:
    """Letters and digits with dashes between them: a name that can neither leave its folder nor be hidden in it.

    Args:
        text: What is to be named, such as a series; it may be long, and may hold slashes.
        default: In place of a name of which nothing remains.

    Example:
        >>> plain_name("../../etc/passwd"), plain_name("..")
        ('etc-passwd', 'unnamed')
    """
    return re.sub(r"\W+", "-", text)[:_MOST].strip("-") or default
