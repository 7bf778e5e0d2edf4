"""The French of the desk report. english.py has the same keys."""

from classify.workspace.desk.words import Words, bind

_STEPS = {
    "classify seeds add PATH": "Il n'y a pas encore d'article.",
    "classify labels push": "Label Studio n'a encore aucun article.",
    "classify labels adjudicate": "Des articles attendent un arbitrage.",
    "annotate: Label All Tasks": "Des articles attendent des réponses, dans Label Studio.",
    "classify labels next": "Des articles n'ont pas encore été envoyés.",
    "classify train": "Aucun modèle n'a appris les étiquettes telles qu'elles sont.",
    "classify labels suspects": "Tout est annoté : certaines étiquettes peuvent être fausses.",
}
_UNDEFINED = {
    "no article has answers of two annotators": "aucun article n'a deux réponses",
    "nobody chose it": "personne ne l'a choisie",
    "everybody chose it every time": "tout le monde l'a toujours choisie",
}
_WORDS = {
    "language": "Langue",
    "contents": "Sommaire",
    "title": "Où en est l'annotation",
    "made": "au {time}, d'après le dernier `classify labels pull`",
    "article": "article",
    "answer": "réponse",
    "comment": "commentaire",
    "summary": "Étiquettes convenues pour {done} sur {all}.",
    "no-articles": "Il n'y a pas encore d'article. `classify seeds add PATH` en ajoute.",
    "next": "À faire maintenant",
    "done": "convenus",
    "waiting": "en attente de votes",
    "disputed": "à arbitrer",
    "to-do": "à annoter",
    "states": "Articles par état",
    # progress
    "progress": "Avancement",
    "no-progress": "Personne n'a encore annoté. `classify labels push` envoie les articles à "
    "Label Studio, `classify labels pull` en rapporte les réponses.",
    "undated": "Sans date, et donc absentes ici : {n}.",
    "by-day": "Articles annotés par jour",
    "by-week": "Articles annotés par semaine",
    "by-month": "Articles annotés par mois",
    "by-year": "Articles annotés par an",
    "in-all": "Articles annotés depuis le début",
    "per-day-note": "Réponses de toute l'équipe ; un article que deux personnes annotent compte "
    "deux fois.",
    "in-all-note": "La somme des réponses, de la première à la dernière.",
    "team": "L'équipe",
    "annotator": "annotateur",
    "when": "quand",
    "articles": "articles",
    "seconds": "médiane",
    "per-day": "par jour",
    "skipped": "passés",
    "unsure": "hésitants",
    "last-day": "dernier jour",
    "days-left": "reste",
    "days": "{n} j",
    "nothing-left": "rien",
    "team-note": "Par jour : moyenne des dix derniers jours de travail. Reste : les jours de "
    "travail jusqu'à la fin, si l'équipe continue ainsi.",
    "imported": "Étiquettes venues de fichiers, qui ne sont le travail de personne ici : {files}.",
    "spark": "{total} au total, {most} au plus en une fois",
    # time
    "time": "Temps par article",
    "time-title": "Secondes par article, médiane",
    "time-note": "De l'ouverture d'un article à l'envoi de la réponse. Une page restée ouverte "
    "ne déplace pas la médiane.",
    "by-annotator": "Médiane par annotateur",
    "no-time": "Aucune durée n'est connue. Label Studio les note pendant qu'on annote, et "
    "`classify labels pull` les rapporte.",
    "second": "{n} s",
    # agreement
    "agreement": "Accord entre annotateurs",
    "no-agreement": "Aucune réponse de personnes ne compte encore. `classify labels pull` les "
    "rapporte.",
    "one-annotator": "Une seule personne a annoté : l'accord se mesure à deux. `classify labels "
    "invite` donne les liens d'invitation.",
    "no-overlap": "Aucun article n'a été annoté par deux personnes. Mettez `overlap = 2` dans "
    "labelstudio.toml, puis lancez `classify labels push`.",
    "alpha-note": "Alpha de Krippendorff : 1 est un accord parfait, 0 le hasard. À partir de "
    "0,80 il est fiable ; sous 0,67, relisez la consigne. Entre crochets, l'intervalle à 95 %.",
    "sets": "Ensembles d'étiquettes",
    "sets-note": "alpha (MASI) sur {n} de deux réponses ou plus.",
    "same": "Réponses identiques",
    "same-note": "des paires de réponses choisissent exactement les mêmes catégories.",
    "left-out": "Sans {names}, ajoutées après une partie des réponses.",
    "category": "catégorie",
    "alpha": "alpha",
    "interval": "intervalle",
    "alike": "identiques",
    "chosen": "choisie",
    "differ": "diffèrent",
    "of": "{n} sur {all}",
    "undefined": "indéfini : {why}",
    "undefined-categories": "Alpha indéfini, {why} : {names}.",
    "too-rare": "trop rare",
    "uniform": "{who} a toujours répondu la même chose ({names}) : ces réponses n'apprennent rien.",
    "no-category": "aucune catégorie",
    "pairs": "Deux à deux",
    "pair": "annotateurs",
    "masi": "alpha (MASI)",
    "confusions": "Catégories confondues",
    "confusions-note": "L'un a choisi la première sans la seconde, l'autre la seconde sans la "
    "première.",
    "no-confusions": "Personne n'a pris une catégorie pour une autre.",
    "example": "par exemple",
    "more": "… et {n} de plus : {command}.",
    # disputes
    "disputes": "À arbitrer",
    "no-disputes": "Aucun article n'est disputé. `classify labels status` dit ce qui reste.",
    "disputes-note": "Les votes sont à égalité sur les catégories nommées. `classify labels "
    "adjudicate` les soumet à une personne de plus, `classify labels settle ID` en tranche un.",
    "none": "aucune",
    # notes
    "notes": "Passés, hésitants et commentés",
    "no-notes": "Rien n'a été passé, laissé hésitant ou commenté depuis le dernier `classify "
    "labels pull`.",
    "answer-skipped": "passé",
    "answer-unsure": "hésitant",
    "answer-commented": "commenté",
    # suspects
    "suspects": "Étiquettes douteuses",
    "no-model": "Il n'y a pas encore de modèle pour les contredire. `classify train` en apprend "
    "un.",
    "unchecked": "Elles n'ont pas pu être vérifiées : `classify labels suspects` dit pourquoi.",
    "no-suspects": "Le modèle ne contredit aucune étiquette. `classify labels suspects` vérifie "
    "à nouveau.",
    "suspects-note": "Articles en doute : {n}, dont un modèle qui ne les a pas appris contredit "
    "une étiquette ; les plus douteux d'abord. `classify labels suspects --push` les soumet à "
    "quelqu'un d'autre.",
    "label": "étiquette",
    "labelled": "étiqueté {name}",
    "not-labelled": "sans {name}",
    "model-says": "le modèle : {share}",
    "no-opinion": "aucun modèle ne la connaît",
    "duplicate": "un quasi-double est étiqueté autrement",
    "test": "partie test",
    # saving
    "saving": "Ce que le choix des articles épargne",
    "no-chosen": "Aucun article n'a encore été choisi. `classify labels next` choisit les plus "
    "instructifs.",
    "no-saving": "Choisis jusqu'ici : {n} ; il n'y a pas encore assez d'articles pris au hasard "
    "et annotés pour mesurer ce que cela épargne. `classify labels next` en ajoute.",
    "saved": "Vous avez eu besoin de {n} étiquetés là où l'ordre du hasard en aurait demandé "
    "environ {random} [{low}, {high}].",
    "not-saved": "Aucun gain démontré : pour ce que vous avez avec {n} étiquetés, le hasard en "
    "aurait demandé entre {low} et {high}.",
    "saving-note": "Mesuré sur {n} pris au hasard. Entre crochets, l'intervalle à 95 %.",
    "with-choice": "choisis",
    "by-chance": "au hasard",
}

FRENCH = Words(
    code="fr",
    months=(
        *("janv.", "févr.", "mars", "avril", "mai", "juin"),
        *("juil.", "août", "sept.", "oct.", "nov.", "déc."),
    ),
    steps={command: bind(why.replace("'", "’")) for command, why in _STEPS.items()},
    undefined={text: why.replace("'", "’") for text, why in _UNDEFINED.items()},
    words={key: bind(text.replace("'", "’")) for key, text in _WORDS.items()},
)
