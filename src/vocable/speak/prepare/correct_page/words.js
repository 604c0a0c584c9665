// Which words of a text are still those that were heard: they keep their times and their doubts.
// `vocable.speak.prepare.kept_words` says the same in Python.

// Letters of scripts without spaces between words: each stands for itself.
const ALONE = "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
const PIECE = new RegExp(`[${ALONE}]|(?:(?![${ALONE}])[\\p{L}\\p{N}\\p{M}])+`, "gu");

// The runs of letters and digits of a text.
function pieces(text) {
  return [...text.matchAll(PIECE)].map((match) => ({
    from: match.index, to: match.index + match[0].length,
    key: match[0].toLowerCase().normalize("NFC"),
  }));
}

// For each of `a` the place of its like in `b`, or -1: as many as can be, in order.
function matched(a, b) {
  const found = new Array(a.length).fill(-1);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) found[start] = start++;
  let endA = a.length, endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) found[--endA] = --endB;
  const rows = endA - start, columns = endB - start;
  const longest = Array.from({ length: rows + 1 }, () => new Uint16Array(columns + 1));
  for (let n = rows - 1; n >= 0; n--) {
    for (let m = columns - 1; m >= 0; m--) {
      longest[n][m] = a[start + n] === b[start + m]
        ? longest[n + 1][m + 1] + 1 : Math.max(longest[n + 1][m], longest[n][m + 1]);
    }
  }
  for (let n = 0, m = 0; n < rows && m < columns;) {
    if (a[start + n] === b[start + m]) found[start + n++] = start + m++;
    else if (longest[n + 1][m] >= longest[n][m + 1]) n++;
    else m++;
  }
  return found;
}

// Where heard words stand in a text: [from, to] of each, or null for one that is not there any more.
function placesOf(words, text) {
  const there = pieces(text);
  const heard = words.map(([, , word]) => pieces(word).map((piece) => piece.key));
  const found = matched(heard.flat(), there.map((piece) => piece.key));
  let next = 0;
  return heard.map((keys) => {
    const [first, last] = [next, (next += keys.length) - 1];
    if (!keys.length || found[first] < 0 || found[last] - found[first] !== last - first) return null;
    for (let n = first; n <= last; n++) if (found[n] < 0) return null;
    return [there[found[first]].from, there[found[last]].to];
  });
}
