// Makes up sequences in which a node ends with its ttl: those who wait for its end, and what is there afterwards. They take seconds, and
// the moments at which two stores end something differ: one node ends in each.
import type { Random } from '../harness/random.js';
import { put } from './step.js';
import type { Sequence, Step, Template } from './step.js';

export function makeTimed(random: Random, root: string): Sequence {
  const kind = random.weighted({ file: 35, directory: 50, queued: 15 });
  const name = random.pick(['f', 'd', 'd/e']);
  const made = new TimedMaking(random, root, kind === 'queued' ? QUEUED : `${root}/${name}`);
  made.put(`/v2/keys/${root}/stays`, 'value=x');
  made.wait(`/v2/keys/${root}`, 'recursive=true&stream=true');
  made.begin(kind);
  made.prolong(kind);
  made.end();
  return { root, steps: made.steps, isTimed: true };
}

type Kind = 'file' | 'directory' | 'queued';

/** The step that makes the node. */
const MAKES = 4;
const QUEUED = `{${MAKES}.key}`;

class TimedMaking {
  readonly steps: Step[] = [];
  readonly #random: Random;
  readonly #root: string;
  readonly #path: Template;
  readonly #ttl: string;

  constructor(random: Random, root: string, node: Template) {
    this.#random = random;
    this.#root = `/v2/keys/${root}`;
    this.#path = node === QUEUED ? `/v2/keys${QUEUED}` : `/v2/keys/${node}`;
    this.#ttl = random.pick(['1', '2']);
  }

  begin(kind: Kind): void {
    this.wait(kind === 'queued' ? `${this.#root}/q` : this.#path);
    switch (kind) {
      case 'file':
        this.#beginFile();
        break;
      case 'directory':
        this.#beginDirectory();
        break;
      case 'queued':
        this.#add({
          ...put(this.#id, `${this.#root}/q`, `value=1&ttl=${this.#ttl}`),
          method: 'POST',
        });
    }
    this.#look();
  }

  #beginFile(): void {
    const begun = this.#random.pick(['', '&prevExist=false', 'swap', 'update']);
    const isLater = begun === 'swap' || begun === 'update';
    this.put(this.#path, isLater ? 'value=1' : `value=1&ttl=${this.#ttl}${begun}`);
    if (begun === 'swap') this.put(this.#path, `value=1&prevValue=1&ttl=${this.#ttl}`);
    if (begun === 'update') this.put(this.#path, `value=1&prevExist=true&ttl=${this.#ttl}`);
  }

  #beginDirectory(): void {
    const isLater = this.#random.chance(0.3);
    this.put(this.#path, isLater ? 'dir=true' : `dir=true&ttl=${this.#ttl}`);
    if (isLater) this.put(this.#path, `dir=true&prevExist=true&ttl=${this.#ttl}`);
    if (this.#random.chance(0.2)) return;
    this.put(`${this.#path}/below`, 'value=2');
    this.put(`${this.#path}/sub/deep`, 'value=3');
    this.wait(`${this.#path}/sub/deep`);
    this.wait(this.#path, 'recursive=true&stream=true');
  }

  /** Now and then it gets more time. */
  prolong(kind: Kind): void {
    const dir = kind === 'directory' ? '&dir=true' : '';
    const more = this.#random.pick([
      undefined,
      undefined,
      `refresh=true&prevExist=true${dir}`,
      `prevExist=true${dir}${dir === '' ? '&value=4' : ''}`,
      'prevValue=1&value=4',
    ]);
    if (more !== undefined) this.put(this.#path, `${more}&ttl=${this.#ttl}`);
  }

  end(): void {
    this.#add({ kind: 'end', id: this.#id, target: this.#path });
    this.#look();
    this.#get(`${this.#path}/below`);
    this.put(this.#path, 'value=again&prevExist=false');
    this.#get(this.#path);
    for (const index of [`{${MAKES}}`, `{${MAKES}+1}`]) {
      this.wait(this.#root, `recursive=true&waitIndex=${index}`);
      this.wait(`${this.#path}/below/never`, `waitIndex=${index}`);
    }
  }

  #look(): void {
    this.#get(this.#path);
    this.#get(`${this.#root}?recursive=true&sorted=true`);
  }

  put(target: Template, body: string): void {
    this.#add(put(this.#id, target, body));
  }

  wait(target: Template, query = ''): void {
    const asked = `wait=true${query === '' ? '' : `&${query}`}`;
    this.#add({ kind: 'wait', id: this.#id, target: `${target}?${asked}` });
  }

  #get(target: Template): void {
    this.#add({ kind: 'request', id: this.#id, method: 'GET', target });
  }

  #add(step: Step): void {
    this.steps.push(step);
  }

  get #id(): number {
    return this.steps.length + 1;
  }
}
