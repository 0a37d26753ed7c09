//! Limits the number of open flag streams, in total and per address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use phasegate_service::subscriber::subscriber_address;

/// The slots of open flag streams.
#[derive(Debug, Clone)]
pub(crate) struct StreamPlaces {
    all: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A slot of an open stream; released on drop.
#[derive(Debug)]
pub(crate) struct StreamPlace {
    places: StreamPlaces,
    address: IpAddr,
}

impl StreamPlaces {
    /// Creates `all` slots. One address may take three quarters of them: a company may share one
    /// address, but must not take all.
    pub(crate) fn new(all: usize) -> Self {
        Self { all, taken: Arc::default() }
    }

    fn lock_taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a slot for a client address, or returns `None` if a limit is reached.
    pub(crate) fn take_place(&self, address: IpAddr) -> Option<StreamPlace> {
        let address = subscriber_address(address);
        let mut taken = self.lock_taken();
        let here = taken.by_address.get(&address).copied().unwrap_or_default();
        if taken.all >= self.all || here >= self.all.div_ceil(4) * 3 {
            return None;
        }
        taken.all += 1;
        taken.by_address.insert(address, here + 1);
        Some(StreamPlace { places: self.clone(), address })
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut taken = self.places.lock_taken();
        taken.all = taken.all.saturating_sub(1);
        if let Some(here) = taken.by_address.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_leaves_places_for_others() {
        let places = StreamPlaces::new(8);
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let mut from_here: Vec<_> = std::iter::from_fn(|| places.take_place(here)).collect();
        assert_eq!(from_here.len(), 6);
        let from_there: Vec<_> = std::iter::from_fn(|| places.take_place(there)).collect();
        assert_eq!(from_there.len(), 2);
        from_here.pop();
        assert!(places.take_place(there).is_some(), "what is given back is free");
        drop((from_here, from_there));
        assert!(places.lock_taken().by_address.is_empty());
    }
}
