// One change of a key as etcd's own watch tells it. A deletion shows what the key was before.

export interface KeyEvent {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  readonly revision: number;
  readonly createRevision: number;
  /** Of the key since its creation. */
  readonly version: number;
  /** A decimal number, as etcd writes it. */
  readonly lease: string | undefined;
  readonly value: string;
  readonly seenAt: number;
}
