"""Make `memproc/dedup/data/accents.txt.gz`: Spanish and French words, without their accents, that are no other words so.

From the word lists of wordfreq (PyPI package `wordfreq` 3.1.1), and the Hunspell dictionaries of the npm packages `dictionary-es`
4.0.0, `dictionary-fr` 3.0.0, `dictionary-de` 3.0.0, `dictionary-it` 2.0.0 and `dictionary-pt` 4.0.0, read by `spylls` (PyPI), which
tell what is a word. All have to be installed, each dictionary in `FOLDER/LANGUAGE/package`.

Run: `python tools/accents.py FOLDER`; it takes some minutes.

A word is listed without its accents where, in Spanish or French, it is frequent with them (Zipf frequency 2.6), no word without
them ("ano"), and has no other word beside it that differs in accents alone and is hardly rarer ("pêche", "péché"); nor in Italian
or Portuguese, if people write it there; and where it has no German umlaut, which is written out. The verbs in `NO_OTHER` and the
spellings of 1990 are words of dictionaries, but nobody reads them so.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

from spylls.hunspell import Dictionary  # type: ignore[import-not-found, import-untyped, unused-ignore]
from word_lists import write
from wordfreq import iter_wordlist, top_n_list, zipf_frequency  # type: ignore[import-not-found, unused-ignore]

from memproc.dedup.text.letters import without_accents

HOME, ABROAD = ("es", "fr"), ("de", "it", "pt")
LEAST_ZIPF, LEAST_LISTED_ZIPF, NAME_ZIPF = 1.5, 2.6, 3.0
MOST_RARER, MOST_RARER_ABROAD, MOST_RARER_AT_HOME = 2.4, 1.0, 1.5
MOST_FREQUENT_ENGLISH = 400
NO_OTHER = """
africa ainee analisis angel aout boligrafo brulee brulees bruler brulure calculos capitulos chaine chaines clinica clinicas
codigo comite connaitre cout couts credito creditos croute ecole ecoles electronico entrainement entrainements entraineur
espectaculo etude etudes exito fisica fisico fraiche fraiches futbol gout gouter gouts historica hotel hotels huitre huitres ile
iles ingles linea lineas logica maitre maitres maitresse maquina maquinas medicos metodo metodos musica musicas naitre numeros
pagina paginas paraitre pelicula peliculas policia policias politica politicas politico politicos quimica quimico republica
romantica romantico tecnica tecnicas tecnico tecnicos telefonica telefonos television theatre theatres titulos traitre ultima
ultimas ultimo ultimos unica unicas unico unicos vehiculo voute
"""
NAMES = "nina nino ines rene renee andre the une das"  # or words of another language

Words = dict[str, dict[str, float]]


def by_letters(language: str) -> Words:
    """Return the words of a language with their frequencies, by what they are without accents."""
    found: Words = defaultdict(dict)
    for word in iter_wordlist(language, "large"):
        if (frequency := zipf_frequency(word, language)) < LEAST_ZIPF:
            break
        bare = without_accents(word.replace("œ", "oe").replace("æ", "ae").replace("ß", "ss"))
        if re.fullmatch("[a-z]{3,}", bare):
            found[bare][word] = frequency
    return found


def is_word(dictionary: Dictionary, word: str) -> bool:
    """Tell whether a dictionary has a word, or a name that is written so."""
    return bool(dictionary.lookup(word) or dictionary.lookup(word.title()))


def is_no_other(bare: str, written: dict[str, Words], dictionaries: dict[str, Dictionary]) -> bool:
    """Tell whether letters without accents can be read as one word alone."""
    accented = {
        language: {
            word: frequency
            for word, frequency in written[language].get(bare, {}).items()
            if not word.isascii() and (frequency >= NAME_ZIPF or is_word(dictionaries[language], word))
        }
        for language in (*HOME, *ABROAD)
    }
    tops = {language: max(found.values(), default=0) for language, found in accented.items()}
    home = max(tops[language] for language in HOME)
    for language, found in accented.items():
        if not found:
            continue
        top, is_bare = tops[language], is_word(dictionaries[language], bare)
        main = max(found, key=lambda word: found[word])
        if language == "de" and top >= NAME_ZIPF and not {*"äöüß"}.isdisjoint(main):
            return False
        if bare in NO_OTHER.split():
            continue
        if language in HOME and top >= home - MOST_RARER_AT_HOME:
            others = [word for word in found if word != main and found[word] > top - MOST_RARER]
            if is_bare or any(is_word(dictionaries[language], word) for word in others):
                return False
        elif (
            is_bare
            and zipf_frequency(bare, language) >= max(NAME_ZIPF, top - MOST_RARER_ABROAD)
            and is_word(dictionaries[language], main)
        ):
            return False
    return home > 0


def main(folder: Path) -> None:
    """Make the list."""
    written = {language: by_letters(language) for language in (*HOME, *ABROAD)}
    dictionaries = {language: Dictionary.from_files(str(folder / language / "package" / "index")) for language in written}
    listed = {
        bare
        for language in HOME
        for bare, found in written[language].items()
        if any(not word.isascii() and frequency >= LEAST_LISTED_ZIPF for word, frequency in found.items())
    }
    listed -= {*NAMES.split(), *top_n_list("en", MOST_FREQUENT_ENGLISH)}
    write("accents.txt.gz", {bare for bare in listed if is_no_other(bare, written, dictionaries)})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
