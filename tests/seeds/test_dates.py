"""Dates are read as people, programs and newspapers write them, and never made up."""

import pytest

from seeds.clean import clean
from seeds.datelines import read_dateline
from seeds.dates import parse_date

# ---------------------------------------------------------------- fields


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2021", "2021"),
        ("2021-04", "2021-04"),
        ("20210430", "2021-04-30"),
        ("20210430T101500Z", "2021-04-30"),
        ("20210430101500", "2021-04-30"),
        ("2021-04-30T10:00:00Z", "2021-04-30"),
        ("2021-04-30 10:00:00.123456+02:00", "2021-04-30"),
        ("2021/04/30", "2021-04-30"),
        ("03/11/2020", "2020-11-03"),
        ("3.11.2020", "2020-11-03"),
        ("5/2/21", "2021-02-05"),
        ("05.02.98", "1998-02-05"),
        ("08/25/2023", "2023-08-25"),
        ("1er août 2021", "2021-08-01"),
        ("juin 2020", "2020-06"),
        ("Samedi 12 août 2023", "2023-08-12"),
        ("sam. 12 août 2023", "2023-08-12"),
        ("SAMEDI 12 AOÛT 2023", "2023-08-12"),
        ("ven. 5 févr. 2021", "2021-02-05"),
        ("5 janv. 2021", "2021-01-05"),
        ("5 fev 2021", "2021-02-05"),
        ("14 juil. 2021", "2021-07-14"),
        ("14 sept. 2021 à 18 h 30", "2021-09-14"),
        ("25 déc. 2021", "2021-12-25"),
        ("25 de\u0301cembre 2021", "2021-12-25"),
        ("25\u00a0décembre\u202f2021", "2021-12-25"),
        ("le 12 août 2023 à 08h15 (heure de Paris)", "2023-08-12"),
        ("Publié le 12 août 2023 à 08h15", "2023-08-12"),
        ("Le Monde, 12 août 2023", "2023-08-12"),
        ("samedi 12 août 2023, p. 3", "2023-08-12"),
        ("12-Aug-2023", "2023-08-12"),
        ("August 12, 2023", "2023-08-12"),
        ("Aug 12th, 2023 10:15 AM", "2023-08-12"),
        ("Fri, 05 Feb 2021 10:20:00 +0100", "2021-02-05"),
        ("Tue, 03 Nov 2020 10:00:00 GMT", "2020-11-03"),
        ("Sat Aug 12 08:15:00 +0000 2023", "2023-08-12"),
        ("Sat Aug 12 08:15:00 2023", "2023-08-12"),
        ("2023-W32-6", "2023-08-12"),
        ("2023W32", "2023-08"),
        ("1691827200", "2023-08-12"),
        ("1691827200.0", "2023-08-12"),
        ("1691827200000", "2023-08-12"),
        ("12-août-23", "2023-08-12"),
        ("12/août/2023", "2023-08-12"),
        ("12 août 23", "2023-08-12"),
        ("sam 12 août 23", "2023-08-12"),
        ("12-08-23", "2023-08-12"),
        ("12-08-23 10:00", "2023-08-12"),
        ("12 08 2023", "2023-08-12"),
        ("sam. 12/08/2023", "2023-08-12"),
        ("08/2023", "2023-08"),
        ("août-23", "2023-08"),
        ("1 er janvier 2020", "2020-01-01"),
        ("1ᵉʳ janvier 2020", "2020-01-01"),
        ("du 12 au 14 août 2023", "2023-08"),
        ("12-14 août 2023", "2023-08"),
        ("12 et 13 août 2023", "2023-08"),
        ("du 28 juillet au 3 août 2023", "2023"),
        ("du 28 décembre 2022 au 3 janvier 2023", ""),
        ("13/2021", ""),
        ("31-02-23", ""),
        ("99 99 99", ""),
        ("2021-02-30", ""),
        ("2021-13", ""),
        ("31/02/2021", ""),
        ("2020-W60-1", ""),
        ("45150", ""),
        ("0000000001", ""),
        ("12 août", ""),
        ("demain", ""),
        ("depuis 2016", ""),
        ("© 2019", ""),
        ("", ""),
    ],
)
def test_a_field_of_dates_is_read_in_every_usual_form(value: str, date: str) -> None:
    assert parse_date(value) == date


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "piece", [" ", "1/1/", "2021-", "lundi ", "mai ", "12:12", "\u0301", "1", "du 1 mai au "]
)
def test_no_hostile_field_holds_reading_up(piece: str) -> None:
    parse_date(piece * (200_000 // len(piece)))
    parse_date("3 mai" + piece * (200_000 // len(piece)) + "2021")


# ---------------------------------------------------------------- lines that date an article


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("Mise à jour:2018-11-30 | french.china.org.cn", "2018-11-30"),
        ("Mis à jour le 3 juin 2020 à 14h05", "2020-06-03"),
        ("Publié le vendredi 1er octobre 2021 à 8 h", "2021-10-01"),
        ("Publié le 12/03/2021 à 07:30 - Mis à jour le 13/03/2021 à 08:00", "2021-03-12"),
        ("Mis à jour le 13 mars 2021 à 8h - Publié le 12 mars 2021 à 7h30", "2021-03-12"),
        ("Publié le 5 février 2021 à 10h20, mis à jour le 6 février 2021 à 8h", "2021-02-05"),
        ("Le 05/02/2021 à 18h22 modifié le 06/02/2021 à 08h22", "2021-02-05"),
        ("Modifié le : 06/02/2021", "2021-02-06"),
        ("Actualisé le 5 févr. 2021 à 18:22", "2021-02-05"),
        ("Date de publication : 5 février 2021", "2021-02-05"),
        ("Mis en ligne le 5 février 2021", "2021-02-05"),
        ("French.xinhuanet.com | Publié le 2021-02-05 à 18:22", "2021-02-05"),
        ("French.china.org.cn | Mis à jour le 12-08-2023 | 10:12", "2023-08-12"),
        ("Français>>CultureMise à jour 16.04.2010 14h36", "2010-04-16"),
        ("Radio France Internationale - Publié le 05/02/2021 - 18:22", "2021-02-05"),
        ("Par Jean Dupont Publié le 5 février 2021", "2021-02-05"),
        ("Publié le 5/2/21 à 18h22", "2021-02-05"),
        ("Publié le 5 février 2021 18:22 CST", "2021-02-05"),
        ("Publié le 5 février 2021 à 18h22 (heure de Paris)", "2021-02-05"),
        ("Posted on February 5, 2021", "2021-02-05"),
        ("Publié en août 2023", "2023-08"),
        ("Publié le 12 août 2023 · Temps de lecture : 3 min", "2023-08-12"),
        ("Publié le 12 août 2023 par Jean Dupont", "2023-08-12"),
        ("Première publication : 12 août 2023", "2023-08-12"),
        ("Article publié dans l'édition du 3 mars 2022", "2022-03-03"),
        ("Article publié dans l’édition du Monde du 3 mars 2022", "2022-03-03"),
        ("Cet article est paru dans Le Monde du 3 mars 2022", "2022-03-03"),
        ("Date : 12 août 2023", "2023-08-12"),
    ],
)
def test_a_line_that_says_published_or_updated_dates_the_article(line: str, date: str) -> None:
    for text in (f"Le titre\n\n{line}\n\nLe corps.", f"{line}\nLe titre\n\nLe corps."):
        assert (clean(text).date, clean(text).text) == (date, "Le titre\n\nLe corps.")


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("French.news.cn | 2024-04-23 à 20:48", "2024-04-23"),
        ("RFI – 05/02/2021 à 10:20", "2021-02-05"),
        ("AFP, le 5 février 2021 à 10h20", "2021-02-05"),
        ("Le Monde, 5 février 2021", "2021-02-05"),
        ("Le Monde avec AFP | 5 février 2021", "2021-02-05"),
        ("Le Courrier | 05/02/2021 18:22", "2021-02-05"),
        ("L’Express • 5 févr. 2021", "2021-02-05"),
        ("Ouest-France - 05/02/2021 - 18h22", "2021-02-05"),
        ("Agence congolaise de presse, le 5 février 2021", "2021-02-05"),
        ("Par La Rédaction | 5 février 2021", "2021-02-05"),
        ("Par Jean Dupont et Anne Martin, le 5 février 2021", "2021-02-05"),
        ("Par X | 5 février 2021", "2021-02-05"),
        ("5 février 2021 | Le Monde", "2021-02-05"),
        ("PARIS, 3 mars 2022 (AFP) -", "2022-03-03"),
        ("Genève (ATS), 12 août 2023", "2023-08-12"),
        ("Par Anne Dupont (avec AFP) le 14/06/2023", "2023-06-14"),
        ("Le Figaro, no. 24112, Culture, jeudi 3 mars 2022, p. 23", "2022-03-03"),
        ("Le Monde diplomatique, août 2021, pages 4 et 5", "2021-08"),
        ("Le Monde.fr avec AFP et Reuters | 12.08.2023 à 10h12", "2023-08-12"),
        ("De notre correspondant à Rome, 12 août 2023", "2023-08-12"),
        ("Journal du Mali, 12 août 2023", "2023-08-12"),
        ("5 février 2021 par Jean Dupont", "2021-02-05"),
    ],
)
def test_a_date_with_an_outlet_or_an_author_dates_the_article(line: str, date: str) -> None:
    for text in (f"Le titre\n{line}\n\nLe corps.", f"Le titre\n\nLe corps.\n\nFin.\n\n{line}"):
        cleaned = clean(text)
        assert cleaned.date == date
        assert line not in cleaned.text
    assert clean(f"{line}\nLe titre\n\nLe corps.").title == "Le titre"


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("2020-11-03T08:15:00+01:00", "2020-11-03"),
        ("24 décembre 2019", "2019-12-24"),
        ("Vendredi 1er septembre 2023 | 10h12 GMT+7", "2023-09-01"),
        ("16/04/2010 | 14:36 GMT+7", "2010-04-16"),
        ("samedi 12 août 2023, p. 12", "2023-08-12"),
        ("jeudi 3 mars 2022 567 mots, p. 4", "2022-03-03"),
        ("12 août 2023 - 3 min de lecture", "2023-08-12"),
        ("5/2/21", "2021-02-05"),
        ("1 er août 2023", "2023-08-01"),
        ("Août 2023", "2023-08"),
        ("5 février 2021 à 10h20 | Mis à jour le 6 février 2021 à 9h", "2021-02-05"),
    ],
)
def test_a_line_with_only_a_date_dates_the_article_above_its_text(line: str, date: str) -> None:
    for top in (f"Le titre\n{line}", f"{line}\nLe titre", f"Le titre\n\nPar Jean Dupont\n\n{line}"):
        cleaned = clean(f"{top}\n\nLe corps.")
        assert (cleaned.date, cleaned.title) == (date, "Le titre")
        assert line not in cleaned.text


