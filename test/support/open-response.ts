// A streaming response over its own connection: its headers at once, its text as it arrives, and its end.
import http from 'node:http';

export interface OpenResponse {
  readonly response: http.IncomingMessage;
  /** The text received so far. */
  text(): string;
  /** Whether the response has ended or the connection is closed. */
  isOver(): boolean;
  /** Resolves with the received text when the response is over. */
  readonly ended: Promise<string>;
  /** Cuts the connection. */
  cut(): void;
}

/** Resolves when the headers of a GET have arrived. Then `onText` receives each piece of the body. */
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
