"""Free text from files, made safe to store and show."""

import polars as pl

MAX_LENGTH = 2000
_CONTROL = r"[\p{Cc}\p{Cf}\p{Co}]"


def clean_text(text: str) -> str:
    """Free text made safe to store and show: NFC, no control or direction characters, at most 2000 characters."""
    readable = text.encode("utf-8", "replace").decode()
    return str(pl.DataFrame({"text": [readable]}).select(clean_column("text")).item())


def clean_column(column: str) -> pl.Expr:
    """A column of free text, cleaned as `clean_text` does."""
    text = pl.col(column).str.replace_all(r"\s+", " ").str.replace_all(_CONTROL, "").str.normalize("NFC")
    return text.str.strip_chars().str.slice(0, MAX_LENGTH)
