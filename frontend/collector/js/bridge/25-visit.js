// A visit: all tabs of a site share it, and it ends after half an hour in which nothing happened.

const INACTIVITY = 1_800_000, MAX_EXPOSED = 100;

// `isNew` says whether the visitor was never here before; `onBegin` is told of each new visit.
const visits = (isNew, onBegin) => {
  let visit = { exposed: {}, said: [] };
  // Goes on with the visit, as another tab may have done, or begins one. Only what the visitor does
  // keeps it alive, not what the page does by itself. A clock that was set back ends nothing.
  const touch = (isActive) => {
    try {
      const stored = JSON.parse(read(VISIT));
      if (stored.id && stored.exposed && stored.said) visit = stored;
    } catch {
      // Nothing is stored, or it is not ours.
    }
    const isOver = !(wall() - visit.last < INACTIVITY);
    if (isOver) visit = { id: random(), returning: !isNew, roll: Math.random(), exposed: {}, said: [] };
    if (isOver || isActive) {
      visit.last = wall();
      write(VISIT, JSON.stringify(visit));
    }
    if (isOver) onBegin();
    return visit;
  };
  return {
    touch,
    // Whether this is the first exposure of its kind in this visit.
    expose: (flag, variant) => {
      const kind = flag + ' ' + variant;
      if (visit.said.includes(kind) || touch().said.includes(kind) || visit.said.length >= MAX_EXPOSED) return false;
      visit.said.push(kind);
      visit.exposed[flag] = variant;
      write(VISIT, JSON.stringify(visit));
      return true;
    },
  };
};
