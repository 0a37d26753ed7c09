// The demo app, written as an app team would write it: it knows `window.phasegate` and
// nothing else of Phasegate.
'use strict';

const FLAGS = [
  'ENHANCED_EXERCISE_LIBRARY',
  'EXERCISE_PROGRESS_TRACKING',
  'EXERCISE_VIDEO_INTEGRATION',
  'ADVANCED_EXERCISE_FILTERING',
  'OFFLINE_EXERCISE_ACCESS',
  'PERSONALIZED_RECOMMENDATIONS',
  'WORKOUT_CUSTOMIZATION',
  'EXERCISE_SOCIAL_FEATURES',
  'AI_EXERCISE_COACHING',
];

const days = (count) => new Date(Date.now() - count * 86400000).toISOString();
const PEOPLE = {
  stranger: { attributes: { signed_up_at: days(200), last_active_at: days(2) } },
  ada: { attributes: { groups: ['beta'], signed_up_at: days(300), last_active_at: days(1) } },
  ines: { attributes: { groups: ['internal'], signed_up_at: days(900), last_active_at: days(0) } },
  paul: { attributes: { workouts_last_30_days: 22, signed_up_at: days(400), last_active_at: days(0) } },
  nora: { attributes: { signed_up_at: days(3), last_active_at: days(1) } },
  ian: { attributes: { signed_up_at: days(500), last_active_at: days(90) } },
};

const $ = (id) => document.getElementById(id);
const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
};

const asked = new URLSearchParams(location.search).get('as');
const person = PEOPLE[asked] ? asked : 'stranger';
const on = {};
const workout = [];
const sets = {};
let exercises = [];
let open = null;
const chosen = { muscle: null, level: null };

async function search(text) {
  const stop = phasegate.getPerformanceMonitor().startApiTimer('exercise_search');
  const response = await fetch('/demo/exercises.json');
  const all = await response.json();
  stop();
  const words = text.trim().toLowerCase();
  return all.filter((exercise) =>
    (!words || (exercise.name + exercise.muscle + exercise.text).toLowerCase().includes(words))
    && (!chosen.muscle || exercise.muscle == chosen.muscle)
    && (!chosen.level || exercise.level == chosen.level));
}

function card(exercise) {
  const item = element('li', '', on.ENHANCED_EXERCISE_LIBRARY ? 'card' : 'plain');
  const button = element('button', '', 'open');
  if (on.ENHANCED_EXERCISE_LIBRARY) {
    const picture = element('span', exercise.name[0], 'picture picture-' + exercise.muscle.toLowerCase());
    picture.setAttribute('aria-hidden', 'true');
    button.append(picture);
  }
  button.append(element('span', exercise.name, 'title'));
  button.append(element('span', `${exercise.muscle} · ${exercise.level} · ${exercise.minutes} min`, 'facts'));
  if (on.EXERCISE_PROGRESS_TRACKING) {
    const bar = element('progress');
    bar.max = 5;
    bar.value = sets[exercise.id] ?? 0;
    bar.setAttribute('aria-label', 'Sets this week');
    button.append(bar);
  }
  button.addEventListener('click', () => show(exercise));
  item.append(button);
  return item;
}

async function list() {
  exercises = await search($('search').value);
  const stop = phasegate.getPerformanceMonitor().startRenderTimer('exercise_list');
  $('list').replaceChildren(...exercises.map(card));
  if (!exercises.length) $('list').append(element('li', 'Nothing fits. Try fewer filters.', 'facts'));
  stop();
}

function filters() {
  const group = (name, values) => values.map((value) => {
    const chip = element('button', value, 'chip');
    chip.type = 'button';
    chip.setAttribute('aria-pressed', 'false');
    chip.addEventListener('click', () => {
      chosen[name] = chosen[name] == value ? null : value;
      phasegate.featureUsed('ADVANCED_EXERCISE_FILTERING');
      for (const other of $('filters').children) {
        other.setAttribute('aria-pressed', String(Object.values(chosen).includes(other.textContent)));
      }
      list();
    });
    return chip;
  });
  $('filters').replaceChildren(
    ...group('muscle', ['Legs', 'Back', 'Chest', 'Core', 'Shoulders', 'Arms']),
    ...group('level', ['Beginner', 'Intermediate', 'Advanced']),
  );
}

function recommendations() {
  const picks = [...exercises].sort((a, b) => a.minutes - b.minutes).slice(0, 3);
  $('recommendations').querySelector('ul').replaceChildren(...picks.map((exercise) => {
    const item = element('li');
    const button = element('button', exercise.name, 'pick');
    button.append(element('span', `${exercise.minutes} min`, 'facts'));
    button.addEventListener('click', () => {
      phasegate.featureUsed('PERSONALIZED_RECOMMENDATIONS');
      show(exercise);
    });
    item.append(button);
    return item;
  }));
}

