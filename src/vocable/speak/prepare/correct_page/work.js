// What has been done to each snippet, kept in the browser so that a reload loses nothing.

const TYPING = 1500; // milliseconds: what is typed without a longer pause is undone at once

// A text as a file can hold it: on one line.
const plain = (text) => text.replace(/\s+/gu, " ").trim();

class Work {
  constructor(snippets) {
    this.snippets = snippets;
    this.kept = true; // whether this browser keeps it
    this.past = []; // {n, before, after, typed, time}
    this.future = [];
    this.states = snippets.map((snippet) => this.read(snippet));
  }

  // text: as it stands in the field; dropped, done: whether it is
  fresh(snippet) {
    return { text: snippet.text, dropped: snippet.dropped, done: snippet.dropped };
  }

  read(snippet) {
    const state = this.fresh(snippet);
    try {
      const found = JSON.parse(localStorage.getItem(this.keptAs(snippet))) ?? {};
      for (const name of Object.keys(state)) {
        if (typeof found[name] === typeof state[name]) state[name] = found[name];
      }
    } catch {
      this.kept = false;
    }
    return state;
  }

  // Only what differs from the prepared set is kept.
  write(n) {
    const snippet = this.snippets[n], fresh = this.fresh(snippet), state = this.states[n];
    const names = Object.keys(fresh).filter((name) => fresh[name] !== state[name]);
    try {
      if (names.length) {
        const changes = Object.fromEntries(names.map((name) => [name, state[name]]));
        localStorage.setItem(this.keptAs(snippet), JSON.stringify(changes));
      } else localStorage.removeItem(this.keptAs(snippet));
      this.kept = true;
    } catch {
      this.kept = false;
    }
  }

  keptAs(snippet) {
    return `vocable-correct-${snippet.key}`;
  }

  change(n, changes, typed = false) {
    const before = this.states[n], after = { ...before, ...changes };
    if (Object.keys(after).every((name) => after[name] === before[name])) return;
    const last = this.past.at(-1), time = Date.now();
    if (typed && last?.typed && last.n === n && time - last.time < TYPING && !this.future.length) {
      Object.assign(last, { after, time });
    } else this.past.push({ n, before, after, typed, time });
    this.future = [];
    this.put(n, after);
  }

  put(n, state) {
    this.states[n] = state;
    this.write(n);
  }

  // Both return the step that they took, or undefined.
  undo() {
    const step = this.past.pop();
    if (!step) return;
    this.future.push(step);
    this.put(step.n, step.before);
    return { n: step.n, from: step.after, to: step.before };
  }

  redo() {
    const step = this.future.pop();
    if (!step) return;
    this.past.push({ ...step, typed: false });
    this.put(step.n, step.after);
    return { n: step.n, from: step.before, to: step.after };
  }

  isDropped(n) {
    return this.states[n].dropped || plain(this.states[n].text) === "";
  }

  // Whether its text is another one; a snippet that was dropped has none.
  isChanged(n) {
    const fresh = this.snippets[n];
    return !this.isDropped(n) && (fresh.dropped || plain(this.states[n].text) !== fresh.text);
  }

  // A line for each snippet, as `vocable speak correct` reads it. A field that begins with a quote
  // is written as spreadsheets do; anywhere else a quote is a letter like any other.
  table() {
    const field = (text) => (text.startsWith('"') ? `"${text.replaceAll('"', '""')}"` : text);
    const lines = this.snippets.map((snippet, n) =>
      `${field(snippet.file)}\t${field(this.isDropped(n) ? "" : plain(this.states[n].text))}\n`);
    return "file\ttext\n" + lines.join("");
  }
}
