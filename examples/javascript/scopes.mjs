// SPDX-License-Identifier: Apache-2.0
// Tracing scopes in JavaScript, after docs/reference/semantics.md: from an event to its mask.
// 64-bit numbers are BigInt: a Number is exact only up to 2^53, and << has 32 bits.

const bytes = (data) => Buffer.from(data?.hex ?? data ?? '', data?.hex === undefined ? 'utf8' : 'hex');

const compare = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

// Rules 7 and 8: a pattern, with '*' before, after or around its text.
function fits(pattern, value) {
  const [[how, data]] = Object.entries(pattern);
  const text = bytes(data);
  switch (how) {
    case 'exact': return value.equals(text);
    case 'prefix': return value.subarray(0, text.length).equals(text);
    case 'suffix': return value.length >= text.length && value.subarray(value.length - text.length).equals(text);
    case 'contains': return value.includes(text);
    default: throw new Error(`unknown comparison ${how}`);
  }
}

// Rules 9 to 12: whether the process has this value.
const has = {
  uid: (process, value) => (process.uid ?? 0) === value,
  pid: (process, value) => value === 'new'
    ? process.new ?? false
    : (process.pid ?? 0) === value || (process.tid ?? 0) === value,
  mntns: (process, value) => BigInt(process.mntns ?? 0) === BigInt(value),
  pidns: (process, value) => BigInt(process.pidns ?? 0) === BigInt(value),
  comm: (process, value) => fits(value, bytes(process.comm)),
  uts: (process, value) => fits(value, bytes(process.uts)),
  tree: (process, value) => (process.ancestors ?? []).includes(value),
  binary: ({ binary }, value) => binary !== undefined
    && bytes(binary.path).equals(bytes(value.path))
    && (value.mntns === undefined || BigInt(value.mntns) === BigInt(binary.mntns)),
  container: ({ container }, value) => container !== undefined
    && (value === 'new' ? container.new ?? false : container.id.startsWith(value.id)),
  in_container: ({ container }, value) => (container !== undefined) === value,
};

function processHolds(filter, process) {
  const { filter: key, op, value } = filter;
  if (op in compare) return compare[op](process[key] ?? 0, value); // rule 9: pid compares the process id
  const found = has[key](process, value);
  if (op !== '!=') return found;
  return !found && (key !== 'container' || process.container !== undefined); // rule 11: in another container
}

function hasField(field, op, value) {
  const number = field.raw.number === undefined ? undefined : BigInt(field.raw.number);
  if (op === undefined) return (number === 1n) === value;
  if (op in compare) return number !== undefined && compare[op](number, BigInt(value));
  if (typeof value === 'string') return number === BigInt(value);
  return fits(value, bytes(field.printed)) || fits(value, number === undefined ? bytes(field.raw.text) : Buffer.from(`${number}`));
}

// Rules 6, 7 and 18: no filter on an absent or unreadable field holds.
// Rule 19: of an argument that changed, either value.
function fieldHolds(filter, event) {
  const { filter: part, name = '', op, value } = filter;
  const field = (event.fields ?? []).find((candidate) => candidate.part === part && candidate.name === name);
  if (field === undefined || field.unread) return false;
  const later = field.at_return;
  const found = hasField(field, op, value) || (later !== undefined && hasField(later, op, value));
  return op === '!=' ? !found : found;
}

// Rule 4: '=' values of a key are alternatives; each other filter must hold.
function allHold(filters, holds) {
  const alternatives = new Map();
  for (const filter of filters) {
    if (filter.op !== '=') {
      if (!holds(filter)) return false;
      continue;
    }
    const key = `${filter.filter} ${filter.event} ${filter.name}`;
    alternatives.set(key, (alternatives.get(key) ?? false) || holds(filter));
  }
  return [...alternatives.values()].every(Boolean);
}

const bit = (scope) => 1n << BigInt(scope.number - 1);

export function meetsProcessFilters(scope, process) {
  const filters = scope.filters.filter((filter) => filter.event === undefined);
  return allHold(filters, (filter) => processHolds(filter, process));
}

function matches(scope, event) {
  if (!scope.events.includes(event.name)) return false;
  const followed = (BigInt(event.process.followed ?? 0) & bit(scope)) !== 0n;
  const own = scope.filters.filter((filter) => filter.event === event.name);
  return (followed || meetsProcessFilters(scope, event.process)) // rule 13
    && allHold(own, (filter) => fieldHolds(filter, event));
}

export function maskOf(scopes, event) {
  if (event.process.tracer) return 0n; // rule 14
  return scopes.reduce((mask, scope) => matches(scope, event) ? mask | bit(scope) : mask, 0n);
}

// Rule 13: the scopes that follow a process from this exec or fork on.
export function newlyFollowed(scopes, process) {
  if (process.tracer) return 0n;
  return scopes.reduce((mask, scope) =>
    scope.follow && meetsProcessFilters(scope, process) ? mask | bit(scope) : mask, 0n);
}

// Rule 5: removal wins; without an added event, the default set is the base.
export function selected({ event = [], not_event = [], set = [], not_set = [], catalogue }) {
  const named = (patterns, name) => patterns.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name);
  const from = event.length || set.length ? set : ['default'];
  return Object.entries(catalogue)
    .filter(([name, sets]) => named(event, name) || sets.some((member) => from.includes(member)))
    .filter(([name, sets]) => !named(not_event, name) && !sets.some((member) => not_set.includes(member)))
    .map(([name]) => name);
}

// Rule 16: the events with all dependencies.
export function takenIn(events, depends) {
  const found = new Set(events);
  for (const name of found) for (const dependency of depends[name] ?? []) found.add(dependency);
  return [...found];
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// Return the character that starts at an index, undefined if the byte there is not UTF-8.
function characterAt(raw, at) {
  for (let length = 1; length <= 4 && at + length <= raw.length; length++) {
    try {
      return UTF8.decode(raw.subarray(at, at + length));
    } catch { /* incomplete or invalid */ }
  }
  return undefined;
}

// Rule 20: a byte that is not UTF-8 is U+FFFD and two digits, and so is each of U+FFFD itself.
export function textOf(data) {
  const raw = bytes(data);
  const escaped = (found) => [...found].map((byte) => `\ufffd${byte.toString(16)}`).join('');
  let text = '';
  for (let at = 0; at < raw.length;) {
    const character = characterAt(raw, at);
    const length = Buffer.byteLength(character ?? '0');
    text += character === undefined || character === '\ufffd' ? escaped(raw.subarray(at, at + length)) : character;
    at += length;
  }
  return text;
}
