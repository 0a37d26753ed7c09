// Unmodified OpenFeature clients, in a page of another site and in Node.
import { createServer, type Server as HttpServer } from 'node:http';
import { join } from 'node:path';
import { OpenFeature, type EvaluationDetails, type FlagValue } from '@openfeature/server-sdk';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { build } from 'esbuild';
import { expect, test } from './fixtures';
import type { Server } from './server';

const FLAGS = [
  { key: 'YES', kind: 'boolean', rules: [{ name: 'Beta', condition: { in_segment: 'beta_testers' }, variant: 'on' }] },
  { key: 'HALF', kind: 'boolean', rules: [{ variant: 'on', share: 50 }] },
  { key: 'TEXT', kind: 'string', off_variant: 'a', variants: [{ name: 'a', value: 'hello' }] },
  { key: 'WHOLE', kind: 'integer', off_variant: 'a', variants: [{ name: 'a', value: 42 }] },
  { key: 'REAL', kind: 'float', off_variant: 'a', variants: [{ name: 'a', value: 1.5 }] },
  { key: 'THING', kind: 'object', off_variant: 'a', variants: [{ name: 'a', value: { colour: 'red', sizes: [1, 2] } }] },
  { key: 'OFF', kind: 'boolean', enabled: false, default_variant: 'on' },
];
const ADA = { targetingKey: 'ada', groups: ['beta'] };

async function makeFlags(server: Server): Promise<void> {
  for (const flag of FLAGS) await server.api('POST', '/flags', flag);
}

/** Checks the answers that every client must get, in a page or on a server. */
function expectAnswers(answers: Record<string, EvaluationDetails<FlagValue>>): void {
  expect(answers.YES).toMatchObject({
    value: true,
    variant: 'on',
    reason: 'TARGETING_MATCH',
    flagMetadata: { rule: 1, ruleName: 'Beta' },
  });
  expect(answers.HALF).toMatchObject({ reason: expect.stringMatching(/^(SPLIT|DEFAULT)$/) });
  expect(answers.TEXT).toMatchObject({ value: 'hello', reason: 'STATIC' });
  expect(answers.WHOLE).toMatchObject({ value: 42 });
  expect(answers.REAL).toMatchObject({ value: 1.5 });
  expect(answers.THING).toMatchObject({ value: { colour: 'red', sizes: [1, 2] } });
  expect(answers.OFF, 'off beats the default in the app').toMatchObject({ value: false, reason: 'DISABLED' });
  expect(answers.NONE, 'a flag that is not there').toMatchObject({ value: 'fallback', errorCode: 'FLAG_NOT_FOUND' });
}

/** Starts a site with a page that uses OpenFeature. */
async function startSite(): Promise<{ site: HttpServer; url: string }> {
  const bundle = await build({
    stdin: {
      contents: `
        export { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';
        export { OFREPWebProvider } from '@openfeature/ofrep-web-provider';`,
      resolveDir: join(__dirname, '..'),
    },
    bundle: true,
    format: 'iife',
    globalName: 'of',
    write: false,
  });
  const script = bundle.outputFiles[0].text;
  const site = createServer((request, response) => {
    const isScript = request.url === '/of.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!DOCTYPE html><link rel="icon" href="data:,"><script src="/of.js"></script>');
  });
  await new Promise<void>((listening) => site.listen(0, '127.0.0.1', listening));
  const address = site.address();
  if (!address || typeof address === 'string') throw new Error('the site has no port');
  return { site, url: `http://127.0.0.1:${address.port}` };
}

test('the web SDK gets every flag type, a 304, and a live change', async ({ server, visitor }) => {
  await makeFlags(server);
  const { site, url } = await startSite();
  const page = await visitor();
  await page.goto(url);
  const statuses: number[] = [];
  page.on('response', (response) => {
    if (response.url().endsWith('/evaluate/flags')) statuses.push(response.status());
  });
  const stream = page.waitForResponse(/\/ofrep\/v1\/stream\?ticket=/);

  const answers = await page.evaluate(
    async ({ baseUrl, key, context }) => {
      const { OpenFeature, OFREPWebProvider, ProviderEvents } = (window as any).of;
      await OpenFeature.setContext(context);
      const headers: [string, string][] = [['Authorization', `Bearer ${key}`]];
      await OpenFeature.setProviderAndWait(new OFREPWebProvider({ baseUrl, headers, pollInterval: 0 }));
      const client = OpenFeature.getClient();
      (window as any).changes = 0;
      client.addHandler(ProviderEvents.ConfigurationChanged, () => ((window as any).changes += 1));
      return {
        YES: client.getBooleanDetails('YES', false),
        HALF: client.getBooleanDetails('HALF', false),
        TEXT: client.getStringDetails('TEXT', ''),
        WHOLE: client.getNumberDetails('WHOLE', 0),
        REAL: client.getNumberDetails('REAL', 0),
        THING: client.getObjectDetails('THING', {}),
        OFF: client.getBooleanDetails('OFF', true),
        NONE: client.getStringDetails('NONE', 'fallback'),
      };
    },
    { baseUrl: server.url, key: server.clientKey, context: ADA },
  );
  expectAnswers(answers);

  await test.step('asking again for the same is answered with 304', async () => {
    await page.evaluate(async (context) => (window as any).of.OpenFeature.setContext({ ...context }), ADA);
    await expect.poll(() => statuses).toContain(304);
  });

  await test.step('a change arrives by itself', async () => {
    expect((await stream).status()).toBe(200);
    const value = () => page.evaluate(() => (window as any).of.OpenFeature.getClient().getBooleanValue('OFF', true));
    expect(await value()).toBe(false);
    await server.api('PUT', '/flags/OFF', { ...FLAGS[6], enabled: true });
    await expect.poll(value).toBe(true);
    expect(await page.evaluate(() => (window as any).changes)).toBeGreaterThan(0);
  });
  site.close();
});

test('the server SDK gets every flag type, and the default of unknown flags', async ({ server }) => {
  await makeFlags(server);
  const headers: [string, string][] = [['Authorization', `Bearer ${server.serverToken}`]];
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: server.url, headers }));
  const client = OpenFeature.getClient();
  expectAnswers({
    YES: await client.getBooleanDetails('YES', false, ADA),
    HALF: await client.getBooleanDetails('HALF', false, ADA),
    TEXT: await client.getStringDetails('TEXT', '', ADA),
    WHOLE: await client.getNumberDetails('WHOLE', 0, ADA),
    REAL: await client.getNumberDetails('REAL', 0, ADA),
    THING: await client.getObjectDetails('THING', {}, ADA),
    OFF: await client.getBooleanDetails('OFF', true, ADA),
    NONE: await client.getStringDetails('NONE', 'fallback', ADA),
  });
  const nobody = await client.getBooleanDetails('HALF', true);
  expect(nobody, 'a split needs to know who').toMatchObject({ value: true, errorCode: 'TARGETING_KEY_MISSING' });
  await OpenFeature.close();
});

test('a validator accepts the OpenAPI document', async ({ server }) => {
  const { Validator } = await import('@seriousme/openapi-schema-validator');
  const document = await (await fetch(`${server.url}/api/v1/openapi.json`)).json();
  const validator = new Validator();
  const result = await validator.validate(document);
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
  expect(validator.version).toBe('3.1');
});
