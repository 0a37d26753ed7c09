//! `/api/v1/projects/{project}/environments`

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use phasegate_domain::{
    ids::{EnvironmentKey, ProjectKey},
    people::Role,
};
use phasegate_service::environments::create;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::{Named, Sent, caller};
use crate::http::{AppState, Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_environments, create_environment))
}

/// One deployment of an app.
#[derive(Debug, Serialize, ToSchema)]
struct Environment {
    /// Its project.
    project: ProjectKey,
    /// Its key.
    key: EnvironmentKey,
    /// What people call it.
    name: String,
}

/// What an environment's maker says about it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewEnvironment {
    /// Its key, such as `staging`.
    key: EnvironmentKey,
    /// What people call it; the key if left out.
    #[serde(default)]
    name: String,
}

#[derive(Debug, Deserialize)]
struct ProjectPath {
    project: String,
}

fn of_project(state: &AppState, project: &str) -> Vec<Environment> {
    let all = state.service.environments();
    let own = all.iter().map(|live| &live.environment).filter(|e| e.project.as_str() == project);
    own.map(|environment| Environment {
        project: environment.project.clone(),
        key: environment.key.clone(),
        name: environment.name.clone(),
    })
    .collect()
}

/// All environments of a project, oldest first.
#[utoipa::path(get, path = "/api/v1/projects/{project}/environments", tag = "environments",
    params(("project" = String, Path)),
    responses((status = 200, body = Vec<Environment>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn list_environments(
    State(state): State<AppState>,
    headers: HeaderMap,
    Named(path): Named<ProjectPath>,
) -> Result<Json<Vec<Environment>>, Problem> {
    caller(&state.service, &headers)?.actor.require(Role::Viewer)?;
    Ok(Json(of_project(&state, &path.project)))
}

/// Makes an environment, where every flag begins on and without rules; needs the scope admin.
#[utoipa::path(post, path = "/api/v1/projects/{project}/environments", tag = "environments",
    params(("project" = String, Path)), request_body = NewEnvironment,
    responses((status = 201, body = Environment), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn create_environment(
    State(state): State<AppState>,
    headers: HeaderMap,
    Named(path): Named<ProjectPath>,
    Sent(new): Sent<NewEnvironment>,
) -> Result<(StatusCode, Json<Environment>), Problem> {
    let caller = caller(&state.service, &headers)?;
    let own = state.service.environment(caller.environment)?;
    if own.environment.project.as_str() != path.project {
        let detail = "this server token is for another project";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    let (actor, beside, key) = (&caller.actor, caller.environment, new.key);
    create(&state.service, actor, beside, key.clone(), &new.name).await?;
    let made = of_project(&state, &path.project).into_iter().find(|found| found.key == key);
    let missing = || Problem::new(StatusCode::NOT_FOUND, "the environment is gone again");
    Ok((StatusCode::CREATED, Json(made.ok_or_else(missing)?)))
}
