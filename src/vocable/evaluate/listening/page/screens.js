// The screens in order: welcome and volume, a trial for practice, the trials, the answers.

const HEARD = 1; // seconds of a version that have to be heard before it is rated
const SHORTEST = 0.5; // seconds of a part that is repeated (BS.1534-3)
const LETTERS = "ABCDEFGHIJKL";
const WORDS = ["bad", "poor", "fair", "good", "excellent"];

const $ = (id) => document.getElementById(id);
const answers = new Answers();
const player = new Player(heard);
let rows = {}; // of the trial that is shown: by stimulus, {letter, button, slider, output}

function show(name) {
  for (const section of document.querySelectorAll("section")) section.hidden = section.id !== name;
  document.querySelector(`#${name} h1`).focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function showPage() {
  if (answers.page < 0) showWelcome();
  else if (answers.page <= TEST.trials.length) showTrial(answers.trial);
  else showAnswers();
}

function trouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = false;
}

// Welcome

function showWelcome() {
  player.choose(TEST.practice);
  const versions = TEST.practice.stimuli.length;
  const pages = TEST.trials.length === 1 ? "is one page" : `are ${TEST.trials.length} pages`;
  const minutes = Math.ceil((TEST.trials.length + 1) * versions * 20 / 60);
  $("size").textContent =
    `There ${pages} with ${versions} versions each; allow about ${minutes} minutes.`;
  $("begin-hint").textContent = "";
  $("set").checked = false;
  press($("volume"), false);
  $("volume").textContent = "Play";
  show("welcome");
}

$("volume").onclick = () => {
  const plays = $("volume").getAttribute("aria-pressed") === "true";
  press($("volume"), !plays);
  $("volume").textContent = plays ? "Play" : "Stop";
  if (plays) player.stop();
  else playOrSay(TEST.practice.reference);
  $("volume").dataset.played = "yes";
};

$("begin").onclick = () => {
  if (!$("volume").dataset.played) $("begin-hint").textContent = "Play the sound first.";
  else if (!$("set").checked) $("begin-hint").textContent = "Say that you hear it well.";
  else turnTo(0);
};

// Trials

function turnTo(page) {
  player.stop();
  answers.page = page;
  answers.save();
  showPage();
}

function showTrial(trial) {
  player.choose(trial);
  const practice = answers.page === 0;
  $("progress").textContent = practice
    ? "Before it begins" : `Page ${answers.page} of ${TEST.trials.length}`;
  $("title").textContent = practice
    ? "Practice: these scores do not count" : "How good is each version?";
  $("next").textContent = practice
    ? "Begin the test" : answers.page === TEST.trials.length ? "Finish" : "Next page";
  $("comment").value = answers.comments[trial.id] ?? "";
  $("remarks").hidden = practice;
  $("remarks").open = $("comment").value !== "";
  $("repeat").open = false;
  for (const end of ["from", "to"]) $(end).max = trial.seconds;
  showPart([0, trial.seconds]);
  rows = {};
  $("rows").replaceChildren(...answers.stimuliOf(trial).map((id, n) => row(trial, id, LETTERS[n])));
  showPressed(null);
  $("hint").textContent = "";
  show("trial");
}

function row(trial, id, letter) {
  const item = document.createElement("li");
  item.innerHTML =
    `<button class="play" aria-pressed="false" aria-label="Play ${letter}"
      aria-keyshortcuts="${letter.toLowerCase()}">${letter}</button>
    <input type="range" min="0" max="100" step="1" aria-label="Quality of ${letter}">
    <output aria-live="off"></output>`;
  const [button, slider, output] = item.children;
  rows[id] = { letter, button, slider, output };
  button.onclick = () => listen(id);
  // A click or a key on the place where the slider stands already is a rating too.
  for (const kind of ["input", "pointerup", "keyup"]) {
    slider.addEventListener(kind, (event) => {
      if (kind === "keyup" && !/^(Arrow|Page|Home|End)/.test(event.key)) return;
      if (slider.disabled) return;
      answers.ratingOf(trial, id).score = Number(slider.value);
      answers.save();
      showRating(trial, id);
    });
  }
  slider.value = answers.ratingOf(trial, id).score ?? 0;
  showRating(trial, id);
  return item;
}

function showRating(trial, id) {
  const { score, seconds } = answers.ratingOf(trial, id);
  const { letter, slider, output } = rows[id];
  slider.disabled = seconds < HEARD;
  slider.classList.toggle("rated", score !== null);
  const said = score === null ? "not rated yet" : `${score}, ${WORDS[Math.min(4, Math.floor(score / 20))]}`;
  slider.setAttribute("aria-valuetext", slider.disabled ? `play ${letter} first` : said);
  output.textContent = score ?? "–";
  if ($("hint").textContent) $("hint").textContent = missing();
}

