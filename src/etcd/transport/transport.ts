// How calls reach one endpoint: the only importer of axios, and open streams beside it. Knows paths and bytes, nothing of RPCs, retries
// or meaning.
import axios from 'axios';
import type { TrafficClass } from '../../core/caller.js';
import type { Connector } from './connection.js';
import type { Endpoint } from '../endpoint.js';
import { createHttpAdapter } from './http-adapter.js';
import type { AdapterLimits, CallTimeouts } from './http-adapter.js';
import { openHttpStream } from './http-stream.js';
import type { OpenStream, StreamCall } from './http-stream.js';

export interface UnaryResponse {
  readonly status: number;
  readonly body: Buffer;
}

export interface UnaryCall {
  readonly method?: 'GET' | 'POST';
  /** A path of ours, never a caller's. */
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly timeouts: CallTimeouts;
  /** Looked at where there are several (traffic-classes.ts). */
  readonly trafficClass?: TrafficClass | undefined;
}

export interface Transport {
  /** Resolves on every status; throws `TransportError` when there is no whole answer. */
  unary(endpoint: Endpoint, call: UnaryCall): Promise<UnaryResponse>;
  /** A request and an answer that both stay open, on a connection of their own. Whoever opens it destroys it. */
  stream(endpoint: Endpoint, call: StreamCall): OpenStream;
  /** Takes the connections that `unary` keeps out of use: those to one endpoint, or all. Calls that run on them go on. */
  retire(endpoint?: Endpoint): void;
  /** Ends what `unary` keeps; streams are not among it. */
  close(): void;
}

export interface TransportLimits extends AdapterLimits {
  /** Of one answer; a page of 1,000 keys of 1.5 MB must not fit. */
  readonly responseBytesMax: number;
}

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

export function createTransport(limits: TransportLimits, connector: Connector): Transport {
  const { adapter, ...kept } = createHttpAdapter(limits, connector);
  const instance = axios.create({
    adapter,
    headers: {},
    maxContentLength: limits.responseBytesMax,
    maxRedirects: 0,
    proxy: false,
    responseType: 'arraybuffer',
    transformRequest: [],
    transformResponse: [],
    validateStatus: () => true,
  });
  instance.defaults.headers.common = {};
  return {
    async unary(endpoint, call) {
      const config = {
        url: originOf(endpoint) + call.path,
        endpoint,
        method: call.method ?? 'POST',
        data: call.body,
        headers: call.headers === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...call.headers },
        signal: call.signal,
        timeouts: call.timeouts,
      };
      const response = await instance.request<Buffer>(config);
      return { status: response.status, body: response.data };
    },
    stream(endpoint, call) {
      const headers = { ...JSON_HEADERS, ...call.headers };
      return openHttpStream(endpoint, { ...call, headers }, connector);
    },
    ...kept,
  };
}

/** The agent connects to the endpoint itself: of a socket the URL gives the Host alone. */
function originOf({ url, hostname, socketPath }: Endpoint): string {
  return socketPath === undefined ? url : `http://${hostname}`;
}
