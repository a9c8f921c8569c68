//! What `gmm` makes of the tables and models that it is given: read once, and by the names of their columns.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::process::{Output, Stdio};

use shipped::with_model;
use trial::Trial;

mod shipped;

/// Runs the program with a text on standard input.
fn fed(folder: &Trial, args: &[&str], text: &str) -> Output {
    let mut command = folder.command();
    command.args(args).stdin(Stdio::piped());
    let (out, err) = (Stdio::piped(), Stdio::piped());
    let mut child = command.stdout(out).stderr(err).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    child.wait_with_output().unwrap()
}

#[test]
fn tables_that_can_be_read_but_once_are_read_whole() {
    let folder = with_model();
    let text = folder.read("faithful.csv");
    for args in [
        &["describe", "two.json"][..],
        &["compare", "two.json", "two.json"],
        &["plot", "two.json", "--out", "a.png"],
    ] {
        let whole = folder.said(&[args, &["faithful.csv"]].concat());
        let piped = fed(&folder, &[args, &["-"]].concat(), &text);
        assert!(piped.status.success(), "{args:?}: {piped:?}");
        let said = String::from_utf8(piped.stdout).unwrap();
        let said = said.replace("standard input", "faithful.csv");
        assert_eq!(said, whole, "{args:?}");
        #[cfg(unix)]
        {
            let piped = fed(&folder, &[args, &["/dev/stdin"]].concat(), &text);
            assert!(piped.status.success(), "{args:?}: {piped:?}");
        }
    }
    #[cfg(unix)]
    {
        let args = ["plot", "/dev/stdin", "-k", "1", "--out", "a.png"];
        let piped = fed(&folder, &args, &text);
        let said = String::from_utf8(piped.stdout).unwrap();
        assert!(said.contains("272 rows of eruptions, waiting"), "{said}");
    }
}