function listen(id) {
  const rating = rows[id] && answers.ratingOf(answers.trial, id);
  if (rating && player.running?.heard !== id) rating.plays += 1;
  playOrSay(id);
  showPressed(id);
}

function playOrSay(id) {
  if (answers.kept) $("trouble").hidden = true;
  player.play(id).catch((error) => {
    showPressed(null);
    press($("volume"), false);
    trouble(`This sound cannot be played: ${error.message}. Say so to whoever gave you this test.`);
  });
}

function heard(id, seconds) {
  if (!rows[id]) return;
  const rating = answers.ratingOf(answers.trial, id);
  const before = rating.seconds;
  rating.seconds += seconds;
  if (before < HEARD && rating.seconds >= HEARD) {
    answers.save();
    showRating(answers.trial, id);
  }
}

function press(button, pressed) {
  button.setAttribute("aria-pressed", pressed);
}

function showPressed(id) {
  press($("reference"), id !== null && !rows[id]);
  for (const [each, { button }] of Object.entries(rows)) press(button, each === id);
}

function stop() {
  player.stop();
  showPressed(null);
  answers.save();
}

$("reference").onclick = () => listen(answers.trial.reference);
$("stop").onclick = stop;
$("comment").oninput = () => {
  answers.comments[answers.trial.id] = $("comment").value;
  answers.save();
};

// What has to be done before the next page; empty once it is.
function missing() {
  const all = Object.keys(rows).map((id) => ({ ...rows[id], ...answers.ratingOf(answers.trial, id) }));
  const names = (some) => some.map((each) => each.letter).join(", ");
  const unheard = all.filter((each) => each.seconds < HEARD);
  const unrated = all.filter((each) => each.score === null);
  if (unheard.length) return `Still to play: ${names(unheard)}.`;
  return unrated.length ? `Still to rate: ${names(unrated)}.` : "";
}

$("next").onclick = () => {
  $("hint").textContent = missing();
  if (!missing()) turnTo(answers.page + 1);
};

// The part that is repeated

function showPart([from, to]) {
  const seconds = player.trial.seconds;
  for (const [end, value] of [["from", from], ["to", to]]) {
    $(end).value = value;
    $(`${end}-said`).textContent = `${value.toFixed(1)} s`;
    $(end).setAttribute("aria-valuetext", `${value.toFixed(1)} seconds`);
  }
  $("part").style.left = `${(100 * from) / seconds}%`;
  $("part").style.right = `${100 - (100 * to) / seconds}%`;
}

function choosePart(from, to) {
  showPart([from, to]);
  player.repeat([from, to]);
}

$("from").oninput = () => {
  const from = Math.min(Number($("from").value), player.part[1] - SHORTEST);
  choosePart(from, player.part[1]);
};
$("to").oninput = () => {
  const to = Math.max(Number($("to").value), player.part[0] + SHORTEST);
  choosePart(player.part[0], Math.min(to, player.trial.seconds));
};
$("whole").onclick = () => choosePart(0, player.trial.seconds);

(function showPosition() {
  const position = player.position();
  $("position").hidden = position === null;
  if (position !== null) $("position").style.left = `${(100 * position) / player.trial.seconds}%`;
  requestAnimationFrame(showPosition);
})();

// Keys

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "TEXTAREA") return;
  if ($("trial").hidden || event.repeat) return;
  const key = event.key.toUpperCase();
  const id = Object.keys(rows).find((each) => rows[each].letter === key);
  if (id) listen(id);
  else if (key === "R") listen(answers.trial.reference);
  else if (key === "S") stop();
});

// Answers

function showAnswers() {
  $("text").value = answers.lines();
  show("done");
}

$("download").onclick = () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([answers.lines()], { type: "application/x-ndjson" }));
  link.download = `listening-${TEST.test}-${answers.listener}.jsonl`;
  link.click();
};

for (const button of document.querySelectorAll(".again")) {
  button.onclick = () => {
    if (!confirm("All answers in this browser are forgotten then. Go on?")) return;
    player.stop();
    answers.startOver();
    showPage();
  };
}

window.addEventListener("pagehide", () => answers.save());
if (!answers.kept) {
  trouble("This browser keeps nothing of this page: do not close or reload it before the end.");
}
showPage();
