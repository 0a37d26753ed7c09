// On the same page, in the same browser, every vital equals that of the library `web-vitals`.
import { chromium, type Browser, type Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { Site } from './oracle';

/** Handlers that block the main thread for the milliseconds in the element's `data-ms`. */
const BUSY = `<script>
  const busy = (event) => { const ms = +event.target.dataset.ms || 0, end = performance.now() + ms; while (performance.now() < end); };
  addEventListener('click', busy); addEventListener('keydown', busy);
</script>`;

const text = '<h1>Some words that are painted</h1><p>And a paragraph with more of them, so that something is largest.</p>';
const block = (height: number) => `document.body.insertAdjacentHTML('afterbegin', '<div style="height:${height}px">Block</div>');`;

const PAGES: Record<string, string> = {
  '/plain': text,
  '/late': `${text}<script>setTimeout(() => document.body.insertAdjacentHTML('beforeend', '<img width="600" height="400" src="/picture.svg">'), 500)</script>`,
  '/shifts': `${text}${text}<script>for (const [at, height] of [[200, 60], [500, 30], [1900, 90], [2300, 120]]) setTimeout(() => document.body.insertAdjacentHTML('afterbegin', '<div style="height:' + height + 'px">Block</div>'), at); setTimeout(() => document.title = 'done', 2600);</script>`,
  '/slow': `${text}<button id="a" data-ms="130">A</button><button id="b" data-ms="260">B</button><input id="c" data-ms="180">${BUSY}`,
  '/many': `${text}<button id="a" data-ms="0">A</button>${BUSY}`,
  '/frame': `${text}<iframe src="/inner" width="300" height="200"></iframe><script>setTimeout(() => { ${block(50)} document.title = 'done' }, 700)</script>`,
  '/inner': `${text}<script>setTimeout(() => { ${block(80)} }, 400)</script>`,
  '/empty': '',
  '/before': `${text}<script type="speculationrules">{"prerender":[{"source":"list","urls":["/after"]}]}</script><a id="go" href="/after">Go</a>`,
  '/after': `${text}<img width="600" height="400" src="/picture.svg">`,
  '/soft': `${text}<button id="a" data-ms="60">A</button>${BUSY}<script>
    document.getElementById('a').addEventListener('click', () => { history.pushState({}, '', '/soft/2'); document.querySelector('h1').outerHTML = '<h1>Another place with other words in it</h1><img width="600" height="400" src="/picture.svg?2">'; });
  </script>`,
};

const isDone = (page: Page) => page.waitForFunction(() => document.title === 'done');
const settle = (page: Page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 150)))));

/** Opens a page of the site, acts on it and leaves it; then both measurements must agree. */
function agree(name: string, path: string, names: string[], act: (page: Page, site: Site) => Promise<unknown>): void {
  test(`vitals: ${name}`, async ({ server, visitor }) => {
    const site = await Site.start(server, PAGES);
    try {
      const page = await visitor();
      await page.goto(site.url + path);
      await site.ready(page);
      await settle(page);
      await act(page, site);
      await settle(page);
      await page.goto('about:blank');
      await site.compare(names);
    } finally {
      await site.stop();
    }
  });
}

const PAINTS = ['FCP', 'LCP', 'TTFB', 'CLS'];
const ALL = [...PAINTS, 'INP', 'FID'];

agree('a page of text', '/plain', PAINTS, async () => {});
agree('a late largest paint', '/late', PAINTS, (page) => page.waitForFunction(() => document.querySelector('img')?.complete));
agree('shifts in several windows', '/shifts', PAINTS, isDone);
agree('slow interactions, by pointer and keyboard', '/slow', ALL, async (page) => {
  await page.click('#a');
  await settle(page);
  await page.click('#b');
  await settle(page);
  await page.click('#c');
  await page.keyboard.type('xy');
});
agree('many interactions, of which one in fifty is left out', '/many', ALL, async (page) => {
  for (let n = 0; n < 56; n += 1) {
    await page.evaluate((ms) => (document.getElementById('a')!.dataset.ms = String(ms)), n === 7 ? 300 : n % 9 === 0 ? 60 + n : 0);
    await page.click('#a');
  }
});
agree('an input before the largest paint', '/late', ALL, async (page) => {
  await page.click('h1');
  await page.waitForFunction(() => document.querySelector('img')?.complete);
});
agree('a frame with shifts of its own', '/frame', PAINTS, isDone);
agree('a page without content', '/empty', ['TTFB'], async () => {});
agree('a page hidden and shown again between interactions', '/slow', ALL, async (page) => {
  await page.evaluate(() => {
    let isHidden = false;
    Object.defineProperty(document, 'visibilityState', { get: () => (isHidden ? 'hidden' : 'visible') });
    Object.defineProperty(document, 'hidden', { get: () => isHidden });
    (window as any).turn = () => {
      isHidden = !isHidden;
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    };
  });
  await page.click('#a');
  await settle(page);
  await page.evaluate(() => (window as any).turn());
  await page.evaluate(() => (window as any).turn());
  await page.click('#b');
  await settle(page);
  await page.evaluate(() => (window as any).turn());
});

