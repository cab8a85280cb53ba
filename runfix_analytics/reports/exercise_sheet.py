"""The exercise sheet: every move that can be advised and how it is done, area by area, for a coach to hand out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runfix_analytics.catalogue import Catalogue, Exercise
from runfix_analytics.catalogue.own_names import SOURCE as OWN
from runfix_analytics.reports.advice_section import dose
from runfix_analytics.reports.rendering import render_template
from runfix_analytics.reports.wording import Wording, sentence_case
from runfix_analytics.reports.words import CAVEAT, FLAGS, area_names, for_print
from runfix_analytics.text import clean_text

MEDICAL = "medical"  # the flag that no physical therapist is asked about first


@dataclass(frozen=True)
class Move:
    """One exercise and how it is done."""

    name: str
    tags: str
    how: str


@dataclass(frozen=True)
class Group:
    """Moves of one area that are alike in who names them, or in what they need."""

    heading: str
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class AreaPart:
    """One area with the moves that are described under it; `elsewhere` names those described under an earlier one."""

    anchor: str
    name: str
    muscles: str
    shows: str
    groups: tuple[Group, ...]
    elsewhere: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """Everything on the page, final."""

    n_moves: str
    choose: str
    dose: str
    see_first: str
    medical: str
    areas: tuple[AreaPart, ...]
    others: tuple[Move, ...]
    counting: str
    caveat: str
    version: str


def render(catalogue: Catalogue, w: Wording) -> str:
    """The sheet as self-contained HTML without script; the same catalogue gives the same bytes."""
    return render_template("exercises.html.j2", w, page=view(catalogue, w))


def view(catalogue: Catalogue, w: Wording) -> Sheet:
    """The sheet's words; a move without `how` is never advised, and is left out."""
    described = [exercise for exercise in catalogue.exercises.values() if (exercise.how or "").strip()]
    choose = w.count(
        catalogue.days("advice.moves"),
        "Choose {n} move for each area to train: those that the article names first, then what the equipment allows.",
        "Choose {n} moves for each area to train: those that the article names first, then what the equipment allows.",
    )
    return Sheet(
        n_moves=w.count(len(described), "{n} move", "{n} moves"),
        choose=choose,
        dose=dose(catalogue, w),
        see_first="; ".join(w.say(words) for flag, words in FLAGS.items() if flag != MEDICAL),
        medical=w.say(FLAGS[MEDICAL]),
        areas=tuple(_area_part(area, described, catalogue, w) for area in catalogue.areas),
        others=tuple(_move(exercise, None, catalogue, w) for exercise in described if not exercise.primary),
        counting=w.say(
            "A move counts in full for the area it stands under, and {share} for each area after “also”. Warm-ups, "
            "stretches, mobility work and drills belong to a rounded programme and do not count for coverage.",
            share=w.percent(catalogue.number("coverage.secondary_weight")),
        ),
        caveat=w.say(CAVEAT),
        version=w.say("catalogue and parameters {version}", version=catalogue.version),
    )


def _area_part(area_id: str, described: Iterable[Exercise], catalogue: Catalogue, w: Wording) -> AreaPart:
    area = catalogue.areas[area_id]
    trains = [(_described_under(e, catalogue), e) for e in described if area_id in e.primary]
    elsewhere = [
        w.say(
            "{moves}: see {area}.",
            moves=w.listing([_name(e, w) for there, e in trains if there == other]),
            area=w.say(catalogue.areas[other].name),
        )
        for other in catalogue.areas
        if other != area_id and any(there == other for there, _ in trains)
    ]
    name, muscles, shows = w.say(area.name), w.say(area.muscles), w.say(area.how_it_shows)
    return AreaPart(
        anchor=f"area-{area_id}",
        name=name,
        muscles="" if muscles.casefold() == name.casefold() else muscles,
        shows=w.say("As the article tells it: {shows}", shows=shows) if area.source == "article" else shows,
        groups=_groups(area_id, [e for there, e in trains if there == area_id], catalogue, w),
        elsewhere=tuple(elsewhere),
    )


def _described_under(exercise: Exercise, catalogue: Catalogue) -> str:
    """The one area that a move with a main area is described under: the article's, else the first of the catalogue."""
    named = set(exercise.article_for) & set(exercise.primary) or set(exercise.primary)
    return next(area for area in catalogue.areas if area in named)


def _groups(area: str, exercises: list[Exercise], catalogue: Catalogue, w: Wording) -> tuple[Group, ...]:
    def is_article(exercise: Exercise) -> bool:
        return area in exercise.article_for

    kinds: list[tuple[str, Callable[[Exercise], bool]]] = [
        (sentence_case(w.say("named in the article")), is_article),
        (w.say("Without equipment"), lambda e: not is_article(e) and not e.equipment),
        (w.say("With equipment"), lambda e: not is_article(e) and bool(e.equipment)),
    ]
    groups = [
        Group(heading, tuple(_move(e, area, catalogue, w) for e in exercises if belongs(e)))
        for heading, belongs in kinds
    ]
    return tuple(group for group in groups if group.moves)


def _move(exercise: Exercise, area: str | None, catalogue: Catalogue, w: Wording) -> Move:
    return Move(
        _name(exercise, w), " · ".join(_tags(exercise, area, catalogue, w)), clean_text(w.say(exercise.how or ""))
    )


def _name(exercise: Exercise, w: Wording) -> str:
    return for_print(clean_text(w.say(exercise.name)))


def _tags(exercise: Exercise, area: str | None, catalogue: Catalogue, w: Wording) -> list[str]:
    tags = []
    if exercise.equipment:
        tags.append(" / ".join(w.say(catalogue.equipment[item].name) for item in exercise.equipment))
    if exercise.one_sided:
        tags.append(w.say("each side"))
    if exercise.counted_in == "seconds":
        tags.append(w.say("for time"))
    if as_much := [other for other in exercise.primary if other != area]:
        tags.append(w.say("just as much {areas}", areas=area_names(as_much, catalogue, w)))
    if exercise.secondary:
        tags.append(w.say("also {areas}", areas=area_names(exercise.secondary, catalogue, w)))
    if exercise.source == OWN:
        tags.append(w.say("the squad's own"))
    return tags
