// An answer that goes on: its head at once, its text as it comes, and its end, over a connection of its own.
import http from 'node:http';

export interface OpenResponse {
  readonly response: http.IncomingMessage;
  /** What has come so far. */
  text(): string;
  /** Whether the server has ended it, or the connection is gone. */
  isOver(): boolean;
  /** Resolves with whatever came when it is over. */
  readonly ended: Promise<string>;
  /** Cuts the connection. */
  cut(): void;
}

/** Resolves once the answer to a GET has begun; after that `onText` gets every piece of it. */
export async function openResponse(
  baseUrl: string,
  path: string,
  headers: http.OutgoingHttpHeaders,
  onText: (piece: string) => void,
): Promise<OpenResponse> {
  const { hostname, port } = new URL(baseUrl);
  const request = http.request({ agent: false, hostname, port, path, headers });
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', reject);
    request.end();
  });
  let text = '';
  let isOver = false;
  response.setEncoding('utf8');
  response.on('data', (piece: string) => {
    text += piece;
    onText(piece);
  });
  const ended = new Promise<string>((resolve) => {
    const end = (): void => {
      isOver = true;
      resolve(text);
    };
    request.on('error', end);
    response.on('error', end);
    response.on('close', end);
  });
  return {
    response,
    text: () => text,
    isOver: () => isOver,
    ended,
    cut: () => void request.destroy(),
  };
}
