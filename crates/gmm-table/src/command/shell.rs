//! What shells and manuals want to know of `gmm`.

use gmm_cli::clap::{self, Args, CommandFactory};
use gmm_cli::{Failure, print};

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gmm completions bash > ~/.local/share/bash-completion/completions/gmm
  gmm completions zsh > ~/.zfunc/_gmm
  gmm completions fish > ~/.config/fish/completions/gmm.fish")]
pub(super) struct Completions {
    /// bash, zsh, fish, elvish or powershell
    shell: clap_complete::Shell,
}

/// Print the manual page
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gmm man | man -l -
  gmm man predict > gmm-predict.1")]
pub(super) struct Man {
    /// The command it is of [default: all of gmm]
    command: Option<String>,
}

pub(super) fn completions(task: &Completions) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(
        task.shell,
        &mut super::Commands::command(),
        "gmm",
        &mut text,
    );
    print(String::from_utf8_lossy(&text).trim_end())
}

pub(super) fn man(task: &Man) -> Result<(), Failure> {
    let mut command = super::Commands::command();
    command.build();
    if let Some(name) = &task.command {
        let found = command.find_subcommand(name).cloned();
        command = found.ok_or_else(|| Failure::Usage(format!("there is no command {name}")))?;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut text)
        .map_err(|e| Failure::of("manual page", e))?;
    print(String::from_utf8_lossy(&text).trim_end())
}
