// SPDX-License-Identifier: Apache-2.0
// Tasks through forks, execs and exits, after docs/reference/semantics.md (rules 9 to 17).
import { maskOf, newlyFollowed } from './scopes.mjs';

const AT_ENTRY = ['exit', 'exit_group', 'rt_sigreturn'];

export class Tasks {
  constructor(scopes, before) {
    this.scopes = scopes;
    this.tasks = new Map();
    this.entered = new Map();
    this.printed = [];
    const parents = new Map(before.map(({ process, ppid = 0 }) => [process.pid, ppid]));
    for (const { process } of before) {
      const ancestors = [];
      for (let id = process.pid; id && !ancestors.includes(id); id = parents.get(id) ?? 0) ancestors.push(id);
      this.tasks.set(process.tid, { ...process, ancestors, new: false, followed: 0n });
    }
  }

  apply(step, number) {
    const task = this.tasks.get(step.tid);
    const emit = (name, process, fields) => this.emit(number, { name, process, fields });
    switch (step.do) {
      case 'event':
        emit(step.name, task, step.fields);
        for (const derived of step.derived ?? []) emit(derived.name, task, derived.fields);
        break;
      case 'enter':
        if (AT_ENTRY.includes(step.call)) emit(step.call, task, step.fields);
        else this.entered.set(step.tid, { ...step, process: task });
        break;
      case 'return':
        this.entered.delete(step.tid);
        emit(step.call, task, step.fields);
        break;
      case 'fork':
        emit('sched_process_fork', task);
        this.fork(step, task);
        break;
      case 'exec':
        this.exec(step, task, emit);
        break;
      case 'exit':
        emit('sched_process_exit', task);
        this.tasks.delete(step.tid);
        this.entered.delete(step.tid);
        break;
      case 'set_container':
        for (const thread of this.threads(task.pid)) this.set(thread.tid, { container: step.container ?? undefined });
        break;
      default: { // set_uid, set_comm, set_namespaces: facts of this task
        const { do: _do, tid: _tid, ...facts } = step;
        this.set(step.tid, facts);
      }
    }
  }

  threads(pid) {
    return [...this.tasks.values()].filter((task) => task.pid === pid);
  }

  set(tid, facts) {
    this.tasks.set(tid, { ...this.tasks.get(tid), ...facts });
  }

  fork({ child_pid: pid, child_tid: tid }, parent) {
    if (pid === parent.pid) { // a thread has the facts of its process
      this.tasks.set(tid, { ...parent, tid });
      return;
    }
    const followed = parent.followed | newlyFollowed(this.scopes, parent);
    this.tasks.set(tid, { ...parent, pid, tid, followed, ancestors: [...parent.ancestors, pid], new: true, tracer: false });
  }

  exec({ tid, binary, comm }, task, emit) {
    const call = this.entered.get(tid);
    if (call) emit(call.call, call.process, call.fields);
    for (const thread of this.threads(task.pid)) {
      this.tasks.delete(thread.tid);
      this.entered.delete(thread.tid);
    }
    const now = { ...task, tid: task.pid, binary, comm };
    now.followed |= newlyFollowed(this.scopes, now);
    this.tasks.set(now.tid, now);
    emit('sched_process_exec', now);
  }

  emit(step, event) {
    const mask = maskOf(this.scopes, event);
    if (mask) this.printed.push({ step, event: event.name, mask: `${mask}` });
  }
}