@pytest.mark.parametrize(
    "text",
    [
        "Le titre\n\nLe corps.\n\n{}\n\nLa suite.",
        "Une première phrase.\n\n{}\n\nLa suite.",
        "Le titre\n\nLe corps.\n\n{}",
        "Le titre\n\n{}\n\nUn sous-titre",
        "Le titre\n\n{}\n\nLe matin.\n\nSamedi 14 novembre\n\nLe soir.",
    ],
)
@pytest.mark.parametrize("line", ["Vendredi 13 novembre 2015", "13/11/2015", "Novembre 2015"])
def test_a_subhead_with_only_a_date_stays_and_dates_nothing(text: str, line: str) -> None:
    text = text.format(line)
    assert (clean(text).text, clean(text).date) == (text, "")


def test_a_line_with_only_a_date_stays_where_another_date_is_known() -> None:
    text = "Le titre\n\nVendredi 13 novembre 2015\n\nLe corps."
    assert clean(text).date == "2015-11-13"
    known = clean(text, date="12 août 2023")
    assert (known.text, known.date) == (text, "2023-08-12")
    stamped = clean(text.replace("Le corps", "Publié le 12 août 2023\n\nLe corps"))
    assert (stamped.text, stamped.date) == (text, "2023-08-12")
    for date in ("2015-11-13", "2015-11", "2015"):
        same = clean(text, date=date)
        assert (same.text, same.date) == ("Le titre\n\nLe corps.", date)


