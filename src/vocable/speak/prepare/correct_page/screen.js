// Starts the page: buttons and keys.

const $ = (id) => document.getElementById(id);
const work = new Work(SET.snippets);
const player = new Player($("audio"), {
  onChange: () => editor.n !== null && editor.showPosition(),
  onTrouble: () => editor.n !== null && trouble(
    `This page cannot play ${editor.snippet.file}: the folder “audio” is not beside it, or lacks the file.`),
  onRefused: () => say("Click on Play once: your browser plays nothing before that."),
});
const editor = new Editor(work, player);

function trouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = false;
}

function say(text) {
  $("said").textContent = text;
}

function next() {
  const n = editor.n;
  work.change(n, { done: true, text: plain(work.states[n].text) });
  editor.show();
  changed(n);
  if (move(1)) return say("");
  player.audio.pause();
  say(counts.done === counts.all ? "All are done: save them." : "This was the last one here.");
}

function drop() {
  const n = editor.n, dropped = !work.states[n].dropped;
  const text = plain(work.states[n].text) || work.snippets[n].text;
  work.change(n, dropped ? { dropped, done: true } : { dropped, text, done: false });
  editor.show();
  changed(n);
  say(dropped ? "Dropped" : "Kept");
}

function nextUnsure() {
  if (editor.chooseNext()) return;
  const after = shown.filter((n) => n > editor.n && !work.states[n].done);
  const n = after.find(hasUnsure);
  if (n === undefined) return say("No unsure word is left after this one.");
  go(n, { play: false });
  editor.chooseNext();
}

// Goes to where it was, and sets the cursor behind what has changed.
function step(taken) {
  if (!taken) return say("There is nothing to undo.");
  const { n, from, to } = taken;
  go(n, { play: false });
  editor.show();
  recount(n);
  changed(n);
  let end = 0;
  while (end < from.text.length && end < to.text.length && from.text.at(-1 - end) === to.text.at(-1 - end)) end++;
  $("text").setSelectionRange(to.text.length - end, to.text.length - end);
}

function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([work.table()], { type: "text/tab-separated-values" }));
  link.download = "corrections.tsv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  $("command").textContent = SET.command;
  $("saved").hidden = false;
  say("");
}

$("play").onclick = () => player.toggle();
$("again").onclick = () => player.again();
$("drop").onclick = drop;
$("undo").onclick = () => step(work.undo());
$("done").onclick = next;
$("save").onclick = save;
$("close").onclick = () => { $("saved").hidden = true; $("text").focus(); };
$("speed").onchange = () => {
  player.audio.defaultPlaybackRate = player.audio.playbackRate = Number($("speed").value);
};
for (const input of document.querySelectorAll("#filter input")) {
  input.onchange = () => filter(input.value);
}

// Keys

const WITH_ALT = {
  R: () => player.again(),
  U: nextUnsure,
  X: drop,
  ARROWDOWN: () => move(1) || say("This is the last one here."),
  ARROWUP: () => move(-1) || say("This is the first one here."),
};

// The letter of a key also where it writes another one: with Option, in Cyrillic, in Hebrew.
function letterOf(event) {
  return (/^[ -~]+$/.test(event.key) && event.key !== "Dead" ? event.key : event.code.replace("Key", "")).toUpperCase();
}

function actionOf(event) {
  const control = event.ctrlKey || event.metaKey, letter = letterOf(event);
  if (control && !event.altKey && letter === "S") return save;
  if (editor.n === null) return;
  if (control && !event.altKey && letter === "Z") return () => step(event.shiftKey ? work.redo() : work.undo());
  if (control && !event.altKey && letter === "Y") return () => step(work.redo());
  if (event.altKey && !control) return WITH_ALT[letter];
  if (event.key === "Escape") return () => player.toggle();
  if (event.key === "Enter" && event.target === $("text")) return next;
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return; // a word is being put together
  const action = actionOf(event);
  if (!action) return;
  event.preventDefault();
  if (!event.repeat || event.key.startsWith("Arrow") || /^[zy]$/i.test(event.key)) action();
});

const apple = /Mac|iP(hone|ad)/.test(navigator.platform);
for (const [name, key] of [["alt", apple ? "⌥" : "Alt "], ["ctrl", apple ? "⌘" : "Ctrl "]]) {
  for (const each of document.querySelectorAll(`kbd[data-${name}]`)) each.prepend(key);
}

document.title = `${SET.name}: correct by ear`;
document.querySelector("h1").textContent = SET.name;
$("text").lang = SET.language;
$("list").lang = SET.language;
makeRows();
rows.forEach((_, n) => recount(n));
count();
shown = rows.map((_, n) => n);
$("none").hidden = shown.length > 0;
if (shown.length) go(Math.max(0, work.states.findIndex((state) => !state.done)), { play: false });
