// The error of embedded etcd. Its message is for the user who started the gateway, and complete without a stack.

export class EmbeddedEtcdError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'EmbeddedEtcdError';
  }
}
