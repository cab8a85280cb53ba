"""Pages in headless Chromium: opened in a tab of a fresh context, watched, measured and printed.

A page may ask for nothing but its own file: whatever else it asks for is written down and not fetched. Playwright's
loop runs in the thread as long as the browser is open, so a fixture that holds it must end with its module: what
follows in the same process may have a loop of its own.
"""

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pypdfium2
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, Route, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SCREEN, ZOOMED, PHONE = 1280, 640, 360  # widths in CSS pixels; 640 is 1280 at 200 %
PORTRAIT, LANDSCAPE = (595, 842), (842, 595)  # A4 in points
BETWEEN_MARGINS = {PORTRAIT: 688, LANDSCAPE: 1032}  # CSS pixels that the pages' margins leave
_HEIGHT = 900
_MAX_ADDRESS = 200


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser; nothing of it is left behind."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Tab:
    """One tab: the page opened last, what it asked for beside its own file, and its errors, warnings and dialogs."""

    page: Page
    address: str = ""
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._note_request)
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("dialog", self._note_dialog)
        self.page.route("**/*", self._fetch)

    def open(self, path: Path) -> Page:
        """The page, loaded; what an earlier one asked and said is forgotten."""
        self.address, self.asked, self.said = path.resolve().as_uri(), [], []
        self.page.goto(self.address, wait_until="load")
        return self.page

    def lay_out(self, path: Path, width: int) -> Page:
        """The page, loaded at a width in CSS pixels."""
        self.page.set_viewport_size({"width": width, "height": _HEIGHT})
        return self.open(path)

    def _fetch(self, route: Route) -> None:
        if route.request.url == self.address and route.request.is_navigation_request():
            route.continue_()
        else:
            route.abort()

    def _note_request(self, request: Request) -> None:
        if request.url != self.address:
            self.asked.append(request.url[:_MAX_ADDRESS])

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append(f"console {message.type}: {message.text}")

    def _note_dialog(self, dialog: Dialog) -> None:
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@contextmanager
def tab(
    browser: Browser,
    *,
    as_paper: bool = False,
    scheme: str = "light",
    bypass_csp: bool = False,
    runs_scripts: bool = True,
) -> Iterator[Tab]:
    """A tab in a context of its own; `as_paper`: the rules for print hold; `bypass_csp`: the page's policy does not."""
    context = browser.new_context(
        color_scheme=scheme, bypass_csp=bypass_csp, java_script_enabled=runs_scripts, service_workers="block"
    )
    try:
        page = context.new_page()
        if as_paper:
            page.emulate_media(media="print")
        yield Tab(page)
    finally:
        context.close()


def accessibility_faults(page: Page) -> list[str]:
    """What axe-core finds with its default rules: rule, element, and what is wrong; the page's policy must be off."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found
        for node in rule["nodes"]
    ]


@dataclass(frozen=True)
class Paper:
    """A printed page: the size of each sheet in points, and its words without white space."""

    sheets: tuple[tuple[int, int], ...]
    text: str

    @property
    def width(self) -> int:
        """CSS pixels between the margins of the first sheet."""
        return BETWEEN_MARGINS[self.sheets[0]]


def printed(page: Page) -> Paper:
    """The page as it comes out of the printer, on the paper that its style asks for."""
    with pypdfium2.PdfDocument(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True))) as document:
        sheets, texts = [], []
        for sheet in document:
            sheets.append((round(sheet.get_width()), round(sheet.get_height())))
            texts.append(sheet.get_textpage().get_text_bounded())
        return Paper(tuple(sheets), "".join("".join(texts).split()))


def texts(page: Page) -> list[dict[str, Any]]:
    """Each visible text of the page: `text`, `where` it stands, and `px`, its size as it is laid out now."""
    return list(page.evaluate(_TEXTS))


def cut_off(page: Page, *, may_scroll: bool) -> list[str]:
    """What cannot be seen whole as the page is laid out now; `may_scroll`: what scrolls inside its own box can."""
    return list(page.evaluate(_CUT_OFF, may_scroll))


def overlaps(page: Page) -> list[str]:
    """Texts that lie over one another."""
    return list(page.evaluate(_OVERLAPS))


def broken_words(page: Page) -> list[str]:
    """Words that go on in another line without a hyphen, because their place is narrower than they are."""
    return list(page.evaluate(_BROKEN_WORDS))


def sideways(page: Page) -> int:
    """CSS pixels by which the page as a whole is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def marks(page: Page) -> list[dict[str, str]]:
    """Each mark of a status: `where`, what is `shown` in it, the `name` that is read out, and its `colour`."""
    return list(page.evaluate(_MARKS))


def elements(page: Page) -> dict[str, int]:
    """How many elements of each kind the parser made."""
    return dict(page.evaluate(_ELEMENTS))


def attributes(page: Page) -> set[str]:
    """The names of all attributes on the page."""
    return set(page.evaluate("[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"))


def touch(page: Page) -> None:
    """Points at every element and gives it the focus, as a reader may, and what else a handler may wait for."""
    page.evaluate(_TOUCH)


