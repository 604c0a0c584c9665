// Plays one snippet at a time.

const BACK = 2; // seconds
const LEAD = 0.25; // seconds that are played before a word
const LAST = 4 * 4096; // samples: Chromium 156 fails on a place in the last three blocks of a FLAC

class Player {
  // onChange: called whenever what it shows may have changed; onTrouble, onRefused: it cannot play.
  constructor(audio, { onChange, onTrouble, onRefused }) {
    this.audio = audio;
    this.onRefused = onRefused;
    this.snippet = null;
    this.wanted = null; // where to go once the file is there; Chromium fails before
    audio.addEventListener("loadeddata", () => this.wanted !== null && this.seek(this.wanted));
    for (const kind of ["play", "pause", "seeked", "ended", "durationchange"]) {
      audio.addEventListener(kind, onChange);
    }
    audio.addEventListener("play", () => this.follow(onChange));
    audio.addEventListener("error", () => {
      // Where it began to play and failed on the way, it can play again from the start.
      if (audio.error.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED) onTrouble();
      else audio.load();
    });
  }

  follow(onChange) {
    onChange();
    if (!this.audio.paused) requestAnimationFrame(() => this.follow(onChange));
  }

  choose(snippet) {
    this.snippet = snippet;
    this.wanted = null;
    this.audio.src = snippet.file.split("/").map(encodeURIComponent).join("/");
  }

  get length() {
    return this.audio.duration || this.snippet.end - this.snippet.begin;
  }

  play() {
    // Browsers play nothing before a first click or key, and Escape does not count. Other reasons
    // are told by `error`, or mean that the next snippet was chosen meanwhile.
    this.audio.play().catch((error) => error.name === "NotAllowedError" && this.onRefused());
  }

  toggle() {
    if (this.audio.paused) this.play();
    else this.audio.pause();
  }

  seek(seconds) {
    const there = this.audio.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    this.wanted = there ? null : seconds;
    const last = this.length - LAST / this.snippet.rate;
    if (there) this.audio.currentTime = Math.max(0, Math.min(seconds, last));
  }

  playFrom(seconds) {
    this.seek(seconds);
    this.play();
  }

  again() {
    this.playFrom(this.audio.currentTime - BACK);
  }
}
