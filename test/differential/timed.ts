// Generates sequences in which a node expires, with waits for the expiry and reads afterwards. They take seconds. Only one node expires in
// each sequence, because two stores expire nodes at different times.
import type { Random } from '../harness/random.js';
import { put } from './step.js';
import type { Sequence, Step, Template } from './step.js';

export function makeTimed(random: Random, root: string): Sequence {
  const kind = random.weighted({ file: 35, directory: 50, queued: 15 });
  const name = random.pick(['f', 'd', 'd/e']);
  const builder = new TimedSequenceBuilder(
    random,
    root,
    kind === 'queued' ? QUEUED : `${root}/${name}`,
  );
  builder.put(`/v2/keys/${root}/stays`, 'value=x');
  builder.wait(`/v2/keys/${root}`, 'recursive=true&stream=true');
  builder.create(kind);
  builder.extend(kind);
  builder.expire();
  return { root, steps: builder.steps, isTimed: true };
}

type Kind = 'file' | 'directory' | 'queued';

/** The step that creates the node. */
const CREATION_STEP = 4;
const QUEUED = `{${CREATION_STEP}.key}`;

class TimedSequenceBuilder {
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

  create(kind: Kind): void {
    this.wait(kind === 'queued' ? `${this.#root}/q` : this.#path);
    switch (kind) {
      case 'file':
        this.#createFile();
        break;
      case 'directory':
        this.#createDirectory();
        break;
      case 'queued':
        this.#add({
          ...put(this.#id, `${this.#root}/q`, `value=1&ttl=${this.#ttl}`),
          method: 'POST',
        });
    }
    this.#read();
  }

  #createFile(): void {
    const variant = this.#random.pick(['', '&prevExist=false', 'swap', 'update']);
    const hasLaterTtl = variant === 'swap' || variant === 'update';
    this.put(this.#path, hasLaterTtl ? 'value=1' : `value=1&ttl=${this.#ttl}${variant}`);
    if (variant === 'swap') this.put(this.#path, `value=1&prevValue=1&ttl=${this.#ttl}`);
    if (variant === 'update') this.put(this.#path, `value=1&prevExist=true&ttl=${this.#ttl}`);
  }

  #createDirectory(): void {
    const hasLaterTtl = this.#random.chance(0.3);
    this.put(this.#path, hasLaterTtl ? 'dir=true' : `dir=true&ttl=${this.#ttl}`);
    if (hasLaterTtl) this.put(this.#path, `dir=true&prevExist=true&ttl=${this.#ttl}`);
    if (this.#random.chance(0.2)) return;
    this.put(`${this.#path}/below`, 'value=2');
    this.put(`${this.#path}/sub/deep`, 'value=3');
    this.wait(`${this.#path}/sub/deep`);
    this.wait(this.#path, 'recursive=true&stream=true');
  }

  /** Sometimes extends the ttl. */
  extend(kind: Kind): void {
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

  expire(): void {
    this.#add({ kind: 'expiry', id: this.#id, target: this.#path });
    this.#read();
    this.#get(`${this.#path}/below`);
    this.put(this.#path, 'value=again&prevExist=false');
    this.#get(this.#path);
    for (const index of [`{${CREATION_STEP}}`, `{${CREATION_STEP}+1}`]) {
      this.wait(this.#root, `recursive=true&waitIndex=${index}`);
      this.wait(`${this.#path}/below/never`, `waitIndex=${index}`);
    }
  }

  #read(): void {
    this.#get(this.#path);
    this.#get(`${this.#root}?recursive=true&sorted=true`);
  }

  put(target: Template, body: string): void {
    this.#add(put(this.#id, target, body));
  }

  wait(target: Template, query = ''): void {
    const parameters = `wait=true${query === '' ? '' : `&${query}`}`;
    this.#add({ kind: 'wait', id: this.#id, target: `${target}?${parameters}` });
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