_SHARED = """
const where = e => e.localName + [...e.classList].map(css => '.' + css).join('')
    + (e.parentElement && e.parentElement !== document.body ? ' in ' + e.parentElement.localName : '');
const style = (e, pseudo) => getComputedStyle(e, pseudo);
const isFor = (e, test) => { for (; e && e !== document.body; e = e.parentElement) if (test(e)) return true; };
const isHidden = e => !e.checkVisibility({visibilityProperty: true})
    || isFor(e, box => box.offsetWidth <= 1 && style(box).overflowX !== 'visible');
const scrolls = e => ['auto', 'scroll'].includes(style(e).overflowX);
const written = () => {
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode, e = node.parentElement, range = document.createRange();
        range.selectNodeContents(node);
        const boxes = [...range.getClientRects()].filter(box => box.width > 0);
        if (node.data.trim() && boxes.length && !isHidden(e)) found.push({text: node.data.trim(), node, e, boxes});
    }
    return found;
};
"""
_TEXTS = f"""() => {{ {_SHARED}
const scale = e => {{
    const drawn = e.ownerSVGElement && e.getScreenCTM();
    return drawn ? Math.hypot(drawn.a, drawn.b) : 1;
}};
const found = written().map(({{text, e}}) => ({{text, where: where(e), px: parseFloat(style(e).fontSize) * scale(e)}}));
for (const e of document.body.querySelectorAll('*'))
    for (const pseudo of ['::before', '::after']) {{
        const said = style(e, pseudo).content.match(/"(.*\\S.*)"/);
        if (said && !isHidden(e))
            found.push({{text: said[1].trim(), where: where(e) + pseudo, px: parseFloat(style(e, pseudo).fontSize)}});
    }}
return found;
}}"""
_CUT_OFF = f"""mayScroll => {{ {_SHARED}
const found = [], width = document.documentElement.clientWidth, tolerance = 1;
for (const e of document.body.querySelectorAll('*')) {{
    if (isHidden(e) || !e.clientWidth || e.closest('svg') || (mayScroll && scrolls(e))) continue;
    if (style(e).overflowX !== 'visible' && e.scrollWidth > e.clientWidth + tolerance)
        found.push(`${{where(e)}}: ${{e.scrollWidth}} px wide in a box of ${{e.clientWidth}} px`);
    if (style(e).overflowY !== 'visible' && e.scrollHeight > e.clientHeight + tolerance)
        found.push(`${{where(e)}}: ${{e.scrollHeight}} px high in a box of ${{e.clientHeight}} px`);
}}
for (const {{text, e, boxes}} of written()) {{
    const edge = e.closest('svg')?.getBoundingClientRect(), isFree = () => !(mayScroll && isFor(e, scrolls));
    const isBeyond = boxes.some(box => box.left < -tolerance || (box.right > width + tolerance && isFree()));
    const isOutside = edge && boxes.some(box => box.left < edge.left - tolerance || box.right > edge.right + tolerance
        || box.top < edge.top - box.height / 4 || box.bottom > edge.bottom + box.height / 4);
    if (isBeyond) found.push(`${{where(e)}}, beyond the edge of the page: ${{text.slice(0, 60)}}`);
    if (isOutside) found.push(`${{where(e)}}, beyond its drawing: ${{text.slice(0, 60)}}`);
}}
return found;
}}"""
_OVERLAPS = f"""() => {{ {_SHARED}
const lines = written().flatMap(({{text, e, boxes}}) => boxes.map(box => ({{
    text: `${{where(e)}} "${{text.slice(0, 40)}}"`, left: box.left + 1, right: box.right - 1,
    top: box.top + box.height / 4, bottom: box.bottom - box.height / 4}})));
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
return lines.flatMap((a, i) => lines.slice(i + 1).filter(b => meet(a, b)).map(b => `${{a.text}} and ${{b.text}}`));
}}"""
_BROKEN_WORDS = f"""() => {{ {_SHARED}
const tops = (node, from, to) => {{
    const range = document.createRange();
    range.setStart(node, from);
    range.setEnd(node, to);
    return new Set([...range.getClientRects()].filter(box => box.width > 0).map(box => Math.round(box.top)));
}};
return written().flatMap(({{node, e}}) => [...node.data.matchAll(/[\\p{{L}}\\p{{N}}]+/gu)]
    .filter(word => tops(node, word.index, word.index + word[0].length).size > 1 && !e.closest('svg'))
    .map(word => `${{where(e)}}, broken: ${{word[0]}}`));
}}"""
_MARKS = f"""() => {{ {_SHARED}
const name = e => e.getAttribute('aria-label') || e.textContent;
return [...document.querySelectorAll('.mark, .status, .cell:not(.head)')].filter(e => !e.closest('svg') && !isHidden(e))
    .map(e => ({{where: where(e), shown: e.textContent.trim(), name: name(e).trim(), colour: style(e).color}}));
}}"""
_ELEMENTS = """() => {
const found = {};
for (const e of document.querySelectorAll('*')) found[e.localName] = (found[e.localName] || 0) + 1;
return found;
}"""
_TOUCH = """() => {
for (const e of document.querySelectorAll('*')) {
    for (const kind of ['mouseover', 'mouseenter', 'focus', 'error', 'load', 'toggle', 'animationstart'])
        e.dispatchEvent(new Event(kind));
    e.focus?.();
}
}"""
