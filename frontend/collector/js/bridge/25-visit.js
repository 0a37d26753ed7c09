// A visit is shared by all tabs of a site and ends after 30 minutes of inactivity.

const INACTIVITY = 1_800_000, MAX_EXPOSED = 100;

// `isNew` is true if the visitor was never here before; `onBegin` is called for each new visit.
const visits = (isNew, onBegin) => {
  let visit = { exposed: {}, said: [] };
  // Continues the visit that is stored, possibly by another tab, or begins one. Only activity of
  // the visitor extends it, not activity of the page. Setting the clock back does not end it.
  const touch = (isActive) => {
    try {
      const stored = JSON.parse(read(VISIT));
      if (stored.id && stored.exposed && stored.said) visit = stored;
    } catch {
      // Nothing is stored, or it has another format.
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
    // Returns whether this is the first exposure of its kind in this visit.
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
