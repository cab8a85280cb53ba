"""What is installed on this machine: versions, extras, time zones, languages, PDF. No library is needed to look."""

import importlib.util
import locale
import platform
import re
import shutil
import sys
import time
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

PACKAGE = "runfix-analytics"
FOR_WORK_ON_IT = ("bench", "dev", "docs")  # extras that no squad needs
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_ZONE, _ENCODING = "Europe/Berlin", "utf-8"
_NAME, _EXTRA = re.compile(r"[\w.-]+"), re.compile(r"extra\s*==\s*['\"]([\w-]+)['\"]")


@dataclass(frozen=True)
class Problem:
    """What is wrong, and the command that mends it or shows more. `stops`: no night can run with it."""

    what: str
    command: str
    stops: bool = False


@dataclass(frozen=True)
class Installation:
    """`packages`: name → version, "missing" where there is none. `extras`: name → "ready", or what it lacks."""

    runfix: str
    python: str
    platform: str
    packages: dict[str, str]
    extras: dict[str, str]
    time_zones: str
    languages: str
    encoding: str
    locale: str
    pdf: str
    browser: str
    problems: tuple[Problem, ...]


def installation() -> Installation:
    """What this Python finds."""
    core, extras = _requirements()
    packages = {name: _version(name) for name in core}
    lacking = {extra: [name for name in names if not _is_there(name)] for extra, names in extras.items()}
    zones, languages, encoding = _time_zones(), _languages(), sys.getfilesystemencoding()
    return Installation(
        runfix=_version(PACKAGE),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        platform=f"{platform.system()} {platform.release()} {platform.machine()}",
        packages=packages,
        extras={extra: f"lacks {', '.join(names)}" if names else "ready" for extra, names in lacking.items()},
        time_zones=zones,
        languages=languages,
        encoding=encoding,
        locale=locale.setlocale(locale.LC_CTYPE),
        pdf=_pdf(),
        browser=next(filter(None, map(shutil.which, _BROWSERS)), "none (only tests need one)"),
        problems=tuple(_problems(packages, zones, languages, encoding)),
    )


def _problems(packages: dict[str, str], zones: str, languages: str, encoding: str) -> Iterator[Problem]:
    again = f"pip install --force-reinstall {PACKAGE}"
    for name, version in packages.items():
        if version == _MISSING:
            yield Problem(f"{name} is not installed", again, stops=True)
    if _MISSING in zones:
        yield Problem("no time zones are known", "pip install --force-reinstall tzdata", stops=True)
    if _MISSING in languages:
        yield Problem("words and numbers of the pages' languages are missing", "pip install --force-reinstall babel",
                      stops=True)  # fmt: skip
    if encoding.lower() != _ENCODING:
        yield Problem(f"file names are read as {encoding}; names with accents may be refused", "export LC_ALL=C.UTF-8")


_MISSING = "missing"


def _requirements() -> tuple[list[str], dict[str, list[str]]]:
    """What the package asks for always, and for each extra that a squad may need."""
    core, extras = [], dict[str, list[str]]()
    for line in metadata.requires(PACKAGE) or ():
        name, extra = _NAME.match(line), _EXTRA.search(line)
        if name is not None and extra is None:
            core.append(name[0].lower())
        elif name is not None and extra is not None and extra[1] not in FOR_WORK_ON_IT:
            extras.setdefault(extra[1], []).append(name[0].lower())
    return sorted(core), {extra: sorted(names) for extra, names in sorted(extras.items())}


def _is_there(name: str) -> bool:
    return _version(name) != _MISSING


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return _MISSING


def _time_zones() -> str:
    """How many zones there are, whose they are, and where this machine is."""
    try:
        zoneinfo.ZoneInfo(_ZONE)
    except zoneinfo.ZoneInfoNotFoundError:
        return _MISSING
    return f"{len(zoneinfo.available_timezones())}, tzdata {_version('tzdata')}, this machine: {time.tzname[0]}"


def _languages() -> str:
    """The languages of the pages, each marked where babel has no data for it."""
    try:
        from babel import Locale, UnknownLocaleError

        from runfix_analytics.settings import LANGUAGES
    except ImportError:
        return _MISSING
    told = []
    for code, language in LANGUAGES.items():
        try:
            Locale.parse(language["locale"])
            told.append(code)
        except UnknownLocaleError:
            told.append(f"{code} {_MISSING}")
    return ", ".join(told)


def _pdf() -> str:
    """Whether PDFs can be made."""
    if importlib.util.find_spec("weasyprint") is None:
        return f"no: pip install '{PACKAGE}[pdf]'"
    try:
        import weasyprint  # noqa: F401
    except OSError:
        return "no: WeasyPrint is there, Pango is not; see docs/operator.md"
    return f"yes, WeasyPrint {_version('weasyprint')}"
