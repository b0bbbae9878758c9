// What a sequence is made of. Indexes differ from store to store: a step names them by the step that brought them, and each player puts
// in its own.
import { FORM_TYPE } from './pools.js';

/** In texts: `{3}` is the index that step 3 brought, `{3+1}` the one behind it, `{3.key}` the key of its node. */
export type Template = string;

export interface RequestStep {
  readonly kind: 'request';
  readonly id: number;
  readonly method: string;
  /** Everything behind the host: path and query. */
  readonly target: Template;
  readonly contentType?: string | undefined;
  readonly body?: Template | undefined;
}

/** Opens a wait; what it brings is read when the sequence is over. */
export interface WaitStep {
  readonly kind: 'wait';
  readonly id: number;
  readonly target: Template;
}

/** Asks until the node has ended: what is told afterwards is told by both. */
export interface EndStep {
  readonly kind: 'end';
  readonly id: number;
  readonly target: Template;
}

export type Step = RequestStep | WaitStep | EndStep;

export interface Sequence {
  /** The directory that it works in, without a slash. Nothing else does. */
  readonly root: string;
  readonly steps: readonly Step[];
  /** Nodes end in it: their ends raise the index of each store in its own time. */
  readonly isTimed: boolean;
}

export function put(id: number, target: Template, body: Template): RequestStep {
  return { kind: 'request', id, method: 'PUT', target, contentType: FORM_TYPE, body };
}

/** What a step is known by to those after it. */
export interface Brought {
  readonly index?: number | undefined;
  readonly key?: string | undefined;
}

/** Of every store. */
const FIRST_INDEX = 1;

const REFERENCE = /\{(\d+)(\+\d+|\.key)?\}/g;

/** `root`: where there is nothing, a key is looked for there. */
export function resolve(
  template: Template,
  brought: ReadonlyMap<number, Brought>,
  root: string,
): string {
  return template.replace(REFERENCE, (_, id: string, rest = '') => {
    const { index = FIRST_INDEX, key = `/${root}/nothing` } = brought.get(Number(id)) ?? {};
    return rest === '.key' ? encodeURI(key) : String(index + Number(rest));
  });
}

/** As one would type it. */
export function describeStep(step: Step): string {
  if (step.kind !== 'request') return `${step.id}: ${step.kind} ${step.target}`;
  const { id, method, target, contentType, body } = step;
  const type = contentType === undefined ? '' : ` (${contentType})`;
  return `${id}: ${method} ${target}${body === undefined ? '' : ` ${shorten(JSON.stringify(body))}${type}`}`;
}

const SHOWN_CHARACTERS = 300;

/** Long values are all alike. */
function shorten(text: string): string {
  return text.replace(/(.)\1{20,}/g, (run) => `${run.slice(0, 3)}…`).slice(0, SHOWN_CHARACTERS);
}
