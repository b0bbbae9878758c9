// The part of the table of settings about the etcd that the gateway runs itself.
import { parseBaseUrl, parseLoopbackPort } from './address.js';
import { row } from './setting.js';
import { parseOptionalPath } from './values.js';

export const EMBEDDED = {
  etcdBin: row({
    env: 'LATCHKEY_ETCD_BIN',
    flag: 'etcd-bin',
    placeholder: 'PATH',
    default: '',
    defaultNote: 'found, else fetched',
    parse: parseOptionalPath,
    describe: 'the etcd program that embedded etcd runs',
  }),
  dataDir: row({
    env: 'LATCHKEY_DATA_DIR',
    flag: 'data-dir',
    placeholder: 'PATH',
    default: '.latchkey/',
    parse: (text: string) => text,
    describe: 'where embedded etcd keeps its data, its log and a fetched program',
  }),
  etcdListen: row({
    env: 'LATCHKEY_ETCD_LISTEN',
    flag: 'etcd-listen',
    placeholder: 'HOST:PORT',
    default: '',
    defaultNote: 'a unix socket',
    parse: parseLoopbackPort,
    describe:
      'TCP port of embedded etcd on loopback; any web page open on this machine can then write to etcd',
  }),
  etcdDownloadUrl: row({
    env: 'LATCHKEY_ETCD_DOWNLOAD_URL',
    flag: 'etcd-download-url',
    placeholder: 'URL',
    default: 'https://github.com/etcd-io/etcd/releases/download',
    parse: parseBaseUrl,
    describe: 'base URL of the release archives that embedded etcd is fetched from',
  }),
} as const;
