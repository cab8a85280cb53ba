"""The template environment: everything is escaped, an unknown name is an error."""

from functools import lru_cache

import jinja2

from runfix_analytics.reports.wording import Wording


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """The templates' environment, which the extraction of messages reads as well."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("runfix_analytics.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render_template(name: str, w: Wording, **values: object) -> str:
    """A template filled in, its own words in the language of `w` as `say("…")`; every value is escaped."""
    return environment().get_template(name).render(say=w.say, language=w.language.code, **values)