def test_a_town_and_a_date_count_right_under_the_headline() -> None:
    line = "Namur, le 11 octobre 2018"
    under = clean(f"Le titre\n\n{line}\n\nLe corps.")
    assert (under.text, under.date) == ("Le titre\n\nLe corps.", "2018-10-11")
    for text in (f"{line}\n\nLe corps.", f"Le titre\n\nLe corps.\n\n{line}"):
        assert (clean(text).text, clean(text).date) == (text, "")


def test_a_sentence_after_an_agency_and_its_date_stays_whole() -> None:
    text = "Le titre\n\nParis, le 5 mars 2022 (Reuters) – Le ministre a parlé.\n\nFin."
    assert (clean(text).text, clean(text).date) == (text, "2022-03-05")


def test_a_credit_with_a_date_dates_nothing() -> None:
    cleaned = clean("Le titre\n\nCrédit photo : AFP / 12 août 2023\n\nLe corps.")
    assert (cleaned.text, cleaned.date) == ("Le titre\n\nLe corps.", "")


@pytest.mark.parametrize(
    "line",
    [
        "Décès : 12 août 2023",
        "Date limite : 12 août 2023",
        "Procès : le 12 août 2023",
        "Prochain rendez-vous : 12 août 2023",
        "Prochaine publication : 12 août 2023",
        "Publication des résultats : 12 août 2023",
        "Album : paru le 12 août 2023",
        "Attentats de Paris, 13 novembre 2015",
        "Crise du Covid, mars 2020",
        "Guerre en Ukraine, 24 février 2022",
        "Le Monde et la guerre, 24 février 2022",
        "Festival de Cannes, mai 2023",
        "Roland-Garros, juin 2023",
        "Bataclan, vendredi 13 novembre 2015",
        "Wimbledon – 12 juillet 2023",
        "JO de Paris, 26 juillet 2024",
        "PSG, 12 août 2023",
        "ONU : 12 août 2023",
        "Conférence de presse, 12 août 2023",
        "Dimanche matin, 12 août 2023",
        "De Gaulle, 18 juin 1940",
        "Théâtre de la Ville, 12 août 2023, 20h",
        "Stade de France, le 13 novembre 2015",
        "Naissance : 5 mars 1922",
        "Créée le 5 mars 1998",
        "Sortie le 12 août 2023",
        "France 3 – Allemagne 1, 12 août 2023",
        "Entrée en vigueur : 1er janvier 2024",
        "Élections : le 10 avril 2022",
        "Le 14 juillet 1789",
        "13 novembre 2015 – Paris",
    ],
)
def test_free_words_beside_a_date_stay_and_date_nothing(line: str) -> None:
    for text in (
        f"Le titre\n\n{line}\n\nLe corps.\n\nFin.",
        f"Le titre\n\nLe corps.\n\n{line}\n\nFin.",
        f"Le titre\n\nLe corps.\n\n{line}",
    ):
        assert (clean(text).text, clean(text).date) == (text, "")


