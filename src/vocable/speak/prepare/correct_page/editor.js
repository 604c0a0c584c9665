// The snippet that is open: its player, its text with marks under unsure words, what to do with it.

const clock = (seconds) => {
  const whole = Math.floor(seconds), two = (n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
};

class Editor {
  constructor(work, player) {
    this.work = work;
    this.player = player;
    this.n = null; // number of the open snippet, from 0
    this.places = []; // of its heard words in the text
    this.spans = []; // of its heard words in the mirror
    $("text").oninput = () => this.typed();
    $("seek").oninput = () => player.seek(Number($("seek").value));
  }

  get snippet() {
    return this.work.snippets[this.n];
  }

  open(n) {
    this.n = n;
    const { source, begin, end } = this.snippet;
    this.player.choose(this.snippet);
    $("number").textContent = `${n + 1} of ${this.work.snippets.length}`;
    $("source").textContent = source;
    $("part").textContent = `at ${clock(begin)}, ${(end - begin).toFixed(1)} s`;
    this.show();
  }

  // Line breaks cannot stand in a file of texts: what is pasted comes on one line.
  typed() {
    const field = $("text");
    if (/[\n\r\t\u2028\u2029]/.test(field.value)) {
      const at = field.selectionStart;
      field.value = field.value.replace(/[\n\r\t\u2028\u2029]/g, " ");
      field.setSelectionRange(at, at);
    }
    this.work.change(this.n, { text: field.value }, true);
    this.mark();
    changed(this.n);
  }

  show() {
    const { text, dropped } = this.work.states[this.n];
    if ($("text").value !== text) $("text").value = text;
    $("text").readOnly = dropped;
    this.mark();
  }

  mark() {
    const { text, dropped } = this.work.states[this.n];
    const out = this.work.isDropped(this.n);
    this.places = placesOf(this.snippet.words, text);
    this.spans = marked($("mirror"), this.snippet.words, this.places, text);
    $("mirror").append("\u200b"); // keeps its height where there is no text
    $("editor").classList.toggle("dropped", out);
    $("drop").textContent = dropped ? "Keep" : "Drop";
    $("undo").disabled = !this.work.past.length;
    $("hint").textContent = dropped ? "Dropped: the set goes without this snippet."
      : out ? "A snippet without text is dropped." : "";
    this.offer(out ? [] : this.unsure());
  }

  // Numbers of the unsure words that are still there.
  unsure() {
    return [...this.places.keys()].filter((w) => this.places[w] && this.snippet.words[w][3]);
  }

  offer(words) {
    const buttons = words.map((w) => {
      const button = document.createElement("button");
      button.textContent = $("text").value.slice(...this.places[w]);
      button.dir = "auto";
      button.onclick = () => this.choose(w);
      return button;
    });
    $("words").replaceChildren(...buttons);
    $("unsure").hidden = !buttons.length;
  }

  // Selects an unsure word and plays from it.
  choose(w) {
    const [from, to] = this.places[w];
    $("text").focus({ preventScroll: true });
    $("text").setSelectionRange(from, to);
    this.player.playFrom(this.snippet.words[w][0] - LEAD);
  }

  // Goes to the unsure word after the cursor; false where there is none.
  chooseNext() {
    const after = document.activeElement === $("text") ? $("text").selectionEnd : -1;
    const next = this.unsure().find((w) => this.places[w][0] >= after);
    if (next === undefined) return false;
    this.choose(next);
    return true;
  }

  showPosition() {
    const { audio, length } = this.player, now = audio.currentTime;
    $("editor").classList.toggle("plays", !audio.paused);
    $("play").setAttribute("aria-label", audio.paused ? "Play" : "Pause");
    $("seek").max = length;
    $("seek").value = now;
    $("seek").setAttribute("aria-valuetext", `${now.toFixed(1)} of ${length.toFixed(1)} seconds`);
    $("at").textContent = `${now.toFixed(1)} / ${length.toFixed(1)} s`;
    this.spans.forEach((span, w) => {
      const [begin, end] = this.snippet.words[w];
      span?.classList.toggle("now", !audio.paused && begin <= now && now < end);
    });
  }
}

// Fills an element with a text whose unsure words are marked; returns the spans of the words.
function marked(element, words, places, text) {
  const spans = [], parts = [];
  let at = 0;
  words.forEach((word, w) => {
    if (!places[w]) return spans.push(null);
    const [from, to] = places[w];
    const span = document.createElement("span");
    span.textContent = text.slice(from, to);
    if (word[3]) span.className = "unsure";
    parts.push(text.slice(at, from), span);
    spans.push(span);
    at = to;
  });
  element.replaceChildren(...parts, text.slice(at));
  return spans;
}
