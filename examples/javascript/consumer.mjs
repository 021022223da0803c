// SPDX-License-Identifier: Apache-2.0
// A consumer of scope-oracle (docs/reference/oracle-protocol.md): node consumer.mjs
import { createInterface } from 'node:readline';
import { readFlags } from './flags.mjs';
import { maskOf, selected, takenIn, textOf } from './scopes.mjs';
import { Tasks } from './tasks.mjs';

let catalogue = [];

const answers = {
  decision: ({ scopes, event }) => ({ mask: `${maskOf(scopes, event)}` }),
  selection: (question) => {
    const events = selected(question);
    return { events, taken_in: takenIn(events, question.depends ?? {}) };
  },
  grammar: ({ flags }) => readFlags(flags, catalogue),
  trace: ({ scopes, before, journal }) => {
    const tasks = new Tasks(scopes, before);
    journal.forEach((step, number) => tasks.apply(step, number));
    return { events: tasks.printed };
  },
  text: (question) => ({ text: textOf(question.bytes) }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.type === 'hello') catalogue = message.catalogue;
  const reply = message.type === 'hello'
    ? { type: 'hello', protocol: 1, name: 'javascript-example', version: '1', features: ['all'] }
    : { type: 'answer', id: message.id, ...answers[message.kind](message) };
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
