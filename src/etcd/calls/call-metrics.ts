// The interface through which the etcd layer reports its calls to the metrics.

/** `answered`: success. `refused`: etcd rejected the request. `failed`: no response, or the member could not serve the request. */
export type CallResult = 'answered' | 'refused' | 'failed';

export interface CallMetrics {
  /** Call it when a request to an endpoint has ended. For a stream: when it is open, or could not be opened. */
  recordCall(rpcPath: string, endpointUrl: string, result: CallResult, seconds: number): void;
  /** Call it when a call that failed at one endpoint is sent to another. */
  recordFailover(rpcPath: string): void;
}
