// SPDX-License-Identifier: Apache-2.0
// Flag parser, after docs/guide/filters.md and docs/reference/vectors.md ("Grammar").

const EQUALITY = ['=', '!='];
const SIX = [...EQUALITY, '<', '<=', '>', '>='];
const ABBREVIATED = ['event', 'set', 'uid', 'pid', 'container', 'follow']; // names that may be abbreviated
const U32 = 2n ** 32n - 1n;
const U64 = 2n ** 64n - 1n;
const S64 = 2n ** 63n;
const CONTEXT = {
  numbers: ['cgroupId', 'hostParentProcessId', 'hostProcessId', 'hostThreadId', 'mountNamespace', 'parentProcessId',
    'pidNamespace', 'processId', 'processorId', 'threadId', 'timestamp', 'userId'],
  texts: ['containerId', 'containerImage', 'containerName', 'hostName', 'podName', 'podNamespace', 'podUid', 'processName', 'syscall'],
  aliases: {
    hostPid: 'hostProcessId', hostTid: 'hostThreadId', mntns: 'mountNamespace', ppid: 'parentProcessId', pidns: 'pidNamespace',
    p: 'processId', pid: 'processId', tid: 'threadId', uid: 'userId', comm: 'processName',
  },
};

class FlagError extends Error {
  constructor(kind, position) {
    super(kind);
    this.data = { class: kind, ...position };
  }
}

// Flags are bytes: latin1 maps each byte to one character, until strings are printed.
const decode = (flag) => Buffer.from(flag.hex ?? flag, flag.hex === undefined ? 'utf8' : 'hex').toString('latin1');
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function encode(text) {
  const raw = Buffer.from(text, 'latin1');
  try {
    return UTF8.decode(raw);
  } catch {
    return { hex: raw.toString('hex') };
  }
}

// Rule 20: U+FFFD (three bytes) and two digits are a byte.
const unescape = (text) => text.replace(/\xef\xbf\xbd([89a-f][0-9a-f])/g,
  (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));

function split(text, fail) {
  const at = text.search(/[=!<>]/);
  const head = at < 0 ? text : text.slice(0, at);
  const rest = at < 0 ? '' : text.slice(at);
  const colon = head.indexOf(':');
  const scoped = colon >= 0 && !(rest === '' && colon === head.length - 1);
  let number = 1;
  if (scoped) {
    const digits = head.slice(0, colon);
    if (!/^[+-]?[0-9]+$/.test(digits)) fail('scope');
    if (BigInt(digits.replace('+', '')) < 1n || BigInt(digits.replace('+', '')) > 64n) fail('scope');
    number = Number(digits);
  }
  const name = scoped ? head.slice(colon + 1) : head;
  if (rest === '!') fail('expression');
  if (rest.startsWith('!') && !rest.startsWith('!=')) {
    if (rest !== '!container') fail(rest.startsWith('!container') ? 'operator' : 'option');
    return { number, name: '!container' };
  }
  const [, op, values] = /^(!=|<=|>=|=|<|>)?(.*)$/s.exec(rest);
  if (op && values === '') fail('expression');
  if (name === '') fail('expression');
  return { number, name, op, values };
}

function integer(text, lowest, highest, fail, op) {
  if (!(lowest < 0n ? /^[+-]?[0-9]+$/ : /^[0-9]+$/).test(text)) fail('value');
  const found = BigInt(text.replace('+', ''));
  if (found < lowest || found > highest) fail('value');
  if ((op === '<' && found === lowest) || (op === '>' && found === highest)) fail('expression');
  return found;
}

function pattern(text, fail, most = Infinity) {
  const start = text.startsWith('*');
  const end = text.length > 1 && text.endsWith('*');
  const inner = unescape(text.slice(start ? 1 : 0, end ? -1 : undefined));
  if (inner === '' || inner.includes('*') || inner.length > most) fail('value');
  return { [start ? (end ? 'contains' : 'suffix') : end ? 'prefix' : 'exact']: encode(inner) };
}

function binary(text, fail) {
  const [, prefix, path] = /^(?:(host|[0-9]+):)?(\/[^:]*)$/s.exec(text) ?? fail('value');
  if (prefix && prefix !== 'host') integer(prefix, 0n, U32, fail);
  const inode = prefix === 'host' ? 'host' : prefix && `${BigInt(prefix)}`;
  return { path: encode(unescape(path)), ...(inode && inode !== '0' ? { mntns: inode } : {}) };
}

const u32 = (text, fail, op) => Number(integer(text, 0n, U32, fail, op));
const inode = (text, fail) => `${integer(text, 0n, U64, fail)}`;
const name15 = (text, fail) => pattern(text, fail, 15);
const KINDS = {
  comm: [EQUALITY, name15], uts: [EQUALITY, name15], uid: [SIX, u32], pid: [SIX, u32], tree: [EQUALITY, u32],
  mntns: [EQUALITY, inode], pidns: [EQUALITY, inode], binary: [EQUALITY, binary],
  container: [EQUALITY, (text) => ({ id: encode(text) })],
};

