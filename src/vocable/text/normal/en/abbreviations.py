"""English abbreviations, some by their place: "St. John" is a saint, "Main St." a street."""

from __future__ import annotations

import re

from vocable.text.normal.en.letters import spelled
from vocable.text.normal.units import alternatives

# Before a name. The dot may be missing, as in Britain, where they are two or three letters.
_TITLES = {
    **{"Mr": "Mister", "Mrs": "Missus", "Ms": "Ms", "Messrs": "Messieurs", "Prof": "Professor"},
    **{"Gov": "Governor", "Gen": "General", "Sen": "Senator", "Rep": "Representative"},
    **{"Sgt": "Sergeant", "Capt": "Captain", "Lt": "Lieutenant", "Col": "Colonel"},
    **{"Maj": "Major", "Cmdr": "Commander", "Rev": "Reverend", "Hon": "Honorable"},
    **{
        "Pres": "President",
        "Mt": "Mount",
        "Ft": "Fort",
        "Adm": "Admiral",
        "Supt": "Superintendent",
    },
}
_BRITISH = alternatives(("Mr", "Mrs", "Ms", "Prof"))
# Before a number.
_NUMBERED = {
    **{"No": "number", "Nos": "numbers", "no": "number", "nos": "numbers", "Fig": "figure"},
    **{"fig": "figure", "Figs": "figures", "p": "page", "pp": "pages", "Vol": "volume"},
    **{"vol": "volume", "Ch": "chapter", "ch": "chapter", "Sec": "section", "sec": "section"},
    **{
        "Eq": "equation",
        "eq": "equation",
        "ext": "extension",
        "Ext": "extension",
        "Art": "article",
    },
    **{"Pt": "part", "pt": "part", "Apt": "apartment", "apt": "apartment", "Rm": "room"},
}
# Anywhere. Those of names of firms may end a sentence.
_ANYWHERE = {
    **{"e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "vs.": "versus"},
    **{"cf.": "compare", "et al.": "and others", "approx.": "approximately", "ca.": "circa"},
    **{"a.k.a.": "also known as", "viz.": "namely", "dept.": "department", "Dept.": "Department"},
    **{"govt.": "government", "Govt.": "Government", "max.": "maximum", "incl.": "including"},
    **{"Inc.": "Incorporated", "Ltd.": "Limited", "Co.": "Company", "Corp.": "Corporation"},
    **{
        "Bros.": "Brothers",
        "Jr.": "Junior",
        "Sr.": "Senior",
        "Ave.": "Avenue",
        "Blvd.": "Boulevard",
    },
    **{"Rd.": "Road", "Hwy.": "Highway", "Sq.": "Square", "Univ.": "University", "Ph.D.": "P H D"},
    **{"tel.": "telephone", "Tel.": "Telephone", "esp.": "especially", "hrs.": "hours"},
    **{"a.m.": "ay M", "p.m.": "P M", "misc.": "miscellaneous", "Assn.": "Association"},
}
_WHOLE = {
    **{"w/o": "without", "vs": "versus", "PhD": "P H D", "PhDs": "P H D's"},
    **{"WWI": "World War one", "WW1": "World War one", "WWII": "World War two"},
    **{"WW2": "World War two"},
}
_SAINTS = (
    *("Albans", "Andrew", "Andrews", "Anne", "Anthony", "Augustine", "Bernard", "Catherine"),
    *("Clair", "Francis", "George", "Helena", "Helens", "Ives", "James", "John", "Johns", "Joseph"),
    *(
        "Kitts",
        "Lawrence",
        "Louis",
        "Lucia",
        "Luke",
        "Mark",
        "Martin",
        "Mary",
        "Moritz",
        "Nicholas",
    ),
    *("Pancras", "Patrick", "Paul", "Peter", "Petersburg", "Stephen", "Thomas", "Vincent"),
)
STARTS = re.compile(
    r"(?:A|After|And|As|At|But|For|He|Her|His|However|I|If|In|It|Its|My|No|Now|On|Our|She|So|That|The"
    r"|Their|Then|There|These|They|This|Those|To|We|What|When|Where|While|Who|Why|Yes|You|Your)\b"
)
SHORT = frozenset(
    [f"{short}." for table in (_TITLES, _NUMBERED) for short in table]
    + [short for short in _ANYWHERE if " " not in short]
    + ["St.", "Dr.", "Ste.", "al.", "Jan.", "Feb.", "Mar.", "Apr.", "Jun.", "Jul.", "Aug.", "Sep."]
    + ["Sept.", "Oct.", "Nov.", "Dec.", "U.S.", "U.K.", "U.N.", "D.C."]
)
_NOT_NAMES = (
    "The|In|At|To|Of|On|By|From|For|And|Is|Was|Our|Near|Visit|See|Old|New|This|That|When|As"
)

_NAMED = re.compile(
    rf"\b({alternatives(_TITLES)})\.\s+(?=[A-Z]|and\b)|\b({_BRITISH})\s+(?=[A-Z])", re.A
)
_NUMBER = re.compile(rf"(?<![\w.])({alternatives(_NUMBERED)})\.\s?(?=\d|[IVX]{{2,}}\b)")
_WORD = re.compile(rf"(?<![\w.])({alternatives(_ANYWHERE)})(?!\w)")
_BARE = re.compile(rf"(?<![\w/])({alternatives(_WHOLE)})(?![\w/])|(?<![\w/])w/\s?(?=\w)")
_STREET = re.compile(
    rf"(?:(?<=\w )|(?<!\d)(?=\d))(?!(?:{_NOT_NAMES}) )"
    r"([A-Z][a-z]+|\d{1,4}(?:st|nd|rd|th)) (St|Dr)\b(\.?)"
    rf"(?!\s+(?:{'|'.join(_SAINTS)})\b)(?=\s+[A-Za-z(]|\s*[,;:)]|\s*$|\s*\n)"
)
_SAINT = re.compile(r"\b(St|Dr|Ste)\b\.?\s+(?=[A-Z][a-z]|[A-Z]\.)")
_INITIALS = re.compile(
    r"(?<![\w.'])(?<!\b[A-Z] )(?<!\bay )(?:[A-Z]\.[ -]?){1,5}(?=[A-Z][a-z])"
    r"|(?<![\w.])(?:[A-Za-z]\.){2,7}"
)


def abbreviations(text: str) -> str:
    """Return a text whose abbreviations are words."""
    text = _NUMBER.sub(lambda found: f"{_NUMBERED[found[1]]} ", text)
    text = _WORD.sub(_anywhere, text)
    text = _BARE.sub(lambda found: _WHOLE[found[1]] if found[1] else "with ", text)
    text = _NAMED.sub(lambda found: f"{_TITLES[found[1] or found[2]]} ", text)
    text = _STREET.sub(_street, text)
    text = _SAINT.sub(lambda found: f"{'Doctor' if found[1] == 'Dr' else 'Saint'} ", text)
    return _INITIALS.sub(_initials, text)


def _anywhere(found: re.Match[str]) -> str:
    """Return an abbreviation's words; its dot stays where it ends a sentence as well."""
    return _ANYWHERE[found[1]] + end_of_sentence(found, found[1] == "etc.")


def end_of_sentence(found: re.Match[str], any_capital: bool = False) -> str:
    """Return "." where an abbreviation ends a sentence.

    any_capital: whether any word with a capital begins a new one, or only those that often do.
    """
    rest = found.string[found.end() : found.end() + 40].lstrip(" \u00a0")
    begins = rest[:1].isupper() if any_capital else STARTS.match(rest)
    return "." if not rest or rest[0] == "\n" or begins else ""


def _street(found: re.Match[str]) -> str:
    end = end_of_sentence(found, any_capital=True) if found[3] else ""
    return f"{found[1]} {'Street' if found[2] == 'St' else 'Drive'}{end}"


def _initials(found: re.Match[str]) -> str:
    """Return initials before a name, or letters with dots, "U.S.", as letters."""
    letters = [each for each in found[0] if each.isalpha()]
    rest = found.string[found.end() : found.end() + 40]
    if found[0][-1] == " " and STARTS.match(rest):  # "vitamin C. The", "in the U.S. The"
        return found[0] if len(letters) == 1 else f"{spelled(''.join(letters))}. "
    if found[0][-1] in " -" or rest[:1].isalpha():
        return f"{spelled(''.join(letters))} "
    return spelled("".join(letters)) + end_of_sentence(found)
