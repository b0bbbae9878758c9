// The steps of a sequence. Indexes differ between stores. Therefore a step refers to the step that returned the index, and each player
// inserts its own.
import { FORM_TYPE } from './pools.js';

/** Contains references: `{3}` is the index that step 3 returned, `{3+1}` the next one, `{3.key}` the key of its node. */
export type Template = string;

export interface RequestStep {
  readonly kind: 'request';
  readonly id: number;
  readonly method: string;
  /** Path and query. */
  readonly target: Template;
  readonly contentType?: string | undefined;
  readonly body?: Template | undefined;
}

/** Starts a wait. Its events are read at the end of the sequence. */
export interface WaitStep {
  readonly kind: 'wait';
  readonly id: number;
  readonly target: Template;
}

/** Polls until the node has expired in both stores. */
export interface ExpiryStep {
  readonly kind: 'expiry';
  readonly id: number;
  readonly target: Template;
}

export type Step = RequestStep | WaitStep | ExpiryStep;

export interface Sequence {
  /** The directory of this sequence, without a slash. */
  readonly root: string;
  readonly steps: readonly Step[];
  /** Nodes expire in it. Each expiry changes the index of its store at a different time. */
  readonly isTimed: boolean;
}

export function put(id: number, target: Template, body: Template): RequestStep {
  return { kind: 'request', id, method: 'PUT', target, contentType: FORM_TYPE, body };
}

/** The result of a step, for references in later steps. */
export interface StepResult {
  readonly index?: number | undefined;
  readonly key?: string | undefined;
}

/** The first index of every store. */
const FIRST_INDEX = 1;

const REFERENCE = /\{(\d+)(\+\d+|\.key)?\}/g;

/** A reference to a missing key becomes a key in `root` that does not exist. */
export function resolve(
  template: Template,
  results: ReadonlyMap<number, StepResult>,
  root: string,
): string {
  return template.replace(REFERENCE, (_, id: string, rest = '') => {
    const { index = FIRST_INDEX, key = `/${root}/nothing` } = results.get(Number(id)) ?? {};
    return rest === '.key' ? encodeURI(key) : String(index + Number(rest));
  });
}

/** Returns a line for the report. */
export function describeStep(step: Step): string {
  if (step.kind !== 'request') return `${step.id}: ${step.kind} ${step.target}`;
  const { id, method, target, contentType, body } = step;
  const type = contentType === undefined ? '' : ` (${contentType})`;
  return `${id}: ${method} ${target}${body === undefined ? '' : ` ${shorten(JSON.stringify(body))}${type}`}`;
}

const SHOWN_CHARACTERS = 300;

/** Shortens long runs of one character. */
function shorten(text: string): string {
  return text.replace(/(.)\1{20,}/g, (run) => `${run.slice(0, 3)}…`).slice(0, SHOWN_CHARACTERS);
}
