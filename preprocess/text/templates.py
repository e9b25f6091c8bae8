"""The words of the commonest inline templates of wikitext; all others show none.

    said("lang|de|Mühle")  ->  "Mühle"        said("convert|5|to|10|km")  ->  "5 to 10 km"

It takes what stands between the braces, the markup inside already read, and knows no pages. What a template computes
elsewhere (the other unit of a conversion, a language's name, an age) is not there to be read, so it is not said. Notes,
citations, boxes and how a name is pronounced show no words; a sound or a letter that a sentence speaks of does.
"""

import re
from collections.abc import Callable, Mapping
from itertools import zip_longest

Args = Mapping[str, str]
"""What a template is given: "1", "2" and so on by position, others by name."""

_NUMBER = re.compile(r"[-−+]?[\d.,/⁄]*\d[\d.,/⁄+]*")  # 5 · 1,300 · -40 · 2+1/2
_KEY = re.compile(r"[\w .-]{1,30}")
_RANGES = {
    "-": "–",
    "–": "–",
    "and": " and ",
    "to": " to ",
    "or": " or ",
    "x": " × ",
    "×": " × ",
    "by": " by ",
    "xx": " × ",
}
_RANGES |= {"to(-)": " to ", "+/-": " ± ", "±": " ± ", "and(-)": " and "}
_UNITS = {"sqmi": "sq mi", "sqft": "sq ft", "cuft": "cu ft", "cumi": "cu mi", "C": "°C", "F": "°F", "ha": "hectares"}
_UNITS |= {"km2": "km²", "m2": "m²", "cm2": "cm²", "km3": "km³", "m3": "m³", "cm3": "cm³", "ft2": "sq ft", "mph": "mph"}
_SMALL = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MOST_VALUES, _LONGEST_NUMBER = 9, 40


def said(inner: str) -> str:
    """The words of a template whose braces held `inner`; nothing for one that is not known."""
    written, _, given = inner.partition("|")
    name = written.strip().replace("_", " ").lower()
    words = _TEMPLATES.get(name)
    if words:
        return words(_args(given.split("|")))
    if name.startswith(_FAMILIES):
        return _args(given.split("|")).get("1", "")
    function, colon, subject = name.partition(":")
    return subject.strip() if colon and function in _FUNCTIONS else ""


def raised(text: str) -> str:
    """Digits and signs as they stand above the line: ``2+`` -> ``²⁺``."""
    return text.translate(_SMALL)


def _args(given: list[str]) -> Args:
    found: dict[str, str] = {}
    place = 0
    for arg in given:
        key, equals, value = arg.partition("=")
        if equals and _KEY.fullmatch(key.strip()):
            found[key.strip().lower()] = value.strip()
        else:
            place += 1
            found[str(place)] = arg.strip()
    return found


def _listed(args: Args) -> list[str]:
    """What is given by position, in order, without what is empty."""
    return [value for key, value in args.items() if key.isdecimal() and value]


def _nth(place: int) -> Callable[[Args], str]:
    return lambda args: args.get(str(place), "")


def _last(args: Args) -> str:
    return (_listed(args) or [""])[-1]


def _always(words: str) -> Callable[[Args], str]:
    return lambda _: words


def _joined(between: str) -> Callable[[Args], str]:
    return lambda args: between.join(_listed(args))


def _around(before: str, after: str = "") -> Callable[[Args], str]:
    return lambda args: f"{before}{args['1']}{after}" if args.get("1") else ""


def _convert(args: Args) -> str:
    """Values and their unit as they are given, twice where two follow each other: ``5|ft|8|in|cm`` -> 5 ft 8 in."""
    words, unit, values = "", "", _listed(args)[:_MOST_VALUES]
    for value, after in zip_longest(values, values[1:], fillvalue=""):
        number = len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value)
        if number and (after if unit else not words or words[-1] in " –"):
            words, unit = f"{words} {value}" if unit else words + value, ""
        elif value in _RANGES and words and not unit:
            words += _RANGES[value]
        elif words and not unit:
            unit = _UNITS.get(value, value)
            words += f" {unit}"
        else:
            break
    return words


def _date(args: Args, first: int = 1) -> str:
    year, month, day = (args.get(str(place), "").lstrip("0") for place in range(first, first + 3))
    if month.isdecimal() and 1 <= int(month[:3]) <= len(_MONTHS):
        month = _MONTHS[int(month[:3]) - 1]
    if args.get("df", "").upper() in ("US", "M", "MDY") or args.get("mf"):
        return f"{month} {day}, {year}" if day else f"{month} {year}".strip()
    return " ".join(part for part in (day, month, year) if part)


