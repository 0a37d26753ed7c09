//! The commands `phasegate export` and `phasegate import`.

use std::{
    fs,
    io::{IsTerminal, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use phasegate_domain::{audit::ImportKind, config::ImportChange};
use phasegate_service::environments::{self, FileFormat, parse_file, preview_import, write_file};

use super::local::{Local, Place, ask_confirmation, print_json, print_line};
use crate::config::decode_utf8;

/// The format of the exported file.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For reading and version control
    Toml,
    /// For other programs to read
    Json,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The file format [default: by the extension of the output, else toml]
    #[arg(long)]
    format: Option<Format>,
    /// The output file [default: standard output]
    #[arg(long, short)]
    output: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The file, TOML or JSON (- for standard input)
    file: PathBuf,
    /// Only show the difference
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Apply without asking for confirmation
    #[arg(long)]
    yes: bool,
    /// Print the difference as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// Reads a file, or standard input for `-`.
pub(super) fn read_input(path: &Path) -> anyhow::Result<String> {
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("standard input cannot be read")?;
        return decode_utf8(bytes, "standard input");
    }
    let name = path.display().to_string();
    decode_utf8(fs::read(path).with_context(|| format!("{name} cannot be read"))?, &name)
}

/// Writes a file atomically, so that the old content survives an error such as a full disk.
/// Anything but a regular file, such as a pipe, is written directly.
fn write_atomically(path: &Path, text: &str) -> std::io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return fs::write(path, text);
    }
    // Replaces the target of a symbolic link, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let mode = fs::metadata(&path).map(|found| found.permissions());
    let written = fs::write(&partial, text)
        .and_then(|()| mode.map_or(Ok(()), |mode| fs::set_permissions(&partial, mode)))
        .and_then(|()| fs::rename(&partial, &path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}

pub(super) async fn export_to_file(args: ExportArgs) -> anyhow::Result<()> {
    let Local { service, environment, actor } = args.place.open_environment().await?;
    let file = environments::export_environment(&service, &actor, environment)?.file;
    let format = choose_format(args.format, args.output.as_deref())?;
    let text = write_file(&file, format)?;
    match args.output {
        None => print_line(text.trim_end()),
        Some(path) => write_atomically(&path, &text)
            .with_context(|| format!("{} cannot be written", path.display())),
    }
}

/// Returns the requested format, or else that of the output's extension.
fn choose_format(asked: Option<Format>, output: Option<&Path>) -> anyhow::Result<FileFormat> {
    let ending = output.and_then(Path::extension).and_then(|ending| ending.to_str());
    let ending = ending.map(str::to_ascii_lowercase);
    Ok(match (asked, ending.as_deref()) {
        (Some(Format::Json), _) | (None, Some("json")) => FileFormat::Json,
        (Some(Format::Toml), _) | (None, None | Some("toml")) => FileFormat::Toml,
        (None, Some(other)) => {
            bail!(
                "--output: .{other} is not a form of this file; name it .toml or .json, or add --format"
            )
        }
    })
}

pub(super) async fn import_from_file(args: ImportArgs) -> anyhow::Result<()> {
    let Local { service, environment, actor } = args.place.open_environment().await?;
    let file = parse_file(&read_input(&args.file)?)
        .with_context(|| format!("{} cannot be imported", args.file.display()))?;
    let preview = preview_import(&service, &actor, environment, &file)?;
    print_import_changes(&preview.changes, args.json)?;
    if args.dry_run || preview.changes.is_empty() {
        return Ok(());
    }
    if !args.yes {
        let is_asked = std::io::stdin().is_terminal() && args.file.as_os_str() != "-";
        if !is_asked {
            bail!("nothing was changed, because there is no terminal to ask; repeat it with --yes");
        }
        if !ask_confirmation("Apply these changes?")? {
            bail!("nothing was changed");
        }
    }
    environments::import_environment(&service, &actor, environment, &file, Some(&preview.based_on))
        .await?;
    if !args.json {
        print_line("Imported.")?;
    }
    Ok(())
}

fn print_import_changes(changes: &[ImportChange], json: bool) -> anyhow::Result<()> {
    if json {
        return print_json(&changes);
    }
    if changes.is_empty() {
        return print_line("No changes: the file matches the environment.");
    }
    for change in changes {
        let sign = match change.what {
            ImportKind::Create => '+',
            ImportKind::Change => '~',
            ImportKind::Delete => '-',
        };
        let is_shared = change.is_shared();
        let reach = if is_shared { " (in all environments)" } else { "" };
        print_line(&format!("{sign} {} {}{reach}", change.kind.display_name(), change.key))?;
        if change.what == ImportKind::Change {
            for field in &change.fields {
                print_line(&format!("    {field}"))?;
            }
        }
    }
    Ok(())
}
