// A headless Chromium that the machine has, for the browser tests: nothing is downloaded.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--headless',
  // Chromium refuses its sandbox to root, and most containers give it none.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where Chromium is; `undefined` when there is none. In CI there has to be one: its absence throws. */
export function findChromium(): string | undefined {
  const found = CANDIDATES.find((path) => existsSync(path));
  if (found === undefined && process.env.CI === 'true') {
    throw new Error(`CI=true, and no Chromium at ${CANDIDATES.join(', ')}`);
  }
  return found;
}

export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS });
}
