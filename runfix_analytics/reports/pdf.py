"""A page as PDF without a browser, laid out by WeasyPrint by the same rules for print."""

from functools import cache
from typing import TYPE_CHECKING

from runfix_analytics.errors import ConfigError

if TYPE_CHECKING:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher


def require() -> None:
    """Makes sure that PDFs can be laid out on this machine.

    Raises: ConfigError where WeasyPrint or what it needs of the system is missing.
    """
    try:
        import weasyprint  # noqa: F401
    except ImportError as error:
        raise ConfigError("PDF needs WeasyPrint; run: pip install 'runfix-analytics[pdf]'") from error
    except OSError as error:  # it looks for the library of the system when it is imported
        raise ConfigError("PDF needs Pango, which is not on this machine; see docs/operator.md") from error


def pdf_bytes(page: str) -> bytes:
    """The page as PDF; nothing is fetched for it, and the same page gives the same bytes.

    Raises: ConfigError as `require` does.
    """
    require()
    from weasyprint import HTML

    before, _, rest = page.partition("<style>")
    style, _, after = rest.partition("</style>")
    html = HTML(string=before + after, url_fetcher=_fetches_nothing())
    return bytes(html.write_pdf(stylesheets=[_style(style)], font_config=_fonts()))


@cache
def _style(text: str) -> "CSS":
    """A style sheet, read once: every page of a kind has the same."""
    from weasyprint import CSS

    return CSS(string=text, font_config=_fonts(), url_fetcher=_fetches_nothing())


@cache
def _fetches_nothing() -> "URLFetcher":
    from weasyprint.urls import URLFetcher

    return URLFetcher(allowed_protocols=())


@cache
def _fonts() -> "FontConfiguration":
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()
