// The guide's rollout with two accounts: checklist, start, votes, advances and rollbacks.
import { expect, logIn, test } from './fixtures';
import type { Page } from '@playwright/test';
import type { Server } from './server';

const REASON = 'Reason (required)';

/** Creates an account with the role operator, which may not override gates, and logs it in. */
async function operator(server: Server, visitor: () => Promise<Page>): Promise<Page> {
  const email = 'olga@example.com';
  const password = server.command('account', 'add', email).trim();
  const page = await visitor();
  await logIn(page, { email, password });
  return page;
}

async function tickAll(page: Page): Promise<void> {
  const list = page.getByTestId('checklist');
  for (let left = 12; left > 0; left -= 1) {
    await expect(list).toContainText(`${12 - left} of 12 done`);
    await list.getByRole('button', { name: /^Mark as done/ }).first().click();
  }
  await expect(list).toContainText('12 of 12 done');
}

/** Removes the minimum durations from the guide's plan. */
async function withoutWaiting(server: Server): Promise<void> {
  const { toml } = await server.api('GET', '/rollout/plan');
  const revised = toml.replace(/minimum_days = \d+/g, 'minimum_days = 0').replace('"v2.0"', '"v2.1"');
  await server.api('PUT', '/rollout/plan', { toml: revised, note: 'No waiting' });
}

/** Sends telemetry of users with these flags: fast pages, uses, good ratings, no errors. */
async function traffic(server: Server, users: number, segment: string, flags: string[]): Promise<void> {
  const given = Object.fromEntries(flags.map((flag) => [flag, 'on']));
  const vitals = { LCP: 900_000, INP: 40_000, CLS: 0, FCP: 600_000, TTFB: 100_000 };
  const events = [
    { t: 'view', page: '/library' },
    ...Object.entries(vitals).map(([name, value]) => ({ t: 'vital', page: '/library', name, value })),
    ...flags.flatMap((flag) => [{ t: 'exposure', flag, variant: 'on' }, { t: 'use', flag }]),
    { t: 'feedback', page: '/library', kind: 'rating', rating: 5, message: 'Found my exercises at once' },
  ];
  const visit = async (who: number) => {
    const id = `${segment}-${flags.length}-${who}`;
    const batch = { v: 1, batch: id, session: id, visitor: id, user: id, segments: segment, exposed: given, events };
    const answer = await fetch(`${server.url}/collect?key=${server.clientKey}`, { method: 'POST', body: JSON.stringify(batch) });
    expect(await answer.json()).toMatchObject({ accepted: events.length });
  };
  for (let who = 0; who < users; who += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, next) => visit(who + next)));
  }
}

/** Votes go with both accounts, and advances as the operator, without overriding the gate. */
async function goOn(olga: Page, admin: Page, phase: number): Promise<void> {
  for (const [page, email] of [[olga, 'olga@'], [admin, 'admin@']] as const) {
    await page.goto('/admin/rollout');
    const votes = page.getByTestId('votes');
    await votes.getByRole('button', { name: 'Go', exact: true }).click();
    await expect(votes.getByRole('listitem').filter({ hasText: email })).toHaveText(/^Go /);
  }
  // The page may be reloading itself, because the admin has voted.
  await expect(() => olga.goto('/admin/rollout')).toPass();
  await expect(olga.getByTestId('gate-answer')).toContainText(/^Yes\. All \d+ conditions hold\.$/);
  await olga.getByRole('link', { name: `Advance to phase ${phase}` }).click();
  await expect(olga.locator('.confirm-warning')).toHaveCount(0);
  await olga.getByLabel('Reason (optional)').fill('All is well');
  await olga.getByRole('button', { name: `Advance to phase ${phase}` }).click();
  await expect(olga.getByTestId('rollout-status')).toContainText(`Phase ${phase} of 6`);
}

