"""The gender of German nouns, as far as endings tell it: what "1" and "3." before them become."""

from __future__ import annotations

_FEMININE = (
    "ung",
    "heit",
    "keit",
    "schaft",
    "ion",
    "tät",
    "ik",
    "ur",
    "enz",
    "anz",
    "in",
    "e",
    "ei",
)
_NEUTER = ("chen", "lein", "ment", "um", "tel", "nis")
_OTHERS = {
    **dict.fromkeys(
        (
            *("name", "junge", "kollege", "kunde", "käse", "buchstabe", "gedanke", "zeuge", "erbe"),
            *(
                "deutsche",
                "befragte",
                "beamte",
                "erwachsene",
                "kranke",
                "studierende",
                "angestellte",
            ),
            *("termin", "verein", "wein", "stein", "schein", "delfin", "urin", "satz", "titel"),
            *("artikel", "baum", "raum", "traum", "euro", "zentner", "liter", "meter", "franken"),
        ),
        "m",
    ),
    **dict.fromkeys(
        (
            *(
                "ende",
                "auge",
                "interesse",
                "gebäude",
                "gemüse",
                "jahr",
                "jahrhundert",
                "jahrtausend",
            ),
            *(
                "jahrzehnt",
                "mal",
                "kind",
                "kapitel",
                "buch",
                "haus",
                "spiel",
                "tor",
                "lied",
                "bild",
            ),
            *("quartal", "semester", "gebot", "wort", "land", "bein", "fenster", "zimmer", "auto"),
            *(
                "tier",
                "pferd",
                "schiff",
                "blatt",
                "glas",
                "stück",
                "paar",
                "byte",
                "bit",
                "prozent",
            ),
            *(
                "gramm",
                "pfund",
                "kilo",
                "grad",
                "gebiet",
                "gesetz",
                "mädchen",
                "ei",
                "bier",
                "brot",
            ),
            *(
                "konzert",
                "og",
                "ug",
                "rennen",
                "treffen",
                "leben",
                "team",
                "projekt",
                "mitglied",
                "viertel",
            ),
        ),
        "n",
    ),
    **dict.fromkeys(
        (
            *(
                "frau",
                "mutter",
                "tochter",
                "hand",
                "stadt",
                "nacht",
                "million",
                "milliarde",
                "person",
            ),
            *("klasse", "liga", "halbzeit", "wahl", "zahl", "bank", "fahrt", "welt", "zeit", "tür"),
            *("etage", "arbeit", "antwort", "uhr", "mark", "art", "mannschaft", "kraft", "nummer"),
            *("sinfonie", "symphonie", "schwester", "steuer", "oper", "feder", "leiter", "mauer"),
        ),
        "f",
    ),
}


def gender(noun: str) -> str:
    """Return "m", "f" or "n": of a known noun, by its last part or its ending; else "m"."""
    word = noun.lower()
    for start in range(len(word) - 1):
        if known := _OTHERS.get(word[start:]):
            return known
    if word.endswith(_NEUTER):
        return "n"
    return "f" if word.endswith(_FEMININE) else "m"
