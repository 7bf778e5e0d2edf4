// The state of the page.

export const state = {
  categories: new Map(), // by id
  choice: "multiple",
  categoriesRun: null, // the name of the run whose categories these are
  run: null, // the facts of the current run
  answers: [],
  rejected: [], // records of a file that could not be read
  fileName: "", // of the file the answers belong to
  index: 0, // of the answer that is shown
  category: null, // the one whose words are marked
  showAll: false, // all categories, not only the most probable ones
  error: null,
  sentText: "", // what of the text field was sent, or came from a file
  call: null, // the AbortController of the present request
  retry: null, // what "try again" does
  readColumns: null, // sends the latest file again, its text in other columns
};

export const currentAnswer = () => state.answers[state.index];
export const ranked = (answer) => Object.entries(answer.probabilities).sort((a, b) => b[1] - a[1]);

export function showAnswer(index) {
  state.index = index;
  state.showAll = false;
  const answer = currentAnswer();
  state.category = answer.categories[0] ?? ranked(answer)[0]?.[0] ?? null;
}
