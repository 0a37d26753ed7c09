//! Management of server tokens and client keys.

mod client_keys;
mod server_tokens;
mod uses;

pub use self::{
    client_keys::{
        ClientKeyFields, client_key, client_keys, create_client_key, delete_client_key,
        save_client_key,
    },
    server_tokens::{NewToken, TokenFields, create_token, delete_token, save_token, token, tokens},
    uses::write_uses,
};
