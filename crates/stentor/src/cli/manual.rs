//! The manual page and the completions of shells, from the one definition of each command, flag and key.

use std::io::{self, Write as _};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::config::documented;

/// What is nowhere else: where things are, what signals do, what exit codes mean.
const REST: &str = r"
.SH ENVIRONMENT
Every key is a variable, too: \fBSTENTOR_LISTEN\fR, \fBSTENTOR_PUBLIC_IPS\fR (more than one, separated by commas) and so on. A variable overrides the file, a
flag overrides both. \fBTZ\fR says in which time zone times are read and told.
.SH FILES
In the data folder:
.TP
\fBstentor.db\fR
the events.
.TP
\fBsecret.key\fR
the key all links are made with; only this user may read it.
.TP
\fBrecordings/\fR\fISLUG\fR\fB/\fR
the programme, each speaker, and the replay.
.TP
\fBlock\fR
held by the server that uses the folder.
.SH SIGNALS
.TP
\fBSIGTERM\fR, \fBSIGINT\fR
leave; on SIGTERM listeners are given \fBdrain_s\fR seconds to find another server.
.TP
\fBSIGHUP\fR
read the configuration again: \fBrung\fR and the certificate follow it, other keys need a restart, and the log names those that have changed.
.SH EXIT STATUS
0 when done, 1 when it could not be done, 2 for a command line that is wrong.
";

/// The manual page, as roff.
///
/// # Errors
/// None: it is written to memory.
pub(super) fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    writeln!(page, ".SH COMMANDS")?;
    commands(&mut page, command, "stentor")?;
    writeln!(page, ".SH CONFIGURATION")?;
    writeln!(
        page,
        "A file of lines like \\fBlisten = \"127.0.0.1:8080\"\\fR (TOML), named with \\fB\\-\\-config\\fR."
    )?;
    for [name, about, expected, example] in documented() {
        writeln!(page, ".TP\n\\fB{name}\\fR")?;
        writeln!(
            page,
            "{} It is {}, for example {}.",
            roff(&about),
            roff(&expected),
            roff(&example)
        )?;
    }
    page.write_all(REST.trim_start().as_bytes())?;
    Ok(page)
}

/// Each command that does something, with its flags.
fn commands(page: &mut Vec<u8>, command: &Command, name: &str) -> io::Result<()> {
    for one in command
        .get_subcommands()
        .filter(|one| one.get_name() != "help")
    {
        let name = format!("{name} {}", one.get_name());
        if one.has_subcommands() {
            commands(page, one, &name)?;
            continue;
        }
        writeln!(page, ".SS {}", roff(&name))?;
        let about = one.get_about().map(ToString::to_string).unwrap_or_default();
        writeln!(page, "{}.", roff(&about))?;
        let mut options = Vec::new();
        Man::new(one.clone()).render_options_section(&mut options)?;
        let options = String::from_utf8_lossy(&options);
        let (_, options) = options.split_once(".SH OPTIONS\n").unwrap_or_default();
        page.write_all(options.as_bytes())?;
    }
    Ok(())
}

/// A text in roff: its own signs mean themselves.
fn roff(text: &str) -> String {
    let text = text
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('`', "");
    match text.strip_prefix(['.', '\'']) {
        Some(_) => format!("\\&{text}"),
        None => text,
    }
}

/// What a shell reads to complete what is typed.
pub(super) fn completions(command: &mut Command, shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "stentor", &mut script);
    script
}
