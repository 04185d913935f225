"""Words that generated profiles are made of, by language. All people and streets are fictional combinations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Words:
    """One language's words. ``street`` has ``{name}`` and ``{number}``; ``postcode`` has a ``#`` for each digit."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    streets: tuple[str, ...]
    street: str
    cities: tuple[str, ...]
    postcode: str
    sentences: tuple[str, ...]
    plain: tuple[str, ...]


WORDS: Mapping[str, Words] = {
    "it": Words(
        given=(
            "Giulia",
            "Marco",
            "Francesca",
            "Alessandro",
            "Chiara",
            "Luca",
            "Martina",
            "Davide",
            "Elisa",
            "Matteo",
            "Sara",
            "Nicolò",
            "Anna",
            "Federico",
            "Ilaria",
            "Pietro",
            "Noemi",
            "Simone",
            "Caterina",
            "Leonardo",
            "Irene",
            "Tommaso",
        ),
        family=(
            "Ferrari",
            "Rinaldi",
            "Colombo",
            "Marchetti",
            "Fontana",
            "Brambilla",
            "Zanetti",
            "Costa",
            "Lombardi",
            "Gallo",
            "De Luca",
            "Moretti",
            "D’Angelo",
            "Caruso",
            "Serra",
            "Villa",
            "Bianco",
            "Testa",
            "Sartori",
            "Bellini",
        ),
        streets=(
            "delle Ginestre",
            "dei Tigli",
            "del Mulino",
            "della Fonte",
            "delle Rondini",
            "del Girasole",
            "dei Pioppi",
            "della Torre",
            "dell’Orto",
            "del Maestrale",
            "delle Querce",
            "Lago Nero",
        ),
        street="Via {name} {number}",
        cities=(
            "Milano MI",
            "Torino TO",
            "Bologna BO",
            "Napoli NA",
            "Verona VR",
            "Perugia PG",
            "Genova GE",
            "Bari BA",
            "Reggio nell’Emilia RE",
            "L’Aquila AQ",
            "Cagliari CA",
            "Lecce LE",
        ),
        postcode="#####",
        sentences=(
            "Grazie per averci mandato la lettura.",
            "Abbiamo aggiornato i tuoi dati come ci hai chiesto.",
            "La prossima lettura è prevista a fine mese.",
            "Per qualsiasi dubbio puoi rispondere a questo messaggio.",
            "Ti abbiamo richiamato martedì senza trovarti.",
            "Il controllo è andato bene e non devi fare altro.",
        ),
        plain=("chiaro", "vento", "sole", "casa", "notte", "verde", "mare", "luce"),
    ),
    "en": Words(
        given=(
            "Amara",
            "Oliver",
            "Siobhán",
            "James",
            "Zoë",
            "Daniel",
            "Priya",
            "Thomas",
            "Grace",
            "Samir",
            "Hannah",
            "Kofi",
            "Ella",
            "Noah",
            "Ruth",
            "Liam",
            "Mei",
            "Patrick",
            "Ada",
            "George",
        ),
        family=(
            "Okafor",
            "Kelly",
            "O’Connor",
            "Wright",
            "Patel",
            "Thompson",
            "Nguyen",
            "Hughes",
            "Baker",
            "Fraser",
            "Khan",
            "Mensah",
            "Taylor-Smith",
            "Lee",
            "Walsh",
            "Green",
            "Novak",
            "Murray",
        ),
        streets=("Orchard", "Mill", "Station", "Chapel", "Linden", "Harbour", "Meadow", "Quarry", "Willow", "Spring"),
        street="{number} {name} Lane",
        cities=(
            "Bristol",
            "Leeds",
            "Cork",
            "Cardiff",
            "Glasgow",
            "Norwich",
            "Newcastle upon Tyne",
            "Derry",
            "Exeter",
            "York",
        ),
        postcode="#####",
        sentences=(
            "Thank you for sending us the reading.",
            "We changed your details as you asked.",
            "The next reading is due at the end of the month.",
            "Just reply if anything is unclear.",
            "We tried to call you back on Tuesday.",
            "All is in order and there is nothing for you to do.",
        ),
        plain=("clear", "wind", "sun", "home", "night", "green", "sea", "light"),
    ),
    "ar": Words(
        given=(
            "نورة",
            "خالد",
            "مريم",
            "عبد الرحمن",
            "فاطمة",
            "سالم",
            "ليلى",
            "يوسف",
            "هدى",
            "عمر",
            "سلمى",
            "طارق",
            "ريم",
            "حمزة",
            "عائشة",
            "زياد",
        ),
        family=(
            "الهاشمي",
            "المنصوري",
            "الكعبي",
            "الخطيب",
            "الأنصاري",
            "الزهراني",
            "العلي",
            "الشامي",
            "القاسمي",
            "النجار",
            "بن راشد",
            "أبو زيد",
        ),
        streets=("النخيل", "اللؤلؤ", "الياسمين", "الواحة", "المرجان", "السدر", "الميناء", "الربيع"),
        street="شارع {name} {number}",
        cities=("دبي", "أبوظبي", "الشارقة", "عجمان", "العين", "رأس الخيمة"),
        postcode="#####",
        sentences=(
            "شكرًا لإرسال قراءة العدّاد.",
            "حدّثنا بياناتكم كما طلبتم.",
            "القراءة القادمة في نهاية الشهر.",
            "لأي استفسار يمكنكم الرد على هذه الرسالة.",
            "كل شيء على ما يرام ولا حاجة إلى أي إجراء.",
        ),
        plain=("واضح", "ريح", "شمس", "بيت", "ليل", "أخضر", "بحر", "ضوء"),
    ),
}
FALLBACK = "en"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})

HARD_TEXTS: tuple[str, ...] = (
    "Q",
    "Ægir Žižka-Łukasiewicz d’Œuvrecœur Ångström",
    "Donaudampfschifffahrtsgesellschaftskapitänswitwe",
    "<b>\"A\" & 'B'</b> {{7*7}} ${x} %s",
    "Zalgo o\u0302\u0323\u0304 a\u0308\u0327 e\u0301\u0302",
    "0 1 2 - 3.50 (4%) #5",
)
"""Texts that layouts find hard, in Latin letters that common fonts have."""
HARD_EMOJI = "Flo 🌻 & Kai 👩🏽‍🚀"
HARD_OTHER_DIRECTION: Mapping[bool, str] = {False: "أحمد Müller ١٢", True: "Müller & Söhne 12"}
"""By whether the language runs right to left: a text that mixes in the other direction."""


def words(locale: str) -> Words:
    """The words of a locale's language, or of :data:`FALLBACK`."""
    return WORDS.get(locale.partition("-")[0], WORDS[FALLBACK])


def right_to_left(locale: str) -> bool:
    """Whether the locale's language runs right to left."""
    return locale.partition("-")[0] in RIGHT_TO_LEFT
