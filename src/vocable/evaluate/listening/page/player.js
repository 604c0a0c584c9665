// Plays the sounds of one trial: all of them run together, and gains choose which is heard, so that
// a switch keeps the place to the sample and has neither gap nor click.

const FADE = 0.005; // seconds, at both ends of what is repeated (BS.1534-3)
const SWITCH = 0.004; // seconds: time constant of the cross-fade between two versions
const PATIENCE = 3000; // milliseconds
const AHEAD = 0.05; // seconds until a start, so that no source is late for it

// Sounds come in script files that call this: a page opened from a disk may not fetch anything.
const arrivals = {};
function receive(trial, sounds) {
  arrivals[trial](sounds);
  delete arrivals[trial];
}

function fetchSounds(trial) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    arrivals[trial] = resolve;
    script.onload = () => script.remove();
    script.onerror = () => reject(new Error("the folder “sounds” is not beside this page"));
    script.src = `sounds/${trial}.js`;
    document.head.append(script);
  });
}

class Player {
  constructor(onTick) {
    this.onTick = onTick; // called with (id, seconds heard since the last call)
    this.context = null;
    this.trial = null;
    this.buffers = null; // a promise of id -> AudioBuffer, at the device's rate
    this.running = null; // {gains, sources, heard, began, counted}
    this.wanted = null; // what was asked for last, and may not have started yet
  }

  // Browsers let no page make a sound before a press of a button: this runs in one.
  async open() {
    this.context ??= new (window.AudioContext || window.webkitAudioContext)();
    if (this.context.state === "running") return;
    // Firefox waits for ever where there is nothing to play on.
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    await Promise.race([this.context.resume(), late]);
    if (this.context.state !== "running") throw new Error("there is nothing to play it on");
  }

  choose(trial) {
    this.stop();
    if (this.trial !== trial) this.buffers = null;
    this.trial = trial;
    this.part = [0, trial.seconds];
  }

  // Whoever presses twice while sounds are loading hears what was pressed last.
  async play(id) {
    const trial = this.trial;
    this.wanted = id;
    await this.open();
    this.buffers ??= this.decode(trial);
    const buffers = await this.buffers.catch((error) => {
      this.buffers = null; // the next press tries again
      throw error;
    });
    if (this.trial !== trial || this.wanted !== id) return;
    if (this.running) this.switchTo(id);
    else this.start(buffers, id);
  }

  async decode(trial) {
    const found = {};
    for (const [id, text] of Object.entries(await fetchSounds(trial.id))) {
      const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      found[id] = await new Promise((resolve, reject) =>
        this.context.decodeAudioData(bytes.buffer, resolve, reject));
    }
    return found;
  }

  start(buffers, id) {
    const began = this.context.currentTime + AHEAD;
    const gains = {};
    const sources = [];
    for (const [each, buffer] of Object.entries(buffers)) {
      const source = this.context.createBufferSource();
      gains[each] = this.context.createGain();
      gains[each].gain.value = each === id ? 1 : 0;
      source.buffer = this.cut(buffer);
      source.loop = true;
      source.connect(gains[each]).connect(this.context.destination);
      source.start(began);
      sources.push(source);
    }
    this.running = { gains, sources, heard: id, began, counted: began };
    this.timer = setInterval(() => this.count(), 100);
  }

  // The part that is repeated, faded at its ends: the seam would click.
  cut(buffer) {
    const rate = buffer.sampleRate;
    const first = Math.round(this.part[0] * rate);
    const last = Math.min(Math.round(this.part[1] * rate), buffer.length);
    const result = this.context.createBuffer(buffer.numberOfChannels, last - first, rate);
    const fade = Math.round(FADE * rate);
    for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
      const samples = buffer.getChannelData(channel).slice(first, last);
      for (let n = 0; n < fade; n++) {
        const gain = (1 - Math.cos((Math.PI * (n + 0.5)) / fade)) / 2;
        samples[n] *= gain;
        samples[samples.length - 1 - n] *= gain;
      }
      result.getChannelData(channel).set(samples);
    }
    return result;
  }

  switchTo(id) {
    this.count();
    for (const [each, gain] of Object.entries(this.running.gains)) {
      gain.gain.setTargetAtTime(each === id ? 1 : 0, this.context.currentTime, SWITCH);
    }
    this.running.heard = id;
  }

  stop() {
    this.wanted = null;
    if (!this.running) return;
    this.count();
    clearInterval(this.timer);
    const now = this.context.currentTime;
    for (const gain of Object.values(this.running.gains)) gain.gain.setTargetAtTime(0, now, SWITCH);
    for (const source of this.running.sources) source.stop(now + 10 * SWITCH);
    this.running = null;
  }

  count() {
    const { heard, counted } = this.running;
    const now = this.context.currentTime;
    if (now <= counted) return;
    this.running.counted = now;
    this.onTick(heard, now - counted);
  }

  repeat(part) {
    const id = this.wanted; // it may be about to start
    this.stop();
    this.part = part;
    if (id) this.play(id);
  }

  // Seconds from the start of the recording; null while nothing plays.
  position() {
    if (!this.running) return null;
    const elapsed = Math.max(0, this.context.currentTime - this.running.began);
    return this.part[0] + (elapsed % (this.part[1] - this.part[0]));
  }
}