function show(exercise) {
  open = exercise;
  phasegate.featureUsed('ENHANCED_EXERCISE_LIBRARY');
  $('detail-title').textContent = exercise.name;
  $('detail-facts').textContent = `${exercise.muscle} · ${exercise.equipment} · ${exercise.level} · ${exercise.minutes} min`;
  $('detail-text').textContent = exercise.text;
  $('coach').querySelector('span').textContent = exercise.tip;
  $('sets').value = sets[exercise.id] ?? 0;
  $('play').textContent = 'Play video';
  $('offline').textContent = localStorage.getItem('offline.' + exercise.id) ? 'Kept offline' : 'Keep offline';
  $('cheer').textContent = 'Cheer your friends on';
  $('detail').showModal();
}

function apply() {
  for (const key of FLAGS) on[key] = phasegate.isFeatureEnabled(key);
  $('filters').hidden = !on.ADVANCED_EXERCISE_FILTERING;
  $('video').hidden = !on.EXERCISE_VIDEO_INTEGRATION;
  $('recommendations').hidden = !on.PERSONALIZED_RECOMMENDATIONS;
  $('progress').hidden = !on.EXERCISE_PROGRESS_TRACKING;
  $('cheer').hidden = !on.EXERCISE_SOCIAL_FEATURES;
  $('coach').hidden = !on.AI_EXERCISE_COACHING;
  $('offline').hidden = !on.OFFLINE_EXERCISE_ACCESS;
  $('workout').hidden = $('add').hidden = !on.WORKOUT_CUSTOMIZATION;
  const phase = phasegate.getCurrentPhase();
  $('phase').textContent = phase
    ? `Current phase: ${phase.number}, ${phase.name} (${phase.percentage} %)`
    : 'Current phase: the rollout has not started';
  $('flags').replaceChildren(...FLAGS.map((key) => {
    const item = element('li', '', on[key] ? 'flag is-on' : 'flag');
    item.append(element('code', key), element('span', on[key] ? 'on' : 'off'));
    return item;
  }));
}

function wire() {
  $('as').value = person;
  $('as').addEventListener('change', () => $('as').form.submit());
  $('search').addEventListener('input', list);
  $('play').addEventListener('click', () => {
    phasegate.featureUsed('EXERCISE_VIDEO_INTEGRATION');
    $('play').textContent = 'Playing …';
  });
  $('log').addEventListener('click', () => {
    sets[open.id] = Math.min((sets[open.id] ?? 0) + 1, 5);
    $('sets').value = sets[open.id];
    phasegate.featureUsed('EXERCISE_PROGRESS_TRACKING');
    phasegate.track('set_logged');
    list();
  });
  $('add').addEventListener('click', () => {
    workout.push(open.name);
    $('workout-empty').hidden = true;
    $('workout-list').append(element('li', open.name));
    phasegate.featureUsed('WORKOUT_CUSTOMIZATION');
  });
  $('offline').addEventListener('click', () => {
    localStorage.setItem('offline.' + open.id, JSON.stringify(open));
    $('offline').textContent = 'Kept offline';
    phasegate.featureUsed('OFFLINE_EXERCISE_ACCESS');
  });
  $('cheer').addEventListener('click', () => {
    $('cheer').textContent = 'Cheered!';
    phasegate.featureUsed('EXERCISE_SOCIAL_FEATURES');
  });
  $('throw').addEventListener('click', () => {
    throw new Error('The demo threw this error');
  });
  $('capture').addEventListener('click', () => {
    phasegate.getErrorTracker().captureError(new Error('Custom error'), {
      feature: 'exercise_library',
      component: 'search_component',
    });
  });
  $('explain').addEventListener('click', () => FLAGS.forEach((key) => phasegate.explain(key)));
  $('feedback-open').addEventListener('click', () => $('feedback').showModal());
  $('feedback-form').addEventListener('submit', (event) => {
    const answers = new FormData(event.target);
    phasegate.getUserFeedback().submit({
      rating: Number(answers.get('rating')),
      message: answers.get('message'),
    });
    event.target.reset();
    $('feedback-open').textContent = 'Thank you!';
  });
}

async function main() {
  wire();
  await list();
  filters();
  await phasegate.identify(person, PEOPLE[person].attributes);
  apply();
  await list();
  recommendations();
}

main();
