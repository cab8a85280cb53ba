"""Free text from files, made safe to store and show."""

import re

import polars as pl

MAX_LENGTH = 2000
_CONTROL = r"[\p{Cc}\p{Cf}\p{Co}]"
# Marks that are stacked on one letter. Burmese and pointed Hebrew stack up to four; hundreds cover the lines around.
_MAX_MARKS = 4
_MARKS_TOO_MANY = rf"([\p{{Mn}}\p{{Me}}]{{{_MAX_MARKS}}})[\p{{Mn}}\p{{Me}}]+"

_EMAIL = re.compile(r"[^/\s@]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+?(?=[_/\s(]|$|\.\w{2,4}(?:$|\.))")


def file_label(path: str) -> str:
    """A file's path as it may stand in the ledger: cleaned, without e-mail addresses (Garmin's names have them)."""
    return _EMAIL.sub("…", clean_text(path))


def clean_text(text: str) -> str:
    """Free text made safe to store and show, in one line.

    NFC, no control or direction characters, at most four marks on a letter, at most 2000 characters.
    """
    if text.isascii() and text.isprintable():
        return re.sub(" +", " ", text).strip()[:MAX_LENGTH].rstrip()  # as below, which takes a hundred times as long
    readable = text.encode("utf-8", "replace").decode()
    return str(pl.DataFrame({"text": [readable]}).select(clean_column("text")).item())


def clean_column(column: str) -> pl.Expr:
    """A column of free text, cleaned as `clean_text` does."""
    return clean_expression(pl.col(column))


def clean_expression(text: pl.Expr) -> pl.Expr:
    """Free text cleaned as `clean_text` does; what is clean stays as it is."""
    text = text.str.replace_all(r"\s+", " ").str.replace_all(_CONTROL, "").str.replace_all(" {2,}", " ")
    text = text.str.normalize("NFC")
    text = text.str.replace_all(_MARKS_TOO_MANY, "$1")  # after NFC, which joins marks to letters and sorts the others
    return text.str.strip_chars().str.slice(0, MAX_LENGTH).str.strip_chars_end()
