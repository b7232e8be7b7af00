"""Which characters a long text has, asked of its bytes: an expression, or ``str.isprintable``, goes from one to the
next and takes five times as long."""

from __future__ import annotations

_PLAIN = bytes([*range(0x20, 0x7F), *b"\n"])


def is_unicode(text: str) -> bool:
    """Whether it is without halves of surrogate pairs, which no file of UTF-8 can hold."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def are_printable(text: str) -> bool:
    """Whether all characters of its lines can be printed; half of a surrogate pair cannot."""
    return is_printable(text.encode("utf-8", "surrogatepass"))


def is_printable(data: bytes, but: bytes = _PLAIN) -> bool:
    """The same of the bytes of a text; ``but``: characters of ASCII that may stand there."""
    rest = data.translate(None, but)
    return not rest or rest.decode("utf-8", "surrogatepass").isprintable()
