"""Free text from files, made safe to store and show."""

import re

import polars as pl

MAX_LENGTH = 2000
_CONTROL = r"[\p{Cc}\p{Cf}\p{Co}]"

_EMAIL = re.compile(r"[^/\s@]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+?(?=_|/|$|\.\w{2,4}(?:$|\.))")


def file_label(path: str) -> str:
    """A file's path as it may stand in the ledger: cleaned, without e-mail addresses (Garmin's names have them)."""
    return _EMAIL.sub("…", clean_text(path))


def clean_text(text: str) -> str:
    """Free text made safe to store and show: NFC, no control or direction characters, at most 2000 characters."""
    if text.isascii() and text.isprintable():
        return re.sub(" +", " ", text).strip()[:MAX_LENGTH]  # as below, which takes a hundred times as long
    readable = text.encode("utf-8", "replace").decode()
    return str(pl.DataFrame({"text": [readable]}).select(clean_column("text")).item())


def clean_column(column: str) -> pl.Expr:
    """A column of free text, cleaned as `clean_text` does."""
    return clean_expression(pl.col(column))


def clean_expression(text: pl.Expr) -> pl.Expr:
    """Free text cleaned as `clean_text` does."""
    text = text.str.replace_all(r"\s+", " ").str.replace_all(_CONTROL, "").str.normalize("NFC")
    return text.str.strip_chars().str.slice(0, MAX_LENGTH)
