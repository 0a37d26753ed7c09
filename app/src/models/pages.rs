//! The pages of the admin, for its menu, its palette and its breadcrumbs.

/// A page that the menu leads to.
pub(crate) struct Page {
    pub(crate) path: &'static str,
    pub(crate) title: &'static str,
    /// The group in the menu: what it is for.
    pub(crate) group: Group,
    /// The path of its icon in a square of 20.
    pub(crate) icon: &'static str,
    /// The key that opens it after `g`; empty without one.
    pub(crate) key: &'static str,
    /// Other words by which the palette finds it.
    pub(crate) words: &'static str,
}

/// What a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Watch,
    Ship,
    Run,
    /// Pages below those of the menu.
    Below,
}

impl Group {
    /// The groups of the menu, in order.
    pub(crate) const MENU: [Self; 3] = [Self::Watch, Self::Ship, Self::Run];

    /// The title in the menu.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Watch => "Watch",
            Self::Ship => "Ship",
            Self::Run => "Run",
            Self::Below => "",
        }
    }
}

const fn page(
    group: Group,
    path: &'static str,
    title: &'static str,
    key: &'static str,
    words: &'static str,
    icon: &'static str,
) -> Page {
    Page { path, title, group, icon, key, words }
}

use Group::{Below, Run, Ship, Watch};

/// All pages without a key in their path.
pub(crate) const PAGES: [Page; 22] = [
    page(
        Watch,
        "/admin/dashboard",
        "Dashboard",
        "d",
        "live vitals errors",
        "M3 3h6v8H3zM11 3h6v4h-6zM11 9h6v8h-6zM3 13h6v4H3z",
    ),
    page(
        Watch,
        "/admin/alerts",
        "Alerts",
        "a",
        "firing rules",
        "M10 3a4.5 4.5 0 0 0-4.5 4.5c0 4-1.5 5-1.5 6h12c0-1-1.5-2-1.5-6A4.5 4.5 0 0 0 10 3zM8.5 16.5a1.6 1.6 0 0 0 3 0",
    ),
    page(
        Watch,
        "/admin/performance",
        "Performance",
        "p",
        "vitals lcp inp",
        "M3 15a7 7 0 1 1 14 0M10 15l4-5",
    ),
    page(
        Watch,
        "/admin/analytics",
        "Analytics",
        "y",
        "adoption retention visits",
        "M3 17h14M5 14V9M10 14V4M15 14v-3",
    ),
    page(Ship, "/admin/rollout", "Rollout", "r", "phases gate", "M3 17v-4M8 17v-7M13 17V7M17 17V3"),
    page(Ship, "/admin/flags", "Flags", "f", "switches", "M4 18V3M4 4h11l-2 4 2 4H4"),
    page(
        Ship,
        "/admin/segments",
        "Segments",
        "s",
        "audience",
        "M10 3a7 7 0 1 0 7 7h-7zM13 3a7 7 0 0 1 4 4h-4z",
    ),
    page(
        Ship,
        "/admin/debugger",
        "Debugger",
        "b",
        "evaluate explain user",
        "M9 3a6 6 0 1 0 0 12A6 6 0 0 0 9 3zM13.5 13.5L18 18",
    ),
    page(
        Run,
        "/admin/audit",
        "Audit",
        "u",
        "log changes history",
        "M5 3h10v14H5zM8 7h4M8 10h4M8 13h2",
    ),
    page(
        Run,
        "/admin/install",
        "Install",
        "i",
        "snippet collector sdk",
        "M10 3v9M6 9l4 4 4-4M4 17h12",
    ),
    page(
        Run,
        "/admin/settings",
        "Settings",
        "t",
        "keys tokens environments retention",
        "M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4",
    ),
    page(Below, "/admin/rollout/emergency", "Roll back", "", "emergency kill", ""),
    page(Below, "/admin/rollout/new", "New rollout", "", "create template canary ring", ""),
    page(Below, "/admin/rollout/plan", "Plan", "", "toml import export", ""),
    page(Below, "/admin/rollout/plan/edit", "Edit the plan", "", "phases criteria", ""),
    page(Below, "/admin/rollout/review", "Weekly review", "", "decisions", ""),
    page(Below, "/admin/flags/new", "New flag", "", "create", ""),
    page(Below, "/admin/segments/new", "New segment", "", "create", ""),
    page(Below, "/admin/settings/accounts", "Accounts", "", "invite roles password people", ""),
    page(Below, "/admin/settings/files", "Environment file", "", "export import", ""),
    page(Below, "/admin/settings/user-data", "User data", "", "erase export privacy", ""),
    page(Below, "/admin/account", "Your account", "", "password sessions", ""),
];

/// A part of the way to a page: its title, and its address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crumb {
    pub(crate) title: String,
    pub(crate) path: String,
}

/// Returns the way to a page below one of the menu; empty for a page of the menu.
pub(crate) fn list_crumbs(path: &str) -> Vec<Crumb> {
    let mut crumbs = Vec::new();
    for (end, _) in path.match_indices('/').skip(2).chain([(path.len(), "")]) {
        let part = path.get(..end).unwrap_or(path);
        let known = PAGES.iter().find(|page| page.path == part);
        let title = match (known, part.rsplit('/').next().unwrap_or_default()) {
            (Some(page), _) => page.title.to_owned(),
            (None, "edit") => "Edit".to_owned(),
            (None, "incident") => "Incident".to_owned(),
            (None, key) => key.to_owned(),
        };
        crumbs.push(Crumb { title, path: part.to_owned() });
    }
    if crumbs.len() < 2 { Vec::new() } else { crumbs }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crumbs_lead_to_pages_below_the_menu() {
        let titles = |path| -> Vec<String> {
            list_crumbs(path).into_iter().map(|crumb| crumb.title).collect()
        };
        assert_eq!(titles("/admin/flags"), [""; 0]);
        assert_eq!(titles("/admin/flags/NEW_UI/edit"), ["Flags", "NEW_UI", "Edit"]);
        assert_eq!(titles("/admin/rollout/plan/edit"), ["Rollout", "Plan", "Edit the plan"]);
        assert_eq!(list_crumbs("/admin/flags/A")[0].path, "/admin/flags");
    }

    #[test]
    fn each_page_of_the_menu_has_its_own_key() {
        let mut keys: Vec<_> =
            PAGES.iter().map(|page| page.key).filter(|key| !key.is_empty()).collect();
        keys.sort_unstable();
        let count = keys.len();
        keys.dedup();
        assert_eq!((keys.len(), count), (11, 11));
    }
}
