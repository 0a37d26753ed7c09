// A site whose pages are measured twice: by Google's unmodified `web-vitals` and by the collector.
import { readFileSync } from 'node:fs';
import { createServer, request as ask, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { expect } from './fixtures';
import type { Server } from './server';

const LIBRARY = readFileSync(require.resolve('web-vitals').replace(/[^/]*$/, 'web-vitals.attribution.iife.js'));

/** Registers the library as documented. It no longer has FID, which is read from the browser. */
const ASK = `
  const why = ({ name, attribution: a }) => name === 'LCP' ? { target: a.target, parts: [a.timeToFirstByte, a.resourceLoadDelay, a.resourceLoadDuration, a.elementRenderDelay] }
    : name === 'INP' ? { target: a.interactionTarget, parts: [a.inputDelay, a.processingDuration, a.presentationDelay], script: a.longestScript?.entry?.sourceURL }
    : name === 'CLS' ? { target: a.largestShiftTarget } : {};
  const tell = (metric) => navigator.sendBeacon('/theirs', JSON.stringify({ name: metric.name, id: metric.id, value: metric.value, nav: metric.navigationType, ...why(metric) }));
  for (const on of ['onCLS', 'onFCP', 'onINP', 'onLCP', 'onTTFB']) webVitals[on](tell, { reportSoftNavs: true });
  // As older versions of the library: a page that is hidden has no FID.
  document.visibilityState == 'hidden' || new PerformanceObserver((list) => {
    const [first] = list.getEntries();
    tell({ name: 'FID', id: 'first', value: first.processingStart - first.startTime, attribution: {} });
  }).observe({ type: 'first-input', buffered: true });`;

/** An image that is served with a delay. */
const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="400"><rect width="600" height="400" fill="teal"/><circle cx="300" cy="200" r="150" fill="gold"/></svg>';

/** After a restore from the back/forward cache, the browser measures no paint. Both read the clock
 *  in the same frame, the collector after the library has sent its beacons. */
const isOwnClock = ({ name, nav }: Final) => nav === 'back-forward-cache' && /FCP|LCP/.test(name);

/** A value with its attribution: the element, the parts in milliseconds, the longest script. */
type Final = { name: string; nav: string; value: number; target?: string; parts?: number[]; script?: string };

export class Site {
  private theirs = new Map<string, Final>();
  /** The paths of all requests. */
  readonly asked: string[] = [];
  private readonly batches = new Set<string>();
  private ours: Final[] = [];

  private constructor(
    private readonly http: HttpServer,
    readonly url: string,
  ) {}

  static async start(server: Server, pages: Record<string, string>): Promise<Site> {
    let site: Site;
    const http = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://x');
      site.asked.push(pathname);
      if (pathname === '/theirs') {
        let body = '';
        request.on('data', (chunk) => (body += chunk));
        request.on('end', () => {
          const { id, ...metric } = JSON.parse(body);
          site.theirs.set(metric.name + id, metric);
          response.writeHead(204).end();
        });
        return;
      }
      if (pathname === '/picture.svg') {
        setTimeout(() => response.writeHead(200, { 'content-type': 'image/svg+xml', 'cache-control': 'no-store' }).end(PICTURE), 250);
        return;
      }
      if (/^\/(collect|ofrep)/.test(pathname)) return site.pass(request, response, new URL(server.url));
      const html = pages[pathname];
      if (html === undefined) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(`<!DOCTYPE html><html><head><title>x</title>
        <link rel="icon" href="data:,"><script>${LIBRARY.toString()}</script><script>${ASK}</script>
        <script async src="/collector.js" data-key="${server.clientKey}"></script></head><body>${html}</body></html>`);
    });
    await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
    site = new Site(http, `http://127.0.0.1:${(http.address() as AddressInfo).port}`);
    return site;
  }

  /** Forwards a request to Phasegate, and records the vitals in it. */
  private pass(request: IncomingMessage, response: ServerResponse, server: URL): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      if (request.url?.startsWith('/collect?')) this.note(JSON.parse(body.toString()));
      const { method, url: path, headers } = request;
      const passed = ask({ host: server.hostname, port: server.port, method, path, headers: { ...headers, host: server.host } }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      response.on('close', () => passed.destroy());
      passed.on('error', () => response.destroy());
      passed.end(body);
    });
  }

  private note({ batch, events }: { batch: string; events: any[] }): void {
    if (this.batches.has(batch)) return;
    this.batches.add(batch);
    for (const event of events ?? []) {
      if (event.t !== 'vital') continue;
      const same = this.ours.find((one) => one.name === event.name && one.nav === event.nav && one.value === event.was);
      expect(event.was === undefined || same, `${event.name} takes the place of a value that was reported`).toBeTruthy();
      const { name, nav, value, target, parts, script } = event;
      const found = { name, nav, value, target, parts: parts?.map((part: number) => part / 1e3), script };
      if (same) Object.assign(same, found);
      else this.ours.push(found);
    }
  }

  /** Waits until the collector has loaded in a page. */
  async ready(page: Page): Promise<void> {
    await page.waitForFunction(() => (window as any).phasegate?.ready);
    await page.evaluate(() => (window as any).phasegate.ready);
  }

  /** Waits for all values, compares them one by one, and returns those of the library. */
  async compare(names: string[]): Promise<Final[]> {
    const key = ({ name, nav }: Final) => `${name} ${name === 'FID' ? '' : nav}`.trim();
    const sorted = (list: Iterable<Final>) => [...list].sort((a, b) => key(a).localeCompare(key(b)) || a.value - b.value);
    await expect(async () => {
      const [ours, theirs] = [sorted(this.ours), sorted(this.theirs.values())];
      expect(new Set(theirs.map(({ name }) => name)), 'theirs').toEqual(new Set(names));
      expect(ours.map(key)).toEqual(theirs.map(key));
      for (const [index, mine] of ours.entries()) {
        const isScore = mine.name === 'CLS';
        const off = Math.abs(mine.value / (isScore ? 1e6 : 1e3) - theirs[index].value);
        expect(off, `${key(mine)}: ours ${mine.value}, theirs ${theirs[index].value}`).toBeLessThan(isScore ? 1e-6 : isOwnClock(mine) ? 16 : 0.5);
        if (!isOwnClock(mine)) this.compareReasons(mine, theirs[index]);
      }
    }).toPass({ timeout: 10_000 });
    return sorted(this.theirs.values());
  }

  private compareReasons(mine: Final, theirs: Final): void {
    expect(mine.target || undefined, `what ${mine.name} is about`).toEqual(theirs.target || undefined);
    const sum = (parts: number[]) => parts.reduce((all, part) => all + part, 0);
    for (const [index, part] of (theirs.parts ?? []).entries()) {
      // Browsers round these times. If all parts are 0, the collector sends none.
      if (sum(theirs.parts ?? []) > 0) expect(Math.abs((mine.parts?.[index] ?? 0) - part), `part ${index} of ${mine.name}: ours ${mine.parts}, theirs ${theirs.parts}`).toBeLessThan(1);
    }
    if (theirs.script) expect(mine.script, `the longest script of ${mine.name}`).toContain(theirs.script);
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    await new Promise((done) => this.http.close(done));
  }
}
