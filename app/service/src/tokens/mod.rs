//! Management of server tokens and client keys.

mod client_keys;
mod server_tokens;
mod uses;

pub use self::{
    client_keys::{
        ClientKeyFields, create_client_key, delete_client_key, list_client_keys, read_client_key,
        save_client_key,
    },
    server_tokens::{
        NewToken, TokenFields, create_token, delete_token, list_tokens, read_token, save_token,
    },
    uses::write_token_uses,
};
