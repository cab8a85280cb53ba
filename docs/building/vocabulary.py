"""The catalogue with its sources: areas, aches, exercises, numbers."""

from collections.abc import Iterator

from docs.building.markdown import code, table, text
from runfix_analytics.catalogue import Catalogue, Exercise, load


def pages() -> Iterator[tuple[str, str]]:
    """(path, Markdown) of each page of the catalogue."""
    catalogue = load()
    yield "catalogue/index.md", _overview(catalogue)
    yield "catalogue/aches.md", _aches(catalogue)
    yield "catalogue/exercises.md", _exercises(catalogue)
    yield "catalogue/parameters.md", _parameters(catalogue)


def _overview(catalogue: Catalogue) -> str:
    areas = [
        (f"**{area.name}**", code(area.id), text(area.muscles), text(area.how_it_shows), text(area.source))
        for area in catalogue.areas.values()
    ]
    counts = (
        f"{len(catalogue.areas)} areas, {len(catalogue.symptoms)} symptoms, {len(catalogue.sites)} places, "
        f"{len(catalogue.exercises)} exercises under {len(catalogue.exercise_keys)} names, "
        f"{len(catalogue.parameters)} numbers"
    )
    return (
        f"# Catalogue\n\nThe vocabulary of `runfix_analytics/catalogue/*.toml`, version `{catalogue.version}`: {counts}. "
        "A source called *article* is the article on the five weakness areas; *ours* is our own judgement, and called so.\n\n"
        "- [Aches](aches.md): symptoms with the areas that are linked to them, and the places that can hurt\n"
        "- [Exercises](exercises.md): what each trains, and by which names it is known\n"
        "- [Numbers](parameters.md): every number with a meaning, with unit, reason and source\n\n"
        "A squad's own names go into `exercises.local.toml`, see [For operators](../operator.md).\n\n"
        "## Areas\n\n" + table(("area", "id", "muscles", "how weakness shows", "source"), areas)
    )


def _aches(catalogue: Catalogue) -> str:
    links = [
        (text(symptom.name) if i == 0 else "", code(symptom.id) if i == 0 else "",
         text(catalogue.areas[link.area].name), text(link.source), text(link.note or ""),
         ("yes" if symptom.in_hazard_models else "no") if i == 0 else "")
        for symptom in catalogue.symptoms.values()
        for i, link in enumerate(symptom.links)
    ]  # fmt: skip
    places = [
        (text(site.name), code(site.id), text(site.body_area_name),
         text(catalogue.symptoms[site.symptom].name) if site.symptom else "none",
         "physical therapist or doctor" if site.medical else "", text(", ".join(site.aliases)))
        for site in catalogue.sites.values()
    ]  # fmt: skip
    return (
        "# Aches\n\n## Symptoms and the areas linked to them\n\nThe article links aches with areas; that is an association, no "
        "cause. *Studied*: the symptom is one of those that [the method](../method.md) studies.\n\n"
        + table(("symptom", "id", "area", "source", "note", "studied"), links)
        + "## Places\n\nBody areas are those of the IOC consensus statement 2020. A place without a symptom has no area.\n\n"
        + table(("place", "id", "body area", "symptom", "asks for", "other names"), places)
    )


def _exercises(catalogue: Catalogue) -> str:
    found = [
        "# Exercises\n\nWhat a logged set counts for: 1 where the area drives the move, "
        f"{catalogue.number('coverage.secondary_weight'):g} where it works beside. The links are a judgement and lean to the "
        "cautious side; the rules by which variants agree stand at the head of `exercises.toml`.\n\n"
    ]
    for area in catalogue.areas.values():
        main = [one for one in catalogue.exercises.values() if one.primary and one.primary[0] == area.id]
        found.append(f"## {area.name}\n\n")
        found += [_exercise(one, catalogue) for one in main]
    beside = [one for one in catalogue.exercises.values() if not one.primary and one.secondary]
    none = [one for one in catalogue.exercises.values() if not one.primary and not one.secondary]
    found.append("## Counted half\n\nNo area drives these.\n\n" + _list(beside, catalogue))
    found.append("## Known, and counted for none\n\nIn the catalogue, so that their sets are not undecided.\n\n")
    return "".join(found) + text(", ".join(sorted(one.name for one in none))) + ".\n"


def _exercise(one: Exercise, catalogue: Catalogue) -> str:
    facts = [
        f"Trains {_names(one.primary, catalogue)}",
        f"beside it {_names(one.secondary, catalogue)}" if one.secondary else "",
        "each side by itself" if one.one_sided else "",
        f"with {' or '.join(catalogue.equipment[it].name for it in one.equipment)}" if one.equipment else "",
        f"the article names it for {_names(one.article_for, catalogue)}"
        if one.article_for
        else f"source: {one.source}",
    ]
    also = f'\n??? quote "{len(one.aliases)} other names"\n    {text(", ".join(one.aliases))}\n' if one.aliases else ""
    how = f"{text(one.how)}\n\n" if one.how else ""
    return f"### {text(one.name)}\n\n{how}{text('; '.join(filter(None, facts)))}. {code(one.id)}\n{also}\n"


def _list(exercises: list[Exercise], catalogue: Catalogue) -> str:
    rows = [(text(one.name), _names(one.secondary, catalogue), code(one.id)) for one in exercises]
    return table(("exercise", "areas", "id"), rows)


def _names(areas: tuple[str, ...], catalogue: Catalogue) -> str:
    return " and ".join(catalogue.areas[area].name.lower() for area in areas)


def _parameters(catalogue: Catalogue) -> str:
    groups: dict[str, list[tuple[object, ...]]] = {}
    for one in catalogue.parameters.values():
        value = " to ".join(f"{part:g}" for part in (one.value if isinstance(one.value, tuple) else (one.value,)))
        group, _, name = one.id.partition(".")
        groups.setdefault(group, []).append((code(name), value, text(one.unit), text(one.reason), text(one.source)))
    header = ("number", "value", "unit", "reason", "source")
    return (
        "# Numbers\n\nEvery number with a meaning, as it stands in `parameters.toml`; the code repeats none of them. "
        'Read one with `catalogue.number("group.name")`.\n\n'
        + "".join(f"## {group}\n\n{table(header, rows)}" for group, rows in groups.items())
    )
