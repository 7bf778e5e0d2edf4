"""The English of the desk report. french.py has the same keys."""

from classify.workspace.desk.words import Words

_STEPS = {
    "classify seeds add PATH": "There is no article yet.",
    "classify labels push": "Label Studio has no article yet.",
    "classify labels adjudicate": "Some articles are disputed.",
    "annotate: Label All Tasks": "Some articles wait for answers, in Label Studio.",
    "classify labels next": "Some articles were not sent yet.",
    "classify train": "No model has learned from the labels as they are.",
    "classify labels suspects": "All is annotated: some labels may be wrong.",
}
_WORDS = {
    "language": "Language",
    "contents": "Contents",
    "title": "How the annotation goes",
    "made": "{time}, as of the last `classify labels pull`",
    "article": "article",
    "answer": "answer",
    "comment": "comment",
    "summary": "Agreed labels for {done} of {all}.",
    "no-articles": "There is no article yet. `classify seeds add PATH` adds some.",
    "next": "What to do now",
    "done": "agreed",
    "waiting": "waiting for votes",
    "disputed": "disputed",
    "to-do": "to do",
    "states": "Articles by state",
    # progress
    "progress": "Progress",
    "no-progress": "Nobody has annotated yet. `classify labels push` sends the articles to Label "
    "Studio, `classify labels pull` fetches the answers.",
    "undated": "Without a date, and so left out here: {n}.",
    "by-day": "Articles annotated by day",
    "by-week": "Articles annotated by week",
    "by-month": "Articles annotated by month",
    "by-year": "Articles annotated by year",
    "in-all": "Articles annotated since the beginning",
    "per-day-note": "Answers of the whole team; an article that two people annotate counts twice.",
    "in-all-note": "All answers, from the first to the last.",
    "team": "The team",
    "annotator": "annotator",
    "when": "when",
    "articles": "articles",
    "seconds": "median",
    "per-day": "a day",
    "skipped": "skipped",
    "unsure": "unsure",
    "last-day": "last day",
    "days-left": "left",
    "days": "{n} d",
    "nothing-left": "nothing",
    "team-note": "A day: the mean of the latest ten days of work. Left: days of work until the "
    "end, if the team goes on like this.",
    "imported": "Labels from files, which are nobody's work here: {files}.",
    "spark": "{total} in all, {most} at most at a time",
    # time
    "time": "Time an article",
    "time-title": "Seconds an article, median",
    "time-note": "From the opening of an article until the answer is sent. A page left open does "
    "not move the median.",
    "by-annotator": "Median by annotator",
    "no-time": "No duration is known. Label Studio records them while people annotate, and "
    "`classify labels pull` fetches them.",
    "second": "{n} s",
    # agreement
    "agreement": "Agreement",
    "no-agreement": "No answer of people counts yet. `classify labels pull` fetches them.",
    "one-annotator": "One person alone has annotated: agreement takes two. `classify labels "
    "invite` prints the links to join.",
    "no-overlap": "No article was annotated by two people. Set `overlap = 2` in "
    "labelstudio.toml, then run `classify labels push`.",
    "alpha-note": "Krippendorff's alpha: 1 is perfect agreement, 0 chance. From .80 on it is "
    "reliable; below .67 look at the guideline. In brackets, the 95% interval.",
    "sets": "Label sets",
    "sets-note": "alpha (MASI) on {n} with two answers or more.",
    "same": "Identical answers",
    "same-note": "of pairs of answers choose exactly the same categories.",
    "left-out": "Without {names}, added after some of the answers.",
    "category": "category",
    "alpha": "alpha",
    "interval": "interval",
    "alike": "alike",
    "chosen": "chosen",
    "differ": "differ",
    "of": "{n} of {all}",
    "undefined": "undefined: {why}",
    "undefined-categories": "Alpha undefined, {why}: {names}.",
    "too-rare": "too rare",
    "uniform": "{who} gave the same answer every time ({names}): such answers tell nothing.",
    "no-category": "no category",
    "pairs": "Two by two",
    "pair": "annotators",
    "masi": "alpha (MASI)",
    "confusions": "Confused categories",
    "confusions-note": "One chose the first without the second, another the second without the "
    "first.",
    "no-confusions": "Nobody took one category for another.",
    "example": "such as",
    "more": "… and {n} more: {command}.",
    # disputes
    "disputes": "Disputed",
    "no-disputes": "No article is disputed. `classify labels status` says what is left.",
    "disputes-note": "The votes are even on the categories named. `classify labels adjudicate` "
    "asks one more person, `classify labels settle ID` settles one article.",
    "none": "none",
    # notes
    "notes": "Skipped, unsure and commented",
    "no-notes": "Nothing was skipped, left unsure or commented as of the last `classify labels "
    "pull`.",
    "answer-skipped": "skipped",
    "answer-unsure": "unsure",
    "answer-commented": "commented",
    # suspects
    "suspects": "Labels in doubt",
    "no-model": "There is no model yet to contradict them. `classify train` makes one.",
    "unchecked": "They could not be checked: `classify labels suspects` says why.",
    "no-suspects": "The model contradicts no label. `classify labels suspects` checks again.",
    "suspects-note": "Articles in doubt: {n}, of which a model that did not learn from them "
    "contradicts a label; the most doubtful first. `classify labels suspects --push` shows them "
    "to somebody else.",
    "label": "label",
    "labelled": "labelled {name}",
    "not-labelled": "not {name}",
    "model-says": "the model: {share}",
    "no-opinion": "no model knows it",
    "duplicate": "a near-duplicate is labelled otherwise",
    "test": "test part",
    # saving
    "saving": "What choosing articles saves",
    "no-chosen": "No article was chosen yet. `classify labels next` chooses the most instructive.",
    "no-saving": "Chosen so far: {n}; too few random ones are annotated yet to measure what that "
    "saves. `classify labels next` adds some.",
    "saved": "You needed {n} with labels where random order would have needed about {random} "
    "[{low}, {high}].",
    "not-saved": "No gain shown: for what you have with {n}, random order would have needed "
    "{low} to {high}.",
    "saving-note": "Measured on {n} taken at random. In brackets, the 95% interval.",
    "with-choice": "chosen",
    "by-chance": "random",
}

ENGLISH = Words(
    code="en",
    months=(
        *("Jan", "Feb", "Mar", "Apr", "May", "June"),
        *("July", "Aug", "Sept", "Oct", "Nov", "Dec"),
    ),
    steps=_STEPS,
    undefined={},
    words=_WORDS,
)
