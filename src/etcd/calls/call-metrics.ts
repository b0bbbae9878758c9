// What this layer tells of its calls to whoever counts them. The layer itself keeps no numbers.

/** `answered`: as the call wanted; `refused`: etcd answered with an error that it meant; `failed`: no answer, or one that says "not here, not now". */
export type CallResult = 'answered' | 'refused' | 'failed';

export interface CallMetrics {
  /** One request to one endpoint is over; for a stream: it is open, or could not be opened. */
  recordCall(rpcPath: string, endpointUrl: string, result: CallResult, seconds: number): void;
  /** A call that one endpoint did not serve is sent to another. */
  recordFailover(rpcPath: string): void;
}
