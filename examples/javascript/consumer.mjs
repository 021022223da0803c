// SPDX-License-Identifier: Apache-2.0
// A consumer of scope-oracle (docs/reference/oracle-protocol.md): node consumer.mjs
import { createInterface } from 'node:readline';
import { readFlags } from './flags.mjs';
import { Lives } from './lives.mjs';
import { maskOf, selected, takenIn } from './scopes.mjs';

let catalogue = [];

const answers = {
  decision: ({ scopes, event }) => ({ mask: `${maskOf(scopes, event)}` }),
  selection: (question) => {
    const events = selected(question);
    return { events, taken_in: takenIn(events, question.depends ?? {}) };
  },
  grammar: ({ flags }) => readFlags(flags, catalogue),
  trace: ({ scopes, before, journal }) => {
    const lives = new Lives(scopes, before);
    journal.forEach((step, number) => lives.take(step, number));
    return { events: lives.shown };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.type === 'hello') catalogue = message.catalogue;
  const reply = message.type === 'hello'
    ? { type: 'hello', protocol: 1, name: 'javascript-example', version: '1', features: ['all'] }
    : { type: 'answer', id: message.id, ...answers[message.kind](message) };
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
