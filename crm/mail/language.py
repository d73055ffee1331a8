"""The language of a text by its commonest words: enough to give a mail to somebody who reads it."""

from __future__ import annotations

import re

_WORDS = {
    "it": "il lo la gli che di è per non una sono con del della mi grazie buongiorno anche vorrei cordiali saluti",
    "en": "the and is of to you for that with have this are be not please thank i we your would regards",
    "fr": "le la les des et est que pour vous je ne pas une dans avec sur nous merci bonjour votre ce cordialement",
    "pl": "i w nie na się z do jest że to proszę dzień dobry dziękuję jak mam pozdrawiam czy od po dla oraz będzie",
    "de": "der die das und ist nicht ich sie mit ein eine zu auf für wir bitte danke den von im guten tag grüßen",
    "es": "el la los que de y es por no una para con del se gracias hola su como pero está este saludos buenos",
}
_SETS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_WORD = re.compile(r"[^\W\d_]{1,20}")
_LOOKED_AT = 4_000  # characters


def language_of(text: str) -> str:
    """it, en, fr, pl, de or es; "" when too few common words are found, or two languages are as likely."""
    own = "\n".join(line for line in text[: 2 * _LOOKED_AT].split("\n") if not line.startswith(">"))[:_LOOKED_AT]
    found = [word.lower() for word in _WORD.findall(own)]
    counts = sorted(((sum(word in words for word in found), name) for name, words in _SETS.items()), reverse=True)
    (most, name), (second, _) = counts[0], counts[1]
    return name if most >= 2 and most > second else ""
