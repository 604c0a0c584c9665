// What a listener has answered, kept in the browser so that a reload loses nothing.

const KEPT_AS = `vocable-listening-${TEST.test}`;

class Answers {
  constructor() {
    this.kept = true; // whether this browser keeps it
    try {
      Object.assign(this, JSON.parse(localStorage.getItem(KEPT_AS)) ?? this.fresh());
    } catch {
      Object.assign(this, this.fresh());
    }
    this.save();
  }

  // page: -1 before it begins, 0 for practice, then 1, 2, …; ratings: of each trial by stimulus
  fresh() {
    return { listener: randomId(), page: -1, ratings: {}, comments: {} };
  }

  save() {
    const { listener, page, ratings, comments } = this;
    try {
      localStorage.setItem(KEPT_AS, JSON.stringify({ listener, page, ratings, comments }));
    } catch {
      this.kept = false;
    }
  }

  startOver() {
    Object.assign(this, this.fresh());
    this.save();
  }

  get trials() {
    return [TEST.practice, ...shuffled(TEST.trials, this.listener)];
  }

  get trial() {
    return this.trials[this.page];
  }

  stimuliOf(trial) {
    return shuffled(trial.stimuli, this.listener + trial.id);
  }

  ratingOf(trial, stimulus) {
    this.ratings[trial.id] ??= {};
    return (this.ratings[trial.id][stimulus] ??= { score: null, plays: 0, seconds: 0 });
  }

  // One line for each rating; those for practice are not among them.
  lines() {
    const rows = this.trials.slice(1).flatMap((trial, number) =>
      this.stimuliOf(trial).map((stimulus, place) => {
        const { score, plays, seconds } = this.ratingOf(trial, stimulus);
        return {
          test: TEST.test, version: TEST.version, listener: this.listener,
          trial: trial.id, order: number + 1, stimulus, place: place + 1,
          score, plays, seconds: Math.round(seconds * 10) / 10,
          comment: this.comments[trial.id] ?? "",
        };
      }));
    return rows.map((row) => JSON.stringify(row) + "\n").join("");
  }
}
