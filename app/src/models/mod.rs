//! What live pages show, as texts and choices. The server decides and formats; the browser only
//! renders, so that it downloads neither rules nor formats.

#[cfg(feature = "ssr")]
mod build_difference;
#[cfg(feature = "ssr")]
mod build_flag;
#[cfg(feature = "ssr")]
mod build_flag_list;
#[cfg(feature = "ssr")]
mod build_incident;
#[cfg(feature = "ssr")]
mod build_previews;
#[cfg(feature = "ssr")]
mod build_rollout;
#[cfg(feature = "ssr")]
mod build_split_table;
mod bulk_act;
#[cfg(feature = "ssr")]
mod commands;
mod difference;
mod done;
pub mod drafts;
#[cfg(feature = "ssr")]
mod find_targets;
mod flag;
#[cfg(feature = "ssr")]
mod flag_code;
mod flag_list;
mod incident;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod prerequisite_graph;
mod rollout;
mod split_table;
mod target;
mod theme;

#[cfg(feature = "ssr")]
pub use self::rollout::{ChecklistGroup, GatePart, Limit, RolloutHead};
#[cfg(feature = "ssr")]
pub(crate) use self::{
    build_difference::{build_file_difference, build_plan_difference},
    build_flag::{PRODUCTION, asks_first, build_flag_page},
    build_flag_list::{ListContext, build_flag_list, describe_flag_status},
    build_incident::build_incident_page,
    build_previews::{build_flag_preview, build_segment_preview, page_of_use},
    build_rollout::{build_rollout_page, describe_reaction_time},
    build_split_table::build_split_table,
    bulk_act::parse_seen_flag,
    commands::{command_label, describe_consequences},
    find_targets::find_targets,
    pages::{Group, PAGES, list_crumbs},
};
pub use self::{
    bulk_act::BulkAct,
    difference::{Difference, DifferenceLine},
    done::{Done, Undo},
    drafts::{EditorPreview, FlagDraft, SegmentDraft},
    flag::{
        FlagHistoryLine, FlagPage, FlagSwitch, GraphEdge, GraphNode, OverrideLine,
        PrerequisiteGraph,
    },
    flag_list::{FlagFilter, FlagLine, FlagList},
    incident::{ContactLine, IncidentHead, IncidentPage, TimelineLine},
    rollout::{
        ChecklistLine, CommandChoice, FirstMinutesTable, GateLine, HistoryItem, ListedIncident,
        MinutesFlag, OpenIncident, PhaseCard, RolloutPage, Step, TickLine, VoteLine,
    },
    split_table::SplitTable,
    target::Target,
    theme::Theme,
};