def _as_of(args: Args) -> str:
    small = args.get("lc", "").startswith("y")
    word = "since" if args.get("since", "").startswith("y") else "as of"
    return args.get("alt") or f"{word if small else word.capitalize()} {_date(args)}"


def _old_style(args: Args) -> str:
    """A day and what the old calendar called it: ``February 2|1905|January 20``."""
    day, year, old = (args.get(str(place), "") for place in (1, 2, 3))
    return f"{day} [O.S. {old}] {year}".strip() if old else f"{day} {year}".strip()


def _circa(args: Args) -> str:
    return "c. " + " – c. ".join(_listed(args)) if _listed(args) else "c."


def _nihongo(args: Args) -> str:
    said_, kanji, romaji, extra = (args.get(str(place), "") for place in range(1, 5))
    inside = ", ".join(part for part in (kanji, romaji, extra) if part)
    return f"{said_} ({inside})" if said_ and inside else said_ or inside


def _fraction(args: Args) -> str:
    parts = _listed(args)
    if len(parts) > 2:  # noqa: PLR2004 - a whole number before the fraction
        return f"{parts[0]} {parts[1]}/{parts[2]}"
    return "/".join(parts if len(parts) > 1 else ["1", *parts])


def _value(args: Args) -> str:
    words = args.get("1", "")
    more = args.get("2", "")
    words += more if more.startswith("(") else f" ± {more}" if more else ""
    words += f"×10{raised(args['e'])}" if args.get("e") else ""
    unit = args.get("u") or args.get("ul") or ""
    return f"{words} {_UNITS.get(unit, unit)}".strip()


def _raised(args: Args) -> str:
    return raised(args.get("1", ""))


def _power_of_ten(args: Args) -> str:
    return f"10{_raised(args)}"


def _sound(args: Args) -> str:
    """A sound that a sentence speaks of; with a language before it, how a name is pronounced."""
    return "" if "2" in args else args.get("1", "")


def _reign(args: Args) -> str:
    return f"r. {'–'.join(_listed(args))}"


def _verse(args: Args) -> str:
    return " ".join(_listed(args)[:2])


def _power(args: Args) -> str:
    return f"×10{raised(args['1'])}" if args.get("1") else ""


def _chinese(args: Args) -> str:
    return "; ".join(args[key] for key in ("c", "s", "t", "p", "w", "j") if args.get(key)) or args.get("1", "")


def _quote(args: Args) -> str:
    words = args.get("text") or args.get("quote") or args.get("1") or ""
    return f"\n\n{words}\n\n"


def _ship(prefix: str) -> Callable[[Args], str]:
    def words(args: Args) -> str:
        kind = prefix or args.get("1", "")
        name, number, shown = (args.get(str(place + (not prefix)), "") for place in (1, 2, 3))
        whole = f"{kind} {name}".strip()
        return f"{whole} ({number})" if number and not shown else whole

    return words


def _by_names(args: Args) -> str:
    """An author named in the sentence: Smith & Jones (1990)."""
    *names, year = _listed(args) or [""]
    return f"{' & '.join(names)} ({year})" if names else year


def _lines(args: Args) -> str:
    return "\n" + "\n".join(_listed(args)) + "\n"


