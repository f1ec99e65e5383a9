// JSON.parse alters what it reads: numbers lose digits, a member that appears twice is dropped, names that look like numbers come first.
// These work on the text.

/** A value or a mark: a string, `{`, `}`, `[`, `]`, `,`, `:`, a number or a word. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * The text of a member of a JSON object, unchanged; null if the object lacks it.
 * @param {string} text
 * @param {string} name
 */
export function memberText(text, name) {
  let depth = 0;
  let previous = '';
  let last = '';
  let start = -1;
  for (const match of text.matchAll(token)) {
    const [mark] = match;
    if (start >= 0 && depth === 1 && (mark === ',' || mark === '}')) {
      return text.slice(start, match.index).trim();
    }

    if (start < 0 && depth === 1 && last === ':' && previous === JSON.stringify(name)) {
      start = match.index;
    }

    depth += '{['.includes(mark) ? 1 : '}]'.includes(mark) ? -1 : 0;
    [previous, last] = [last, mark];
  }

  return null;
}

/**
 * A JSON text with a line for each value, all values unchanged.
 * @param {string} text
 */
export function indented(text) {
  let depth = 0;
  let result = '';
  let last = '';
  const line = () => `\n${'  '.repeat(depth)}`;
  for (const [mark] of text.matchAll(token)) {
    if (mark === '}' || mark === ']') {
      depth--;
      result += (last === '{' || last === '[' ? '' : line()) + mark;
    } else if (mark === ',') {
      result += mark + line();
    } else if (mark === ':') {
      result += ': ';
    } else {
      result += (last === '{' || last === '[' ? line() : '') + mark;
      depth += mark === '{' || mark === '[' ? 1 : 0;
    }

    last = mark;
  }

  return result;
}