for (const [name, turnsUp] of [['a page loaded while hidden', true], ['a tab that stays in the background', false]] as const) {
  test(`vitals: ${name}`, async ({ server, visitor }) => {
    const site = await Site.start(server, PAGES);
    try {
      const page = await visitor();
      // Headless pages are always visible, so the state is mocked for both measurements.
      await page.addInitScript(() => {
        let isHidden = true;
        Object.defineProperty(Document.prototype, 'visibilityState', { get: () => (isHidden ? 'hidden' : 'visible') });
        Object.defineProperty(Document.prototype, 'hidden', { get: () => isHidden });
        (window as any).turn = () => {
          isHidden = !isHidden;
          document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
        };
      });
      await page.goto(site.url + '/slow');
      await site.ready(page);
      if (turnsUp) {
        await page.evaluate(() => (window as any).turn());
        await page.click('#a');
        await settle(page);
        await page.evaluate(() => (window as any).turn());
      }
      await settle(page);
      await page.goto('about:blank');
      await site.compare(turnsUp ? ['TTFB', 'INP'] : ['TTFB']);
    } finally {
      await site.stop();
    }
  });
}

/** A browser with its defaults: with the back/forward cache, which tests usually switch off. */
async function everyday(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    ignoreDefaultArgs: ['--disable-back-forward-cache', '--disable-features=DestroyProfileOnBrowserClose'],
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

test('vitals: back from the back/forward cache', async ({ server }) => {
  const site = await Site.start(server, PAGES);
  const browser = await everyday();
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(site.url + '/slow');
    await site.ready(page);
    await page.click('#a');
    await settle(page);
    await page.evaluate(() => addEventListener('pageshow', (event) => { document.title = event.persisted ? 'restored' : 'loaded'; }));
    await page.goto(site.url + '/plain');
    await site.ready(page);
    await settle(page);
    await page.goBack({ waitUntil: 'commit' });
    await page.waitForFunction(() => document.title === 'restored');
    await settle(page);
    await page.click('#b');
    await settle(page);
    await page.goto('about:blank');
    const all = await site.compare(ALL);
    expect(all.filter(({ nav }) => nav === 'back-forward-cache').map(({ name }) => name).sort()).toEqual(['CLS', 'FCP', 'INP', 'LCP', 'TTFB']);
  } finally {
    await browser.close();
    await site.stop();
  }
});

test('vitals: a page that was prerendered', async ({ server }) => {
  const site = await Site.start(server, PAGES);
  const browser = await everyday();
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(site.url + '/before');
    await site.ready(page);
    await settle(page);
    // Meanwhile the browser prerenders the other page, if it does so at all.
    const isPrerendering = await expect.poll(() => site.asked.includes('/picture.svg'), { timeout: 5_000 }).toBe(true).then(() => true, () => false);
    test.skip(!isPrerendering, 'Chromium does not prerender here, so there is nothing to compare');
    await settle(page);
    await page.click('#go');
    await page.waitForFunction(() => location.pathname === '/after' && document.readyState === 'complete');
    await site.ready(page);
    await settle(page);
    await page.goto('about:blank');
    const all = await site.compare(ALL);
    expect(all.filter(({ nav }) => nav === 'prerender').map(({ name }) => name).sort()).toEqual(['CLS', 'FCP', 'LCP', 'TTFB']);
  } finally {
    await browser.close();
    await site.stop();
  }
});

test('vitals: a soft navigation, where the browser reports them', async ({ server, visitor }) => {
  const site = await Site.start(server, PAGES);
  try {
    const page = await visitor();
    await page.goto(site.url + '/soft');
    await site.ready(page);
    const isReported = await page.evaluate(() => PerformanceObserver.supportedEntryTypes.includes('soft-navigation'));
    await page.click('#a');
    await page.waitForFunction(() => document.querySelector('img')?.complete);
    await settle(page);
    await page.goto('about:blank');
    const all = await site.compare(ALL);
    expect(all.some(({ nav }) => nav === 'soft-navigation'), 'only where the browser reports them').toBe(isReported);
  } finally {
    await site.stop();
  }
});
