"""German abbreviations."""

from __future__ import annotations

import re

from vocable.text.normal.de.letters import spelled

# Anywhere; between the parts of one there may be a space.
_ANYWHERE = {
    **{
        "z.B.": "zum Beispiel",
        "Z.B.": "Zum Beispiel",
        "d.h.": "das heißt",
        "u.a.": "unter anderem",
    },
    **{"u.Ä.": "und Ähnliches", "u.ä.": "und Ähnliches", "o.Ä.": "oder Ähnliches"},
    **{"o.ä.": "oder Ähnliches", "z.T.": "zum Teil", "z.Zt.": "zurzeit", "z.Z.": "zurzeit"},
    **{
        "i.d.R.": "in der Regel",
        "u.U.": "unter Umständen",
        "v.a.": "vor allem",
        "s.o.": "siehe oben",
    },
    **{"s.u.": "siehe unten", "u.v.m.": "und vieles mehr", "u.v.a.": "und viele andere"},
    **{"a.D.": "außer Dienst", "v.Chr.": "vor Christus", "n.Chr.": "nach Christus"},
    **{
        "m.E.": "meines Erachtens",
        "e.V.": "e Vau",
        "i.A.": "im Auftrag",
        "h.c.": "honoris causa",
        "u.": "und",
        "o.g.": "oben genannte",
    },
    **{"u.s.w.": "und so weiter", "usw.": "und so weiter", "bzw.": "beziehungsweise"},
    **{"etc.": "et cetera", "ca.": "circa", "vgl.": "vergleiche", "Vgl.": "Vergleiche"},
    **{"ggf.": "gegebenenfalls", "evtl.": "eventuell", "inkl.": "inklusive", "exkl.": "exklusive"},
    **{"zzgl.": "zuzüglich", "bspw.": "beispielsweise", "sog.": "sogenannte", "allg.": "allgemein"},
    **{"max.": "maximal", "min.": "minimal", "mind.": "mindestens", "ehem.": "ehemals"},
    **{"geb.": "geboren", "gest.": "gestorben", "verh.": "verheiratet", "lt.": "laut"},
    **{"gem.": "gemäß", "vs.": "versus", "usf.": "und so fort", "bes.": "besonders"},
    **{"Hbf.": "Hauptbahnhof", "Jh.": "Jahrhundert", "Jhs.": "Jahrhunderts", "Jhd.": "Jahrhundert"},
    **{"Dr.": "Doktor", "Prof.": "Professor", "Dipl.-Ing.": "Diplomingenieur", "Ing.": "Ingenieur"},
    **{"Hr.": "Herr", "Hrn.": "Herrn", "Mr.": "Mister", "Mrs.": "Missis", "Tel.": "Telefon"},
    **{"jr.": "junior", "sen.": "senior", "jun.": "junior", "Str.": "Straße", "Pl.": "Platz"},
    **{
        "Std.": "Stunden",
        "Min.": "Minuten",
        "Sek.": "Sekunden",
        "dt.": "deutsch",
        "engl.": "englisch",
    },
    **{"Red.": "Redaktion", "Aufl.": "Auflage", "tgl.": "täglich", "Mwst.": "Mehrwertsteuer"},
    **{
        "MwSt.": "Mehrwertsteuer",
        "Co.": "Co",
        "i.V.": "in Vertretung",
        "i.V.m.": "in Verbindung mit",
        "z.Hd.": "zu Händen",
        "Anm.": "Anmerkung",
    },
}
_CLOSING = ("usw.", "etc.", "u.s.w.", "usf.", "u.v.m.", "u.a.", "o.Ä.", "u.Ä.", "v.Chr.", "n.Chr.")
# Before a number.
_NUMBERED = {
    **{
        "Nr": "Nummer",
        "Nrn": "Nummern",
        "No": "Nummer",
        "S": "Seite",
        "Bd": "Band",
        "Kap": "Kapitel",
    },
    **{"Abs": "Absatz", "Art": "Artikel", "Abb": "Abbildung", "Tab": "Tabelle", "Z": "Zeile"},
    **{"Anm": "Anmerkung", "Ziff": "Ziffer", "Jg": "Jahrgang", "Gl": "Gleichung", "Kl": "Klasse"},
}
# Before a name.
_NAMED = {
    "St": "Sankt",
    "Fr": "Frau",
    "Frl": "Fräulein",
    "Gebr": "Gebrüder",
    "v": "von",
    "Bf": "Bahnhof",
}
_WHOLE = {
    **{"GmbH": "Ge Em Be Ha", "Pkw": "Pe Ka We", "Lkw": "El Ka We", "Pkws": "Pe Ka Wes"},
    **{
        "Lkws": "El Ka Wes",
        "Kfz": "Ka Ef Zett",
        "MwSt": "Mehrwertsteuer",
        "BAföG": "Bafög",
        "WLAN": "We Lan",
    },
    **{"kWh": "Kilowattstunden", "GbR": "Ge Be Er", "PhD": "Pe Ha De", "WhatsApp": "Whatsapp"},
    **{"KfW": "Ka Ef We", "StVO": "Es Te Vau O", "BGBl": "Be Ge Be El", "Hbf": "Hauptbahnhof"},
}
STARTS = (
    r"(?:Aber|Als|Am|An|Auch|Auf|Bei|Da|Dann|Das|Dass|Dem|Den|Denn|Der|Des|Deshalb|Die|Dies\w*|Doch"
    r"|Ein\w*|Er|Es|Für|Hier|Ich|Ihr\w*|Im|In|Ja|Jetzt|Man|Mit|Nach|Nein|Nun|Nur|Ob|Seit|Sie|So|Und"
    r"|Viele|Vom|Von|Vor|Was|Wenn|Wer|Wie|Wir|Wo|Zu|Zum|Zur)\b"
)
"""A regular expression of what begins sentences: nouns have capitals everywhere."""

