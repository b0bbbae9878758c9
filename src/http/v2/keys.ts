// /v2/keys: maps requests to operations of the v2 tree, and results to responses.
import { Router } from 'express';
import type { Request, Response } from 'express';
import { GatewayError } from '../../core/errors.js';
import type { V2Result } from '../../domain/v2/writes/change.js';
import { createInOrder } from '../../domain/v2/writes/create-in-order.js';
import type { InOrderDeps } from '../../domain/v2/writes/create-in-order.js';
import { toExpirationTime } from '../../domain/v2/expiry/node-lease.js';
import type { V2Event } from '../../domain/v2/tree/node.js';
import { parsePath } from '../../domain/v2/tree/path.js';
import { getNode } from '../../domain/v2/tree/get-node.js';
import { rejectInternalNames } from '../../domain/v2/tree/checks.js';
import type { ReadDeps } from '../../domain/v2/tree/get-node.js';
import { compareAndDelete, deleteNode } from '../../domain/v2/writes/delete-node.js';
import type { CountedOperation, V2Statistics } from '../../domain/v2/statistics.js';
import {
  compareAndSwap,
  createNode,
  setNode,
  updateNode,
} from '../../domain/v2/writes/write-node.js';
import type { ResponseHeader } from '../../etcd/wire.js';
import { bytesOf } from '../body/body-readers.js';
import type { BodyReaders } from '../body/body-readers.js';
import { contextOf } from '../request/context.js';
import { KEYS_METHODS } from './errors.js';
import { encodeAction, encodeEvent } from './event-body.js';
import { parseForm } from './form.js';
import { pathOf, queryOf } from '../request/target.js';
import { decodePath } from './go-paths.js';
import { parseKeyParameters } from './key-request.js';
import type { KeyParameters } from './key-request.js';
import type { StoreHeaders } from './store-headers.js';
import { serveWait } from './wait.js';
import type { WaitRouteDeps } from './wait.js';

const KEYS = '/v2/keys';
const METHODS_WITH_FORM = ['PUT', 'POST'];

export interface V2KeysDeps extends InOrderDeps, ReadDeps, WaitRouteDeps {
  readonly statistics: V2Statistics;
  readonly headers: StoreHeaders;
  readonly bodies: BodyReaders;
}

export function createV2KeysRouter(deps: V2KeysDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const body = deps.bodies.forms();
  router.use((req, res, next) => {
    if (!isKeysPath(req)) next('router');
    else if (!KEYS_METHODS.includes(req.method)) throw new GatewayError('method-not-allowed');
    else if (METHODS_WITH_FORM.includes(req.method)) void body(req, res, next);
    else next();
  });
  router.use((req, res, next) => {
    deps.headers
      .putRememberedClusterId(contextOf(req).caller, res)
      .then(() => serve(deps, req, res))
      .catch(next);
  });
  return router;
}

function isKeysPath(req: Request): boolean {
  const path = pathOf(req.url);
  return path === KEYS || path.startsWith(`${KEYS}/`);
}

async function serve(deps: V2KeysDeps, req: Request, res: Response): Promise<void> {
  const path = decodePath(pathOf(req.url)) ?? '';
  const isForm = METHODS_WITH_FORM.includes(req.method);
  const contentType = req.headers['content-type'];
  const form = parseForm(
    queryOf(req.url),
    isForm ? { contentType, bytes: bytesOf(req) } : undefined,
  );
  const parameters = parseKeyParameters(req.method, form);
  deps.bodies.checkValue(parameters.value);
  const node = parsePath(path.slice(KEYS.length));
  rejectInternalNames(node);
  if (parameters.isWait) {
    const { isRecursive, isStream, waitIndex } = parameters;
    await serveWait(deps, req, res, { path: node, isRecursive, isStream, index: waitIndex });
    return;
  }
  const { event, header } = await perform(deps, req, node, parameters);
  sendEvent(deps, res, event, header, parameters.isWithoutValue);
}

async function perform(
  deps: V2KeysDeps,
  req: Request,
  path: string,
  parameters: KeyParameters,
): Promise<V2Result> {
  const { caller } = contextOf(req);
  const count = <T>(operation: CountedOperation, work: Promise<T>): Promise<T> =>
    deps.statistics.count(operation, work);
  const { isDirectory, isRecursive, prevExist, prevValue, prevIndex } = parameters;
  const hasComparison = prevValue.length > 0 || prevIndex > 0n;
  const comparison = { prevValue, prevIndex };
  switch (req.method) {
    case 'POST': {
      const write = { ...toWrite(path, parameters, true), isDirectory };
      return count('create', createInOrder(caller, deps, write));
    }
    case 'DELETE':
      return hasComparison
        ? count('compareAndDelete', compareAndDelete(caller, deps, path, comparison))
        : count('delete', deleteNode(caller, deps, { path, isDirectory, isRecursive }));
    case 'PUT':
      if (prevExist !== false && hasComparison) {
        const write = toWrite(path, parameters, false);
        return count('compareAndSwap', compareAndSwap(caller, deps, write, comparison));
      }
      if (prevExist === true)
        return count('update', updateNode(caller, deps, toWrite(path, parameters, false)));
      return setOrCreate(deps, req, path, parameters);
    default: {
      const { node, header } = await count('gets', getNode(caller, deps, { path, isRecursive }));
      return { event: { action: 'get', node }, header };
    }
  }
}

function setOrCreate(
  { statistics, ...deps }: V2KeysDeps,
  req: Request,
  path: string,
  parameters: KeyParameters,
): Promise<V2Result> {
  const { caller } = contextOf(req);
  const { isDirectory, prevExist } = parameters;
  const write = { ...toWrite(path, parameters, true), isDirectory };
  return prevExist === false
    ? statistics.count('create', createNode(caller, deps, { ...write, isRefresh: false }))
    : statistics.count('sets', setNode(caller, deps, write));
}

function toWrite(path: string, { value, ttl, isRefresh }: KeyParameters, isNew: boolean) {
  const expiresAt = ttl === undefined ? undefined : toExpirationTime(ttl, Date.now(), isNew);
  return { path, value, expiresAt, isRefresh };
}

const SHORT_RESPONSE_ACTIONS: readonly V2Event['action'][] = [
  'set',
  'compareAndSwap',
  'create',
  'update',
];

function sendEvent(
  { headers }: V2KeysDeps,
  res: Response,
  event: V2Event,
  header: ResponseHeader,
  isWithoutValue: boolean,
): void {
  headers.put(res, header);
  const isCreated =
    event.action === 'create' || (event.action === 'set' && event.prevNode === undefined);
  res.statusCode = isCreated ? 201 : 200;
  const isShort = isWithoutValue && SHORT_RESPONSE_ACTIONS.includes(event.action);
  const text = isShort ? encodeAction(event) : encodeEvent(event);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}