_FAMILIES = ("lang-", "script/")  # lang-de, script/Arabic
_FUNCTIONS = ("formatnum", "lc", "uc", "ucfirst", "lcfirst", "nowrap")
_AS_GIVEN = (  # what is given first is what is read, its look aside
    "nowrap|nobr|nowraplinks|small|smaller|big|bigger|larger|large|resize|midsize|em|strong|sc|sc1|sc2|smallcaps|"
    "aut|caps|noitalic|nobold|normal|mvar|math|var|code|codett|tt|mono|kbd|samp|unicode|polytonic|u|underline|"
    "strikethrough|s|strike|del|ins|sub|overline|overbar|abbr|abbrlink|tooltip|hover title|h:title|sic|typo|"
    "not a typo|proper name|hebrew|arabic|nastaliq|nihongo2|nihongo foot|flag|flagcountry|flagu|ipaslink|"
    "ipablink|tq|xt|mxt|gloss|lit|translation|poemquote|poem quote|plainlist|flatlist|nq|text|linktext|center|"
    "railgauge|num|nts|visible anchor|vanchor|ill|interlanguage link|link-interwiki|title case"
)
_TEMPLATES: dict[str, Callable[[Args], str]] = (
    dict.fromkeys(_AS_GIVEN.split("|"), _nth(1))
    | dict.fromkeys(("lang", "rtl-lang", "langx", "wikt-lang", "color", "audio"), _nth(2))
    | dict.fromkeys(("transl", "transliteration", "font color", "sort"), _last)
    | dict.fromkeys(("convert", "cvt"), _convert)
    | dict.fromkeys(("quote", "blockquote", "quotation", "cquote", "bquote", "rquote", "quote box"), _quote)
    | {"as of": _as_of, "nihongo": _nihongo, "nihongo3": _nihongo, "zh": _chinese, "lang-zh": _chinese}
    | dict.fromkeys(("oldstyledate", "old style date"), _old_style)
    | dict.fromkeys(("circa", "c.", "ca", "ca.", "c"), _circa)
    | {"fl.": _around("fl. "), "floruit": _around("fl. "), "b.": _around("b. "), "d.": _around("d. ")}
    | {"born-in": _around("b. "), "died-in": _around("d. "), "reign": _reign}
    | dict.fromkeys(("start date", "end date", "birth date", "death date", "birth date and age", "dts", "date"), _date)
    | dict.fromkeys(("nbsp", "space", "sp", "spaces", "thinsp", "thin space", "hair space"), _always(" "))
    | dict.fromkeys(("ndash", "en dash"), _always("–"))
    | dict.fromkeys(("mdash", "em dash", "emdash", "mdashb"), _always("—"))
    | dict.fromkeys(("snd", "snds", "spnd", "spndash", "sndash", "spaced ndash", "spaced en dash"), _always(" – "))
    | dict.fromkeys(("spaced mdash", "spaced em dash", "smd"), _always(" — "))
    | dict.fromkeys(("·", "•", "dot", "bull", "bullet", "middot"), _always(" · "))
    | {"'": _always("'"), "`": _always("'"), '"': _around("“", "”"), "' \"": _always("' \""), "\" '": _always("\" '")}
    | {"'\"": _always("'\""), "\"'": _always("\"'"), "'s": _always("'s"), "`s": _always("'s"), "okina": _always("ʻ")}
    | {"!": _always("|"), "=": _always("="), "pipe": _always("|"), "(": _always("{"), ")": _always("}")}
    | {"times": _always("×"), "×": _always("×"), "minus": _always("−"), "pi": _always("π"), "\\": _always(" / ")}
    | {"euro": _around("€"), "€": _around("€"), "gbp": _around("£"), "£": _around("£"), "inr": _around("₹")}
    | {
        "lang-": _nth(1),
        "us$": _around("US$"),
        "usd": _around("US$"),
        "a$": _around("A$"),
        "au$": _around("A$"),
        "c$": _around("C$"),
    }
    | dict.fromkeys(("frac", "fraction", "sfrac"), _fraction)
    | {"val": _value, "e": _power, "esp": _power, "10^": _power_of_ten, "sup": _raised, "gaps": _joined("")}
    | dict.fromkeys(("chem", "chem2", "che"), _joined(""))
    | {"co2": _always("CO2"), "h2o": _always("H2O")}
    | dict.fromkeys(("keypress", "key press", "key"), _joined("+"))
    | dict.fromkeys(("angbr", "angle bracket", "angbr ipa", "vr"), _around("⟨", "⟩"))
    | {"bracket": _around("[", "]"), "ipa": _sound}
    | dict.fromkeys(("simplenuclide", "simplenuclide2", "nuclide", "nuclide2"), _joined("-"))
    | dict.fromkeys(("bibleverse", "bibleref", "bibleref2"), _verse)
    | dict.fromkeys(("harvtxt", "harvcoltxt"), _by_names)
    | {"hlist": _joined(", "), "sortname": _joined(" "), "korean": _joined(", "), "vol.": _around("vol. ")}
    | dict.fromkeys(("ubl", "unbulleted list", "bulleted list", "blist", "ordered list"), _lines)
    | {"section link": _joined(" § "), "slink": _joined(" § "), "p.": _around("p. "), "ship": _ship("")}
    | {
        name.lower(): _ship(name)
        for name in ("USS", "HMS", "SS", "MS", "RMS", "MV", "HMAS", "HMCS", "USCGC", "SMS", "USNS")
    }
)