function listed(values, fail) {
  const found = values.split(',');
  if (found.includes('')) fail('expression');
  return found;
}

function processFilters({ name, op, values }, fail) {
  if (name === '!container' || (name === 'container' && !op)) return [{ filter: 'in_container', value: name === 'container' }];
  const [operators, read] = KINDS[name];
  if (!op) fail('expression');
  if (!operators.includes(op)) fail('operator');
  const each = listed(values, fail);
  if ((name === 'pid' || name === 'container') && each.includes('new')) {
    if (each.length > 1 || !EQUALITY.includes(op)) fail('value');
    return [{ filter: name, op, value: 'new' }];
  }
  return each.map((text) => ({ filter: name, op, value: read(text, fail, op) }));
}

function fieldFilters({ name, op, values }, catalogue, fail) {
  const [event, part, ...rest] = name.split('.');
  if (rest.length !== (part === 'retval' ? 0 : 1) || rest[0] === '') fail('expression');
  const definition = catalogue.find((candidate) => candidate.name === event) ?? fail('event');
  let target = { filter: part, event };
  let numeric = part === 'retval';
  if (part === 'context' && ['container', 'host'].includes(rest[0])) {
    if (op) fail('expression');
    return [{ ...target, name: 'container', value: rest[0] === 'container' }];
  }
  if (!op) fail('expression');
  if (part === 'args') {
    const argument = definition.args.find((arg) => arg.name === rest[0]);
    if (!argument && !definition.any_args) fail('argument');
    if (!EQUALITY.includes(op) && argument && !argument.number) fail('operator');
    numeric = !EQUALITY.includes(op);
    target = { ...target, name: rest[0] };
  } else if (part === 'context') {
    const field = CONTEXT.aliases[rest[0]] ?? rest[0];
    numeric = CONTEXT.numbers.includes(field);
    if (!numeric && !CONTEXT.texts.includes(field)) fail('field');
    if (!numeric && !EQUALITY.includes(op)) fail('operator');
    target = { ...target, name: field };
  }
  const highest = part === 'retval' ? S64 - 1n : U64;
  return listed(values, fail).map((text) => ({
    ...target, op, value: numeric ? `${integer(text, -S64, highest, fail, op)}` : pattern(text, fail),
  }));
}

function selection(scope, { name, op, values }, catalogue, fail) {
  if (!op) fail('expression');
  if (!EQUALITY.includes(op)) fail('operator');
  for (const value of listed(values, fail)) {
    const found = catalogue.filter((event) => name === 'set'
      ? event.sets.includes(value)
      : value.endsWith('*') ? event.name.startsWith(value.slice(0, -1)) : event.name === value);
    if (!found.length) fail(name);
    for (const event of found) scope[op === '=' ? 'added' : 'removed'].add(event.name);
  }
  scope.adds ||= op === '=';
}

const wholeName = (name) => name === 'bin' ? 'binary' : ABBREVIATED.find((fullName) => name && fullName.startsWith(name)) ?? name;

function readFlag(text, scopes, catalogue, fail) {
  const flag = split(text, fail);
  if (!scopes.has(flag.number)) {
    scopes.set(flag.number, { number: flag.number, added: new Set(), removed: new Set(), filters: [], follow: false, filtered: [] });
  }
  const scope = scopes.get(flag.number);
  if (['args', 'retval', 'context'].includes(flag.name.split('.')[1])) {
    scope.filters.push(...fieldFilters(flag, catalogue, fail));
    scope.filtered.push([flag.name.split('.')[0], fail]);
    return;
  }
  flag.name = wholeName(flag.name);
  if (flag.name === 'follow') {
    if (flag.op) fail('expression');
    scope.follow = true;
  } else if (flag.name === 'event' || flag.name === 'set') {
    selection(scope, flag, catalogue, fail);
  } else if (flag.name in KINDS || flag.name === '!container') {
    scope.filters.push(...processFilters(flag, fail));
  } else {
    fail('option');
  }
}

function finish({ number, added, removed, adds, filters, follow, filtered }, catalogue) {
  const from = adds ? [...added] : catalogue.filter((event) => event.sets.includes('default')).map((event) => event.name);
  const events = from.filter((event) => !removed.has(event));
  if (!events.length) throw new FlagError('no-events', { scope: number });
  for (const [event, fail] of filtered) if (!events.includes(event)) fail('not-selected');
  return { number, events, filters, follow };
}

export function readFlags(flags, catalogue) {
  const scopes = new Map();
  try {
    for (const flag of flags) {
      readFlag(decode(flag), scopes, catalogue, (kind) => { throw new FlagError(kind, { flag }); });
    }
    return { scopes: [...scopes.values()].map((scope) => finish(scope, catalogue)) };
  } catch (error) {
    if (error instanceof FlagError) return { error: error.data };
    throw error;
  }
}
