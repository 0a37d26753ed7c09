// A visit: all tabs of a site share it, and it ends after half an hour in which nothing happened.

const INACTIVITY = 1_800_000, MAX_EXPOSED = 100;

// `isNew` says whether the visitor was never here before.
const visits = (isNew) => {
  let visit = { exposed: {} };
  // Goes on with the visit, as another tab may have done, or begins one. A clock that was set back
  // ends nothing.
  const touch = () => {
    try {
      const stored = JSON.parse(read(VISIT));
      if (stored.id && stored.exposed) visit = stored;
    } catch {
      // Nothing is stored, or it is not ours.
    }
    if (!(wall() - visit.last < INACTIVITY)) visit = { id: random(), returning: !isNew, roll: Math.random(), exposed: {} };
    visit.last = wall();
    write(VISIT, JSON.stringify(visit));
    return visit;
  };
  return {
    touch,
    // Whether this is the first exposure of its kind in this visit.
    expose: (flag, variant) => {
      if (visit.exposed[flag] == variant || touch().exposed[flag] == variant) return false;
      if (flag in visit.exposed || Object.keys(visit.exposed).length < MAX_EXPOSED) visit.exposed[flag] = variant;
      write(VISIT, JSON.stringify(visit));
      return true;
    },
  };
};