_STARTS = re.compile(STARTS)


SHORT = frozenset(
    [short for short in _ANYWHERE]
    + [short[short.rstrip(".").rfind(".") + 1 :] for short in _ANYWHERE if short.count(".") > 1]
    + [f"{short}." for table in (_NUMBERED, _NAMED) for short in table]
    + ["Mio.", "Mrd.", "Tsd.", "Jan.", "Feb.", "Mär.", "Apr.", "Aug.", "Sep.", "Sept.", "Okt."]
    + ["Nov.", "Dez.", "B.", "h.", "R."]
)


def _spaced(short: str) -> str:
    """Return a regular expression of an abbreviation that may have spaces between its parts."""
    return re.escape(short).replace(r"\.", r"\.[ \u00a0]?").removesuffix(r"[ \u00a0]?")


_BY_LENGTH = sorted(_ANYWHERE, key=len, reverse=True)
_WORD = re.compile(rf"(?<![\w.])({'|'.join(map(_spaced, _BY_LENGTH))})(?!\w)")
_NUMBER = re.compile(rf"(?<![\w.])({'|'.join(_NUMBERED)})\.\s?(?=\d|[IVX]{{2,}}\b)")
_NAME = re.compile(rf"(?<![\w.])({'|'.join(_NAMED)})\.\s?(?=[A-ZÄÖÜ][a-zäöüß])")
_SEE = re.compile(rf"(?<![\w.])s\.\s?(?=(?:{'|'.join(_NUMBERED)})\.|auch\b|oben\b|unten\b)")
_COMPOUND_NUMBER = re.compile(r"(?<=[a-zäöüß])nr\.(?=\s?\d)")
_STREET = re.compile(r"(?<=[a-zäöüß])(-?)([Ss])tr\.(?!\w)")
_BARE = re.compile(rf"(?<![\w/])({'|'.join(_WHOLE)})(?![\w/])")
_INITIALS = re.compile(
    r"(?<![\w.'])(?:[A-ZÄÖÜ]\.[ -]?){1,5}(?=[A-ZÄÖÜ][a-zäöüß]|vo[nm] |van |de )"
    r"|(?<![\w.])(?:[A-ZÄÖÜa-zäöü]\.){2,7}"
)


def abbreviations(text: str) -> str:
    """Return a text whose abbreviations are words."""
    text = _SEE.sub("siehe ", text)
    text = _NUMBER.sub(lambda found: f"{_NUMBERED[found[1]]} ", text)
    text = _COMPOUND_NUMBER.sub("nummer", text)
    text = _STREET.sub(lambda found: f"{found[1]}{found[2]}traße{_end(found)}", text)
    text = _WORD.sub(_anywhere, text)
    text = _NAME.sub(lambda found: f"{_NAMED[found[1]]} ", text)
    text = _BARE.sub(lambda found: _WHOLE[found[1]], text)
    return _INITIALS.sub(_initials, text)


def _anywhere(found: re.Match[str]) -> str:
    """Return an abbreviation's words; its dot stays where it ends a sentence as well."""
    short = re.sub(r"\s", "", found[1])
    return _ANYWHERE[short] + _end(found, short in _CLOSING)


def _end(found: re.Match[str], may_close: bool = True) -> str:
    """Return "." where an abbreviation ends a sentence: its text, or before what begins one."""
    rest = found.string[found.end() : found.end() + 40].lstrip(" \u00a0")
    return "." if not rest or rest[0] == "\n" or (may_close and _STARTS.match(rest)) else ""


def _initials(found: re.Match[str]) -> str:
    """Return initials before a name, or letters with dots, as letters."""
    letters = "".join(each for each in found[0] if each.isalpha())
    rest = found.string[found.end() : found.end() + 40]
    if len(letters) == 1 and _STARTS.match(rest):
        return found[0]  # "Vitamin C. Das"
    if found[0][-1] in " -" or rest[:1].isalpha():
        return f"{spelled(letters)} "
    return spelled(letters) + _end(found)
