//! A `tower-sessions` store on the state store, which holds only digests of session ids.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::DateTime;
use phasegate_domain::ids::AccountId;
use phasegate_service::{
    Service,
    accounts::{
        self,
        session_keys::{ACCOUNT, EPOCH},
    },
    secrets,
};
use phasegate_store::models::{Digest, Session as StoredSession};
use tower_sessions::{
    Expiry, Session, SessionManagerLayer, SessionStore,
    cookie::{
        SameSite,
        time::{Duration, OffsetDateTime},
    },
    session::{Id, Record},
    session_store::{Error, Result},
};

use crate::http::AppState;

/// The lifetime of an unused session; [`super::require_login`] renews sessions in use.
const IDLE: Duration = Duration::days(7);

/// Returns the layer that reads and writes the session cookie.
pub(crate) fn session_layer(state: &AppState) -> SessionManagerLayer<ServiceSessions> {
    SessionManagerLayer::new(ServiceSessions { service: Arc::clone(&state.service) })
        .with_name("phasegate_session")
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(state.settings.has_secure_cookies)
        .with_expiry(Expiry::OnInactivity(IDLE))
}

/// Returns the session without its cached data, so that it is read from the store again.
pub(crate) fn reread_session(session: &Session, state: &AppState) -> Session {
    let store = ServiceSessions { service: Arc::clone(&state.service) };
    Session::new(session.id(), Arc::new(store), None)
}

/// The `tower-sessions` store, on the use cases of accounts.
#[derive(Debug, Clone)]
pub(crate) struct ServiceSessions {
    service: Arc<Service>,
}

/// Returns the digest of a session's id, which is what is stored.
pub(super) fn id_digest(id: &Id) -> Digest {
    secrets::hash_secret(&id.0.to_be_bytes())
}

fn encode_record(record: &Record) -> Result<StoredSession> {
    let number = |name| record.data.get(name).and_then(serde_json::Value::as_i64);
    let (account, epoch) = (number(ACCOUNT).map(AccountId), number(EPOCH).unwrap_or_default());
    let expires_at = DateTime::from_timestamp(record.expiry_date.unix_timestamp(), 0)
        .ok_or_else(|| Error::Encode("the end of the session is out of range".into()))?;
    let data =
        serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
    Ok(StoredSession { id: id_digest(&record.id), account, epoch, data, expires_at })
}

#[async_trait]
impl SessionStore for ServiceSessions {
    /// Does not check for collisions: ids are 128 random bits.
    async fn create(&self, record: &mut Record) -> Result<()> {
        accounts::create_session(&self.service, &encode_record(record)?)
            .await
            .map_err(|error| Error::Backend(error.to_string()))
    }

    /// Does not recreate a session that has ended in the meantime.
    async fn save(&self, record: &Record) -> Result<()> {
        accounts::save_session(&self.service, &encode_record(record)?)
            .await
            .map(drop)
            .map_err(|error| Error::Backend(error.to_string()))
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let session = accounts::load_session(&self.service, id_digest(id))
            .await
            .map_err(|error| Error::Backend(error.to_string()))?;
        let Some(session) = session else {
            return Ok(None);
        };
        let data = serde_json::from_str(&session.data)
            .map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(session.expires_at.timestamp())
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        accounts::delete_session(&self.service, id_digest(id))
            .await
            .map_err(|error| Error::Backend(error.to_string()))
    }
}
