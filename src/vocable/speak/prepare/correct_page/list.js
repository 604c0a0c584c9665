// The list of snippets: a row for each, which the browser lays out when it comes into sight.

const KINDS = {
  all: () => true,
  unsure: (n) => hasUnsure(n),
  changed: (n) => work.isChanged(n),
  dropped: (n) => work.isDropped(n),
};
const rows = []; // elements
let shown = []; // numbers of the snippets that the filter lets through

function hasUnsure(n) {
  const { words, text } = work.snippets[n], state = work.states[n];
  if (work.isDropped(n) || !words.some((word) => word[3])) return false;
  if (state.text === text) return true;
  return placesOf(words, state.text).some((place, w) => place && words[w][3]);
}

function makeRows() {
  const pattern = $("row").content.firstElementChild;
  for (let n = 0; n < work.snippets.length; n++) {
    const row = pattern.cloneNode(true);
    row.querySelector(".play").onclick = (event) => { event.stopPropagation(); go(n); };
    row.onclick = () => { if (n !== editor.n) go(n, { play: false }); };
    rows.push(row);
    showRow(n);
  }
  $("list").append(...rows);
}

function showRow(n) {
  const { words, file } = work.snippets[n], { text, done } = work.states[n], row = rows[n];
  const sure = done || !words.some((word) => word[3]);
  const place = row.querySelector(".text");
  if (sure) place.textContent = text;
  else marked(place, words, placesOf(words, text), text);
  row.querySelector(".play").setAttribute("aria-label", `Play ${n + 1}: ${text || file}`);
  row.classList.toggle("is-done", done);
  row.classList.toggle("is-changed", work.isChanged(n));
  row.classList.toggle("is-dropped", work.isDropped(n));
}

function changed(n) {
  showRow(n);
  count();
}

const counts = { all: 0, unsure: 0, changed: 0, dropped: 0, done: 0 };
const counted = []; // by snippet: what it has been counted for

// Counts again what one snippet adds, or all of them.
function recount(n) {
  for (const kind of counted[n] ?? []) counts[kind]--;
  counted[n] = Object.keys(KINDS).filter((kind) => KINDS[kind](n));
  if (work.states[n].done) counted[n].push("done");
  for (const kind of counted[n]) counts[kind]++;
}

function count() {
  if (editor.n !== null) recount(editor.n);
  for (const kind of Object.keys(KINDS)) {
    const input = document.querySelector(`#filter [value=${kind}]`);
    input.nextElementSibling.querySelector("b").textContent = counts[kind].toLocaleString("en");
  }
  const left = counts.all - counts.done;
  const say = (number, what) => `${number.toLocaleString("en")} ${what}`;
  $("counts").textContent = [
    say(counts.done, "done"), say(left, "left"), say(counts.changed, "changed"),
  ].join("  ·  ");
  $("progress").max = counts.all || 1;
  $("progress").value = counts.done;
  if (!work.kept) {
    trouble("This browser keeps nothing of this page: save before you close or reload it.");
  }
}

// What is shown is chosen here and then stays, so that nothing vanishes while it is being corrected.
function filter(kind) {
  shown = rows.map((_, n) => n).filter(KINDS[kind]);
  const visible = new Set(shown);
  rows.forEach((row, n) => { row.hidden = !visible.has(n); });
  $("none").hidden = shown.length > 0;
  if (!shown.length) return close();
  const next = shown.find((n) => n >= (editor.n ?? 0)) ?? shown[0];
  go(next, { play: false, focus: false });
}

function close() {
  player.audio.pause();
  $("editor").hidden = true;
  document.body.append($("editor"));
  if (editor.n !== null) rows[editor.n].removeAttribute("aria-current");
  editor.n = null;
}

// Opens a snippet in its row, in the middle of the window: eyes stay where they are.
function go(n, { play = true, focus = true } = {}) {
  if (n !== editor.n) {
    const before = editor.n;
    if (before !== null) rows[before].removeAttribute("aria-current");
    rows[n].hidden = false;
    rows[n].setAttribute("aria-current", "true");
    rows[n].append($("editor"));
    $("editor").hidden = false;
    $("trouble").hidden = work.kept;
    editor.open(n);
    $("text").setSelectionRange(0, 0);
  }
  if (focus && !matchMedia("(pointer: coarse)").matches) $("text").focus({ preventScroll: true });
  rows[n].scrollIntoView({ block: "center" });
  if (play) player.play();
}

// Goes by steps in what is shown; false at its ends.
function move(step, how) {
  const here = shown.indexOf(editor.n);
  const next = here < 0 ? shown.find((n) => n > editor.n) : shown[here + step];
  if (next === undefined) return false;
  go(next, how);
  return true;
}
