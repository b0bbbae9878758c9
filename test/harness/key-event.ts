// One change of a key from etcd's own watch. A deletion has the fields of the key before it.

export interface KeyEvent {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  readonly revision: number;
  readonly createRevision: number;
  /** The number of writes to the key since its creation. */
  readonly version: number;
  /** A decimal number, as etcd writes it. */
  readonly lease: string | undefined;
  readonly value: string;
  readonly seenAt: number;
}
