"""The search for words in every file below a folder, however it is packed."""

import zipfile
from pathlib import Path

import polars as pl


def words_in(root: Path, words: tuple[str, ...], *, but: tuple[str, ...] = ()) -> dict[str, set[str]]:
    """File → which of these words stand in it or in its path: as bytes, unpacked, and in every row of Parquet."""
    found = {}
    for path in sorted(root.rglob("*")):
        label = path.relative_to(root).as_posix()
        content = label.encode() + (b"\0".join(readings(path)) if path.is_file() else b"")
        if (words_found := {word for word in words if word.lower().encode() in content.lower()}) and label not in but:
            found[label] = words_found
    return found


def readings(path: Path) -> list[bytes]:
    """The bytes of a file, and what is packed in them."""
    content = path.read_bytes()
    texts = [content]
    if content.startswith(b"PK"):
        with zipfile.ZipFile(path) as zipped:
            texts += [zipped.read(name) for name in zipped.namelist()]
    if content.startswith(b"PAR1"):
        texts.append(repr(pl.read_parquet(path, hive_partitioning=False).to_dicts()).encode())
    if content.startswith(b"%PDF"):
        texts.append(pdf_text(path).encode())
    return texts


def pdf_text(path: Path) -> str:
    """The words of a PDF."""
    import pypdfium2  # noqa: PLC0415

    document = pypdfium2.PdfDocument(path)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()
