// Serves the examples on a site of their own.
import { readFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { build } from 'esbuild';
import type { Server } from './server';

const EXAMPLES = join(__dirname, '../../examples');
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** Serves an example's folder, with the URL and client key of a server filled in. */
export async function serve(folder: string, server: Server, built: Record<string, string> = {}): Promise<{ url: string; http: HttpServer }> {
  const http = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname.replace(/\/$/, '/index.html');
    const text = built[path] ?? readFileSync(join(EXAMPLES, folder, path), 'utf8');
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'text/plain' });
    response.end(text.replaceAll('http://127.0.0.1:8080', server.url).replaceAll('pk_example', server.clientKey));
  });
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  return { http, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/` };
}

/** Bundles the script of the React example. */
export async function reactScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(EXAMPLES, 'react/src/main.jsx')],
    bundle: true,
    write: false,
    jsx: 'automatic',
    nodePaths: [join(__dirname, '../node_modules')],
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outputFiles[0].text;
}
