//! Rebuilds when the assets change, and makes sure that there is a folder to embed: without
//! assets the server still builds, and says at its start what to run.

fn main() {
    // Failing to make the folder shows itself at once, when embedding it fails.
    let _ = std::fs::create_dir_all("../target/site");
    println!("cargo::rerun-if-changed=../target/site");
    println!("cargo::rerun-if-changed=plans");
}
