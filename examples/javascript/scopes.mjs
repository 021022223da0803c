// SPDX-License-Identifier: Apache-2.0
// Tracing scopes in JavaScript, from docs/reference/semantics.md: which scopes does an event match?
// 64-bit numbers are BigInt: a Number rounds beyond 2^53, and << works on 32 bits.

const bytes = (data) => Buffer.from(data?.hex ?? data ?? '', data?.hex === undefined ? 'utf8' : 'hex');

const compare = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

// Rules 7 and 8: a text, with '*' before it, behind it, or around it.
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

// Rules 9 to 12: does the process have this value?
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
  if (op in compare) return compare[op](process[key] ?? 0, value); // rule 9: of pid, the process id
  const found = has[key](process, value);
  if (op !== '!=') return found;
  return !found && (key !== 'container' || process.container !== undefined); // rule 11: another one
}

// Rules 6, 7 and 18: a field that is not there, or was not read, fulfils nothing.
function fieldHolds(filter, event) {
  const { filter: part, name = '', op, value } = filter;
  const field = (event.fields ?? []).find((one) => one.part === part && one.name === name);
  if (field === undefined || field.unread) return false;
  const number = field.raw.number === undefined ? undefined : BigInt(field.raw.number);
  if (op === undefined) return (number === 1n) === value;
  if (op in compare) return number !== undefined && compare[op](number, BigInt(value));
  const found = typeof value === 'string'
    ? number === BigInt(value)
    : fits(value, bytes(field.printed)) || fits(value, number === undefined ? bytes(field.raw.text) : Buffer.from(`${number}`));
  return op === '=' ? found : !found;
}

// Rule 4: the '=' values of a key are alternatives, everything else holds by itself.
function allHold(filters, holds) {
  const alternatives = new Map();
  for (const one of filters) {
    if (one.op !== '=') {
      if (!holds(one)) return false;
      continue;
    }
    const key = `${one.filter} ${one.event} ${one.name}`;
    alternatives.set(key, (alternatives.get(key) ?? false) || holds(one));
  }
  return [...alternatives.values()].every(Boolean);
}

const bit = (scope) => 1n << BigInt(scope.number - 1);

export function meetsProcessFilters(scope, process) {
  const filters = scope.filters.filter((one) => one.event === undefined);
  return allHold(filters, (one) => processHolds(one, process));
}

function matches(scope, event) {
  if (!scope.events.includes(event.name)) return false;
  const followed = (BigInt(event.process.followed ?? 0) & bit(scope)) !== 0n;
  const own = scope.filters.filter((one) => one.event === event.name);
  return (followed || meetsProcessFilters(scope, event.process)) // rule 13
    && allHold(own, (one) => fieldHolds(one, event));
}

export function maskOf(scopes, event) {
  if (event.process.tracer) return 0n; // rule 14
  return scopes.reduce((mask, scope) => matches(scope, event) ? mask | bit(scope) : mask, 0n);
}

// Rule 13: the scopes that a process is followed by because of an exec or fork now.
export function newlyFollowed(scopes, process) {
  if (process.tracer) return 0n;
  return scopes.reduce((mask, scope) =>
    scope.follow && meetsProcessFilters(scope, process) ? mask | bit(scope) : mask, 0n);
}

// Rule 5: removal wins; with nothing added, the default set is what is removed from.
export function selected({ event = [], not_event = [], set = [], not_set = [], catalogue }) {
  const named = (patterns, name) => patterns.some((one) =>
    one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : one === name);
  const from = event.length || set.length ? set : ['default'];
  return Object.entries(catalogue)
    .filter(([name, sets]) => named(event, name) || sets.some((one) => from.includes(one)))
    .filter(([name, sets]) => !named(not_event, name) && !sets.some((one) => not_set.includes(one)))
    .map(([name]) => name);
}

// Rule 16.
export function takenIn(events, depends) {
  const found = new Set(events);
  for (const name of found) for (const one of depends[name] ?? []) found.add(one);
  return [...found];
}