test('a rollout runs from its checklist to a post-mortem', async ({ admin, server, visitor, expectComplaint }) => {
  test.slow();
  expectComplaint(/4(09|22) \((Conflict|Unprocessable)/);
  expectComplaint(/The demo threw this error/);
  const olga = await operator(server, visitor);
  await withoutWaiting(server);
  const status = (page: Page) => page.getByTestId('rollout-status');

  await test.step('an operator cannot start before the checklist is done', async () => {
    await olga.goto('/admin/rollout');
    await expect(olga.getByRole('link', { name: 'Start the rollout' })).toHaveCount(0);
    await expect(olga.getByTestId('checklist')).toContainText('Security audit completed');
    await olga.getByLabel('Link (optional)').first().fill('https://ci.example/run/1');
    await tickAll(olga);
    await expect(olga.getByTestId('checklist').getByRole('link', { name: 'https://ci.example/run/1' })).toBeVisible();
    await expect(olga.getByTestId('checklist')).toContainText('olga@example.com');
    await olga.getByRole('link', { name: 'Start the rollout' }).click();
    await expect(olga.getByLabel('Reason (optional)')).toBeVisible();
    await olga.getByRole('button', { name: 'Start the rollout' }).click();
    await expect(status(olga)).toContainText('Phase 1 of 6');
  });

  await test.step('the page answers whether it can go on, and if not, why not', async () => {
    await expect(olga.getByTestId('gate-answer')).toContainText(/Not yet\. \d+ of \d+ conditions are open\./);
    const gate = olga.getByTestId('gate');
    await expect(gate).toContainText('All core features functional');
    await expect(gate).toContainText('no sessions yet');
    await expect(gate).toContainText('0 of 2 say go');
    await expect(olga.getByRole('link', { name: 'Advance to phase 2' })).toHaveCount(0);
  });

  await test.step('accounts judge what cannot be measured, and vote', async () => {
    const gate = olga.getByTestId('gate');
    for (const statement of ['No blocking bugs', 'All critical features working', 'All core features functional', 'Performance metrics within acceptable ranges']) {
      const line = gate.getByRole('listitem').filter({ hasText: statement });
      await line.getByRole('button', { name: 'Sign off as met' }).click();
      await expect(line).toContainText('olga@example.com says so');
    }
    await olga.getByTestId('votes').getByRole('button', { name: 'Go', exact: true }).click();
    await expect(gate).toContainText('1 of 2 say go');
    await admin.goto('/admin/rollout');
    const votes = admin.getByTestId('votes');
    await votes.getByRole('button', { name: 'No-go' }).click();
    await expect(admin.getByRole('alert')).toContainText('comment: must not be empty');
    await votes.getByLabel(/Comment/).fill('It is Friday');
    await votes.getByRole('button', { name: 'No-go' }).click();
    await expect(admin.getByTestId('gate')).toContainText('says no-go: It is Friday');
    await admin.getByTestId('votes').getByRole('button', { name: 'Go', exact: true }).click();
    await expect(admin.getByTestId('gate')).toContainText('2 say go');
  });

  await test.step('what pages report opens the gates of phases 1 and 2', async () => {
    const [first, second] = ['ENHANCED_EXERCISE_LIBRARY', 'EXERCISE_PROGRESS_TRACKING'];
    await expect(admin.getByTestId('gate')).toContainText('no sessions yet');
    await traffic(server, 120, 'internal', [first]);
    await goOn(olga, admin, 2);
    await expect(olga.getByTestId('to-send')).toContainText('It is now in phase 2 (Beta users, up to 5 % of users)');
    await expect(olga.getByTestId('votes').getByRole('listitem'), 'votes were about phase 1').toHaveCount(0);
    const minutes = olga.getByTestId('first-minutes');
    await expect(minutes).toContainText('no evaluation yet');
    await traffic(server, 600, 'beta_testers', [first, second]);
    await olga.goto('/admin/rollout');
    await expect(minutes).toContainText('served: 600');
    await expect(olga.getByTestId('feedback').first()).toContainText('average rating 5.0 of 5');
    await expect(olga.getByTestId('kpis')).toContainText('Adoption of core features');
    await goOn(olga, admin, 3);
  });

  await test.step('errors in the demo are in the evidence', async () => {
    const beta = await visitor();
    await beta.goto('/demo?as=ada');
    await expect(beta.locator('.flag.is-on')).toHaveCount(5);
    await beta.getByRole('button', { name: 'Throw an error' }).click();
    await expect.poll(async () => {
      await admin.goto('/admin/rollout');
      return admin.getByTestId('first-minutes').innerText();
    }, { timeout: 15_000 }).toMatch(/Sessions with an error\s+1 \(/);
  });

  await test.step('the gradual rollback is two clicks away, and halves exactly', async () => {
    await olga.goto('/admin/performance');
    await olga.getByRole('link', { name: 'Roll back …' }).click();
    const card = olga.getByRole('article', { name: 'Gradual rollback' });
    await card.getByLabel(REASON).fill('Pages got slow');
    await card.getByLabel('Detected').selectOption('1 hour ago');
    await card.getByRole('button', { name: 'Halve the shares' }).click();
    await expect(status(olga)).toContainText('50 % of the shares');
    await expect(olga.getByTestId('incidents')).toContainText('Pages got slow');
    await expect(olga.getByTestId('incidents')).toContainText('carried out 1 h after detection, in time (limit 2 h)');
    await expect(olga.getByTestId('gate')).toContainText('50 % of the plan is served; restore it first');
    await olga.goto('/admin/debugger?user=sam');
    await expect(olga.getByTestId('answers')).toContainText(/below 2500/);
  });

  await test.step('the full rollback asks for a post-mortem before anybody advances', async () => {
    await olga.goto('/admin/rollout/emergency');
    const card = olga.getByRole('article', { name: 'Full rollback' });
    await card.getByLabel(REASON).fill('Subscriptions fall');
    await card.getByRole('button', { name: 'Roll back to phase 1' }).click();
    await expect(status(olga)).toContainText('Phase 1 of 6');
    await admin.goto('/admin/rollout');
    await expect(admin.getByRole('link', { name: 'Advance to phase 2' })).toHaveCount(0);
    await expect(admin.getByTestId('gate')).toContainText('that of incident 2 is not written');
    await olga.getByRole('link', { name: /Incident 2/ }).click();
    await expect(olga.getByTestId('incident-timeline')).toContainText('Rolled all the way back from phase 3 to phase 1');
    await expect(olga.getByLabel('Stakeholder message')).toHaveValue(/was rolled back to phase 1[^]*Why: Subscriptions fall/);
    await olga.getByRole('button', { name: 'Mark as notified : Support lead' }).click();
    await expect(olga.getByText(/, notified/).first()).toBeVisible();
    await olga.getByRole('button', { name: 'Close the incident' }).click();
    await expect(olga.getByRole('alert')).toContainText('write its post-mortem first');
    await olga.getByLabel(/^Impact/).fill('A fifth of the new users for an hour');
    await olga.getByLabel('Cause').fill('A cache without a limit');
    await olga.getByLabel('What went well').fill('Noticed early');
    await olga.getByLabel('Action').first().fill('Limit the cache');
    await olga.getByLabel('Owner').first().fill('Ada');
    await olga.getByRole('button', { name: 'Save the post-mortem' }).click();
    await expect(olga.getByTestId('post-mortem')).toContainText('A cache without a limit');
    await olga.getByRole('button', { name: 'Close the incident' }).click();
    await expect(olga.getByTestId('incident-status')).toHaveText('closed');
  });

  await test.step('and then the rollout goes on', async () => {
    await admin.goto('/admin/rollout');
    await admin.getByRole('link', { name: 'Advance to phase 2' }).click();
    await admin.getByLabel(REASON).fill('Mended');
    await admin.getByRole('button', { name: 'Advance to phase 2' }).click();
    await expect(status(admin)).toContainText('Phase 2 of 6');
    await expect(admin.getByTestId('rollout-history')).toContainText('Wrote the post-mortem of incident 2.');
  });

  await test.step('the weekly review says what happened and what is to be decided', async () => {
    await admin.getByRole('link', { name: 'Weekly review' }).click();
    await expect(admin.getByRole('heading', { level: 1 })).toContainText('Weekly review');
    await expect(admin.getByTestId('decisions')).toContainText('Incident 1 is open');
    const download = admin.waitForEvent('download');
    await admin.getByRole('link', { name: 'Markdown' }).click();
    expect((await download).suggestedFilename()).toBe('review.md');
    expect(server.command('rollout', 'review')).toContain('## Decisions due');
  });
});

test('a started plan is changed by a new revision after its difference is confirmed', async ({ admin, server, expectComplaint }) => {
  expectComplaint(/4(09|22) \((Conflict|Unprocessable)/);
  await admin.goto('/admin/rollout?confirm=start-1');
  await admin.getByLabel(REASON).fill('A trial');
  await admin.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(admin.getByTestId('reach')).toContainText('No active users in the last 30 days');
  await admin.getByRole('link', { name: 'Plan v2.0' }).click();

  const plan = admin.getByLabel('Plan (TOML)');
  const text = (await plan.inputValue()).replace('minimum_days = 3', 'minimum_days = 4');
  const look = admin.getByRole('button', { name: 'Show the difference' });
  await test.step('an error names field and line, and the typed text stays', async () => {
    await plan.fill(text.replace('percentage = 20', 'percentage = 2'));
    await look.click();
    await expect(admin.getByRole('alert')).toContainText(/^phases\[2\]\.percentage: 2 % is less.* \(line \d+, column \d+\)/);
    await expect(plan).toHaveValue(/minimum_days = 4/);
  });

  await test.step('it needs a higher revision, and a note', async () => {
    await plan.fill(text);
    await look.click();
    await admin.getByRole('button', { name: 'Import plan' }).click();
    await expect(admin.getByRole('alert')).toContainText('revision: must be higher than v2.0');
    await plan.fill(text.replace('v2.0', 'v2.1'));
    await admin.getByLabel(/^Note/).fill('One more day for the team');
    await look.click();
    const question = admin.getByRole('region', { name: 'Import this plan?' });
    await expect(question).toContainText('minimum_days');
    await question.getByRole('button', { name: 'Import plan' }).click();
    await expect(admin.getByTestId('revisions')).toContainText('v2.1');
    await expect(admin.getByTestId('revisions')).toContainText('One more day for the team');
  });

  await test.step('the form keeps invalid input', async () => {
    await admin.getByRole('link', { name: 'Edit in a form' }).click();
    const first = admin.getByRole('region', { name: 'Phase 1' });
    await expect(admin.getByLabel('Revision')).toHaveValue('v2.2');
    await first.getByLabel('Audience').fill('all of them');
    await admin.getByLabel(/^Note/).fill('The testers of the other team');
    await admin.getByRole('button', { name: 'Show the difference' }).click();
    await expect(admin.getByRole('alert')).toContainText('Phase 1, audience: write "all of them" as a share and a segment');
    await expect(first.getByLabel('Audience')).toHaveValue('all of them');
    await first.getByLabel('Audience').fill('100 % of internal\n50 % of beta_testers');
    await admin.getByRole('button', { name: 'Show the difference' }).click();
    const question = admin.getByRole('region', { name: 'Import this plan?' });
    await expect(question).toContainText('audience');
    await question.getByRole('button', { name: 'Import plan' }).click();
    await expect(admin.getByTestId('revisions')).toContainText('The testers of the other team');
  });

  await test.step('the command line says the same', async () => {
    const status = JSON.parse(server.command('rollout', 'status', '--json'));
    expect(status).toMatchObject({ revision: 'v2.2', status: 'running', phase: 1, can_advance: false });
    expect(status.gate.conditions[0]).toMatchObject({ kind: 'duration', title: 'At least 4 days', verdict: 'inconclusive' });
    expect(server.command('plan', 'export')).toContain('minimum_days = 4');
    expect(server.command('rollout', 'pause', '--reason', 'lunch')).toContain('paused');
    await admin.goto('/admin/rollout');
    await expect(admin.getByTestId('gate-answer')).toContainText('The rollout is paused');
  });
});