@pytest.mark.parametrize(
    "line",
    [
        "Publié le 12 mars 2021, le rapport montre que le cinéma résiste.",
        "Le 12 mars 2021 restera dans les mémoires.",
        "Le rapport, publié le 12 mars 2021",
        "selon une étude de l’Insee publiée le 12 mars 2021",
        "Le ministre est arrivé à Hanoï, le 5 février 2021",
        "Du 5 au 12 février 2021",
        "12 mai 2023 - 20 mai 2023",
        "Le festival ouvre le 12 mai 2023",
        "Né à Praia le 5 février 1921",
        "« Le 12 mars 2021 », un film de Jean Dupont",
        "Le Monde change depuis le 5 février 2021",
        "Cinq pays ont signé l’accord du 5 février 2021",
        "5 février 2021 : le jour où tout a changé",
        "12 mars 2021. Une date à retenir.",
    ],
)
def test_a_sentence_with_a_date_stays_and_dates_nothing(line: str) -> None:
    cleaned = clean(f"Le titre\n\n{line}\n\nLe corps.")
    assert line in cleaned.text
    assert cleaned.date == ""


@pytest.mark.parametrize(
    "headline",
    ["Attentat à Paris – 13 novembre 2015", "Beyrouth, 4 août 2020", "4 août 2020 – Reportage"],
)
def test_a_headline_with_a_date_is_no_dateline(headline: str) -> None:
    cleaned = clean(f"{headline}\n\nLe corps.")
    assert (cleaned.title, cleaned.date) == (headline, "")


def test_several_dates_are_a_chronology_or_an_agenda() -> None:
    for lines in (
        ("3 mai 2020", "9 mai 2020"),
        ("Cannes, le 3 mai 2020", "Paris, le 9 mai 2020"),
        ("Le Monde, 3 mai 2020", "Le Monde, 4 mai 2020", "Le Monde, 5 mai 2020", "RFI, 6 mai 2020"),
    ):
        text = "Chronologie\n\n" + "\n\nOuverture.\n\n".join(lines) + "\n\nClôture."
        assert clean(text).text == text
        assert clean(text).date == ""


def test_the_day_of_publication_goes_before_that_of_an_update_wherever_they_stand() -> None:
    text = "Le titre\nMis à jour le 6 février 2021\nPublié le 5 février 2021\n\nLe corps."
    assert clean(text).date == "2021-02-05"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece",
    [
        "1/1/21 ",
        "mai 2021 ",
        "Publié le ",
        "| ",
        "Par Xy ",
        "le ",
        ", ",
        "à 8h ",
        "(",
        "2021 ",
        ">>",
        "(AFP) ",
        "Le Monde ",
        "De la ",
    ],
)
def test_no_hostile_line_holds_reading_up(piece: str) -> None:
    for line in (piece * 20, piece * 10 + "5 mai 2021", "5 mai 2021 " + piece * 10):
        for _ in range(200):
            read_dateline(line[:160])
